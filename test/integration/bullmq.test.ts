import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Queue } from "bullmq";
import { stringify } from "yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startHealer, type HealLine, type HealerProcess } from "../support/healer.ts";
import { startPm2, type RealPm2 } from "../support/real-pm2.ts";
import { connectRedis, createRedis, hasRedis, type RealRedis } from "../support/real-redis.ts";
import { until } from "../support/until.ts";
import { Apps } from "./apps.ts";
import { instanceOf, nowIso, pause, SHORT_KNOBS } from "./stage.ts";

// Workers of BullMQ under a real PM2, a real Redis between them and whoever adds tasks, and healer as an operator runs it.

const APPS = { failing: 2, stopped: 1, killed: 1 } as const;
type App = keyof typeof APPS;
const NAMES = Object.keys(APPS) as App[];
const TASKS_OF_KILLED = 200; // ten seconds of work
const mayRun = hasRedis || process.env["CI"] !== undefined; // the gate installs it, and is red without

let redis: RealRedis;
let pm2: RealPm2;
let healer: HealerProcess;
let apps: Apps;
let queues: Readonly<Record<App, Queue>>;
let producer: NodeJS.Timeout;

beforeAll(async () => {
  if (!mayRun) return;
  redis = await createRedis();
  await redis.start();
  queues = Object.fromEntries(NAMES.map((app) => [app, queueOf(app)])) as Record<App, Queue>;
  await Promise.all(NAMES.map((app) => queues[app].waitUntilReady()));
  pm2 = await startPm2();
  for (const app of NAMES) {
    const env = { QUEUE_NAME: app, REDIS_URL: redis.url };
    await pm2.start({ name: app, script: "bullmq-worker.mjs", exec_mode: "fork", instances: APPS[app], env });
  }
  producer = setInterval(() => (["failing", "stopped"] as const).forEach((app) => void queues[app].add("task", {}).catch(() => null)), 100);
  healer = await startHealer({ pm2Home: pm2.home, yaml: configuration(NAMES) });
  apps = new Apps(pm2, healer);
}, 90_000);

afterAll(async () => {
  clearInterval(producer);
  await healer?.dispose();
  await pm2?.dispose();
  await Promise.all(Object.values(queues ?? {}).map((queue) => queue.close()));
  await redis?.dispose();
}, 60_000);

/** It adds a task or fails at once, and keeps none for later. */
function queueOf(app: App): Queue {
  const { port, password } = redis;
  const retryStrategy = (): number => 100;
  const queue = new Queue(app, { connection: { host: "127.0.0.1", port, password, enableOfflineQueue: false, retryStrategy } });
  queue.on("error", () => undefined); // Redis is away at times
  return queue;
}

function configuration(watched: readonly App[]): string {
  const queueBlock = (app: App) => [app, { type: "bullmq", url: redis.url, name: app, every: "1s", timeout: "2s" }] as const;
  return stringify({
    version: 1,
    mode: "heal",
    interval: "1s",
    defaults: SHORT_KNOBS,
    queues: Object.fromEntries(watched.map(queueBlock)),
    strategies: watched.map((app) => ({ name: app, match: { app }, queue: app, rules: [{ rule: "queue-stalled", for: "6s" }] })),
    api: false,
  });
}

async function connections(): Promise<number> {
  const admin = connectRedis(redis);
  const list = String(await admin.client("LIST"));
  admin.disconnect();
  return list.split("name=healer ").length - 1;
}

describe.skipIf(!mayRun)("workers of BullMQ (needs Debian's package redis-server)", { timeout: 120_000 }, () => {
  describe.concurrent("while Redis is there", () => {
    test("that fail their tasks are healed as a group, one after the other, and recover", async () => {
      await apps.atWork("failing");
      const onset = nowIso();
      await apps.signalAll("failing", "SIGUSR2");
      expect(await apps.waitFor("failing", "heal_intent", onset)).toMatchObject({ target: "failing", rule: "success-rate" });
      expect(await apps.waitFor("failing", "heal_verdict", onset)).toMatchObject({ target: "failing", verdict: "recovered" });
      for (const row of await apps.rows("failing")) expect(row.restarts, `failing:${instanceOf(row)}`).toBe(1);
    });

    test("of which the only one is stopped finish nothing while tasks wait, which is a stall", async () => {
      await apps.atWork("stopped");
      const onset = nowIso();
      await apps.signalAll("stopped", "SIGSTOP");
      expect(await apps.waitFor("stopped", "heal_intent", onset)).toMatchObject({ target: "stopped", rule: "queue-stalled" });
      expect(await apps.waitFor("stopped", "heal_verdict", onset)).toMatchObject({ target: "stopped", verdict: "recovered" });
    });

    test("one that is killed loses no task: each counts once, and nobody is healed for it", async () => {
      await until(async () => (await connections()) === NAMES.length, "all queues to be watched", 20_000);
      await pause(2_000);
      await queues.killed.addBulk(Array.from({ length: TASKS_OF_KILLED }, () => ({ name: "task", data: {} })));
      await until(async () => (await apps.countedOf("killed")).ok > 50, "the first tasks", 30_000);
      const onset = nowIso();
      await apps.signalAll("killed", "SIGKILL");
      await until(async () => (await apps.countedOf("killed")).ok >= TASKS_OF_KILLED, "the last task", 60_000);
      expect(await apps.countedOf("killed")).toEqual({ ok: TASKS_OF_KILLED, failed: 0 });
      expect((await apps.rows("killed")).map(({ restarts }) => restarts)).toEqual([1]);
      const since = apps.linesOf("killed").filter(({ ts }) => ts >= onset);
      expect(since.filter(({ event }) => /^heal_/.test(event))).toEqual([]);
    });
  });

  test("whose Redis goes away are left alone: healer says that it is blind, and that it sees again", async () => {
    const gone = nowIso();
    await redis.stop();
    const tells = (event: string, app: App) => (line: HealLine) =>
      line.ts >= gone && line.event === event && line["sensor"] === `queue:${app}`;
    const reason = expect.stringContaining("connection refused") as string;
    for (const app of NAMES) expect(await healer.waitFor(tells("sensor_blind", app), { deadlineMs: 90_000 })).toMatchObject({ reason });
    const counted = await apps.countedOf("failing");
    await redis.start();
    for (const app of ["failing", "stopped"] as const) await healer.waitFor(tells("sensor_back", app), { deadlineMs: 30_000 });
    await until(async () => (await apps.countedOf("failing")).ok > counted.ok + 10, "tasks after it", 30_000);
    expect(healer.lines().filter(({ ts, event }) => ts >= gone && event === "heal_intent")).toEqual([]);
  });

  test("are watched through one connection a queue, closed by an edit without it and at the end; no file holds the password", async () => {
    await until(async () => (await connections()) === NAMES.length, "a connection for each queue", 20_000);
    healer.configure(configuration(["failing", "stopped"]));
    await until(async () => (await connections()) === 2, "the third to be closed", 20_000);
    await healer.stop();
    expect(await connections()).toBe(0);
    const files = readdirSync(healer.home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const holding = files.filter(({ parentPath, name }) => readFileSync(join(parentPath, name)).includes("hunter2"));
    expect([files.length > 1, holding.map(({ name }) => name)]).toEqual([true, []]);
  });
});
