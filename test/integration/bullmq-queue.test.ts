import { Queue, Worker, type Job } from "bullmq";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Observation } from "../../src/core/observation.ts";
import { bullmqQueue } from "../../src/sensors/bullmq-queue.ts";
import { serveTcp } from "../support/http-server.ts";
import { kindsIn, tasksIn } from "../support/queue-stage.ts";
import { connectRedis, createRedis, hasRedis, type RealRedis } from "../support/real-redis.ts";
import { until } from "../support/until.ts";
import { sensorContext, watchedWorkers } from "../support/watched-worker.ts";

const mayRun = hasRedis || process.env["CI"] !== undefined; // the gate installs it, and is red without

/** Everything a client may say that changes what Redis keeps. SCRIPT and EVAL are judged by what they call. */
const READS =
  /^(hello|auth|client|select|ping|info|lindex|llen|lrange|get|hgetall|hget|hmget|hlen|hexists|scard|exists|zcard|zcount|zrange|xrange|xrevrange|xread|eval|evalsha)$/i;

let redis: RealRedis;
let admin: Redis;
let queue: Queue;
const ends: (() => Promise<unknown> | void)[] = [];

beforeEach(async () => {
  redis = await createRedis();
  await redis.start();
  admin = connectRedis(redis);
  queue = new Queue("emails", { connection: connectionOf() });
  await queue.waitUntilReady();
});

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await queue.close();
  admin.disconnect();
  await redis.dispose();
});

function connectionOf() {
  const { port, password } = redis;
  return { host: "127.0.0.1", port, password, maxRetriesPerRequest: null, retryStrategy: () => 50 };
}

/** The sensor of that queue; each reading is five seconds of healer's time after the one before. */
function watch(part: Readonly<Record<string, unknown>> = {}) {
  const params = bullmqQueue.params.parse({ type: "bullmq", url: redis.url, name: "emails", timeout: "2s", ...part });
  const sensor = bullmqQueue.create(params, { name: "mail", strategies: ["rpa"], intervalMs: 2_000 });
  ends.push(() => sensor.close?.());
  const context = sensorContext(watchedWorkers(2));
  const read = (afterMs = 5_000): Promise<readonly Observation[]> => {
    context.atMs += afterMs;
    return sensor.read(context);
  };
  const depth = async () => (await read()).find((each) => each.kind === "queue");
  const reason = async () => (await read()).flatMap((each) => (each.kind === "blind" ? [each.reason] : []))[0];
  return { sensor, context, read, depth, reason };
}

/** Works until the test ends; fails what is marked as bad. */
function work(name: string, options: { readonly concurrency?: number; readonly limiter?: { max: number; duration: number } } = {}): Worker {
  const handle = async (job: Job<{ bad?: boolean }>): Promise<string> => {
    if (job.data.bad === true) throw new Error("bad");
    return "fine";
  };
  const worker = new Worker(name, handle, { connection: connectionOf(), removeOnComplete: { count: 0 }, ...options });
  worker.on("error", () => undefined);
  ends.push(() => worker.close(true));
  return worker;
}

const idle = async (): Promise<boolean> => {
  const { waiting, active, delayed, prioritized } = await queue.getJobCounts();
  return waiting === 0 && active === 0 && delayed === 0 && prioritized === 0;
};

const allDone = (): Promise<void> => until(idle, "all tasks to be done");

describe.skipIf(!mayRun)("a real BullMQ on a real Redis (needs Debian's package redis-server)", () => {
  test("outcomes count once, whatever BullMQ keeps of them; a task that is tried again has none yet", async () => {
    const { read } = watch();
    await queue.addBulk([{ name: "before", data: {} }]);
    work("emails");
    await allDone();
    expect(tasksIn(await read())).toEqual({});
    await queue.addBulk([...Array.from({ length: 30 }, () => ({ name: "ok", data: {} })), { name: "bad", data: { bad: true } }]);
    await queue.add("tried twice", { bad: true }, { attempts: 2, removeOnFail: true });
    await allDone();
    expect(await queue.getJobCounts("completed", "failed")).toEqual({ completed: 0, failed: 1 });
    expect(tasksIn(await read())).toEqual({ rpa: [30, 2] });
    expect(tasksIn(await read())).toEqual({});
  });

  test("pending is what could be taken now: not what is delayed, paused, or held off", async () => {
    const { depth } = watch();
    await queue.add("waits", {});
    await queue.add("waits", {}, { priority: 5 });
    await queue.add("delayed", {}, { delay: 60_000 });
    expect(await depth()).toMatchObject({ pending: 2, running: 0 });
    await queue.pause();
    expect(await depth()).toMatchObject({ pending: 0, running: 0 });
    await queue.resume();
    expect(await depth()).toMatchObject({ pending: 2 });
    const limiter = { max: 1000, duration: 1000 };
    const worker = work("emails", { limiter });
    await until(async () => (await depth())?.pending === 0, "both to be done");
    await worker.rateLimit(60_000);
    await queue.add("held off", {});
    expect(await depth()).toMatchObject({ pending: 0 });
    expect(await queue.getWaitingCount(), "it waits all the same").toBe(1);
    await queue.removeRateLimitKey();
    expect(await depth()).toMatchObject({ pending: 1 });
  });

  test("what runs is seen as it is taken", async () => {
    const { depth } = watch();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const worker = new Worker("emails", () => held, { connection: connectionOf(), concurrency: 2 });
    ends.push(() => worker.close(true));
    await queue.addBulk(Array.from({ length: 3 }, () => ({ name: "long", data: {} })));
    await until(async () => (await depth())?.running === 2, "two to run");
    expect(await depth()).toMatchObject({ pending: 1, running: 2 });
    release();
    await allDone();
  });

  test("the age is of the task that is next, and known only of one that nobody has had yet", async () => {
    const { depth } = watch();
    await queue.add("old", {}, { timestamp: Date.now() - 90_000 });
    await queue.add("young", {});
    expect((await depth())?.oldestMs).toBeGreaterThanOrEqual(90_000);
    expect((await depth())?.oldestMs).toBeLessThan(120_000);
    await queue.drain();
    expect(await depth()).not.toHaveProperty("oldestMs");
    await queue.add("was delayed", {}, { timestamp: Date.now() - 90_000, delay: 89_000 });
    await until(async () => (await queue.getDelayedCount()) === 1, "its delay");
    await (await queue.getDelayed())[0]?.promote();
    expect((await depth())?.oldestMs, "since its delay was over").toBeLessThan(30_000);
    await queue.drain();
    const worker = work("emails");
    await queue.add("fails", { bad: true }, { attempts: 2, backoff: 50, timestamp: Date.now() - 90_000 });
    worker.once("failed", () => void worker.pause(true));
    await until(async () => (await queue.getDelayedCount()) + (await queue.getWaitingCount()) === 1, "its first failure");
    await until(async () => worker.isPaused(), "the worker to stop");
    for (const job of await queue.getDelayed()) await job.promote();
    expect(await depth(), "of a retry nobody knows").toMatchObject({ pending: 1 });
    expect(await depth()).not.toHaveProperty("oldestMs");
  });

  test("nothing is written: neither by a look, nor by scripts that it calls", async () => {
    const { read, sensor } = watch();
    await queue.addBulk(Array.from({ length: 3 }, (_, index) => ({ name: "waits", data: {}, opts: { priority: index } })));
    await queue.add("delayed", {}, { delay: 60_000 });
    const monitor = await admin.monitor();
    ends.push(() => monitor.disconnect());
    const said: string[] = [];
    monitor.on("monitor", (_time: string, [command = ""]: string[]) => said.push(command));
    for (let reading = 0; reading < 3; reading++) expect(kindsIn(await read())).toContain("queue");
    sensor.close?.();
    await until(() => said.filter((command) => /^xrevrange$/i.test(command)).length === 3, "all three looks to be seen");
    expect(said.filter((command) => !READS.test(command))).toEqual([]);
    expect(await admin.hget(queue.toKey("meta"), "opts.maxLenEvents"), "what the user's own queue wrote").toBe("10000");
  });

  test("a user who may only read, and call scripts, suffices", async () => {
    await admin.call("ACL", "SETUSER", "healer", "on", ">pw", "resetkeys", "~bull:*", "+@read", "+@connection", "+eval", "+evalsha");
    const { depth } = watch({ url: `redis://healer:pw@127.0.0.1:${redis.port}` });
    await queue.add("waits", {});
    expect(await depth()).toMatchObject({ pending: 1 });
  });

  test("FLUSHALL and an obliterated queue are no outcomes, and what comes after them counts", async () => {
    const { read } = watch();
    await queue.add("waits", {});
    await read();
    work("emails");
    await allDone();
    expect(tasksIn(await read())).toEqual({ rpa: [1, 0] });
    await admin.flushall();
    expect(await read(), "a moment is no news").toEqual([]);
    const [blind] = await read(60_000);
    expect(blind).toMatchObject({ kind: "blind", reason: expect.stringMatching(/bull:emails: there is no such queue/) as string });
    await queue.add("bad", { bad: true });
    await allDone();
    expect(kindsIn(await read())).toEqual(["sight", "queue", "running"]);
    await queue.obliterate({ force: true });
    await queue.add("ok", {});
    await allDone();
    expect(tasksIn(await read())).toEqual({ rpa: [1, 0] });
  });

  test("while Redis is away nothing is said for a minute, then why; when it is back, nothing of it is held against anybody", async () => {
    const { read } = watch();
    await queue.add("waits", {});
    await read();
    await redis.stop();
    expect(await read()).toEqual([]);
    const place = `redis://127.0.0.1:${redis.port} bull:emails`;
    expect(await read(60_000)).toMatchObject([{ kind: "blind", sensor: "queue:mail", reason: `${place}: connection refused` }]);
    await redis.start();
    await until(() => queue.add("again", { bad: true }).then(Boolean), "the queue to be there again");
    work("emails");
    await allDone();
    expect(kindsIn(await read())).toEqual(["sight", "queue", "running"]);
    await queue.add("ok", {});
    await allDone();
    expect(tasksIn(await read())).toEqual({ rpa: [1, 0] });
  });

  test("there is one connection, however often it is read or fails, and none once it is closed", async () => {
    const { read, sensor } = watch();
    const ours = async (): Promise<number> => String(await admin.client("LIST")).split("name=healer ").length - 1;
    await queue.add("waits", {});
    for (let reading = 0; reading < 20; reading++) await read();
    expect(await ours()).toBe(1);
    for (let failed = 0; failed < 20; failed++) {
      const id = /id=(\d+) [^\n]*name=healer /.exec(String(await admin.client("LIST")))?.[1];
      await admin.client("KILL", "ID", Number(id));
      await read();
      await read();
    }
    expect(await ours()).toBe(1);
    sensor.close?.();
    await until(async () => (await ours()) === 0, "the connection to be closed");
    await read();
    expect(await ours(), "it stays closed").toBe(0);
  });

  const REFUSED: readonly (readonly [what: string, url: () => string, reason: RegExp])[] = [
    ["a wrong password", () => `redis://:hunter3@127.0.0.1:${redis.port}`, /Redis says: WRONGPASS/],
    ["no password", () => `redis://127.0.0.1:${redis.port}`, /Redis says: NOAUTH/],
    ["a database that is not there", () => `${redis.url}/9999`, /Redis says: ERR DB index is out of range/],
    ["another database", () => `${redis.url}/3`, /there is no such queue/],
  ];
  test.each(REFUSED)("%s is told at once, without the password", async (_, url, expected) => {
    const reason = (await watch({ url: url() }).reason()) ?? "";
    expect(reason).toMatch(expected);
    expect(reason).not.toContain("hunter");
  });

  test("a queue whose key is something else is told in Redis' words", async () => {
    await admin.set("bull:odd:events", "text");
    expect(await watch({ name: "odd" }).reason()).toMatch(/Redis says: WRONGTYPE/);
  });

  test("a queue of BullMQ 4 is refused before anything of it is taken away", async () => {
    await admin.lpush("bull:old:wait", "0:0", "1", "2");
    await admin.rpush("bull:old:wait", "0:0");
    expect(await watch({ name: "old" }).reason()).toMatch(/BullMQ 4 or older/);
    expect(await admin.llen("bull:old:wait")).toBe(4);
  });

  test("a server that never answers costs its time and no more, and one that is not Redis is told", async () => {
    const silent = await serveTcp((socket) => void socket.resume());
    const web = await serveTcp((socket) => void socket.on("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")));
    ends.push(silent.close, web.close);
    const mute = watch({ url: `redis://:hunter2@127.0.0.1:${silent.port}`, timeout: "300ms" });
    expect(await mute.reason()).toMatch(/bull:emails: no answer in 300 ms$/);
    await until(() => silent.connections() === 0, "the connection to be given up");
    expect(await watch({ url: `redis://127.0.0.1:${web.port}` }).reason()).toMatch(/bull:emails: /);
    const stopped = watch({ url: `redis://127.0.0.1:${silent.port}`, timeout: "30s" });
    const reading = stopped.read();
    await until(() => silent.connections() === 1, "it to be asked");
    stopped.context.stop.abort();
    expect(kindsIn(await reading)).toEqual(["blind"]);
    await until(() => silent.connections() === 0, "the reading to be stopped");
  });
});
