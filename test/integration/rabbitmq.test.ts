import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startHealer, type HealLine, type HealerProcess } from "../support/healer.ts";
import { startPm2, type RealPm2 } from "../support/real-pm2.ts";
import { createRabbitmq, hasRabbitmq, type RealRabbitmq } from "../support/real-rabbitmq.ts";
import { until } from "../support/until.ts";
import { Apps } from "./apps.ts";
import { instanceOf, nowIso, SHORT_KNOBS } from "./stage.ts";

// Workers of RabbitMQ under a real PM2, a real RabbitMQ that counts every five seconds as it does unless told otherwise, and healer as
// an operator runs it. Who adds tasks does so over the management API, which counts as well.

const APPS = { failing: 2, stuck: 1 } as const;
type App = keyof typeof APPS;
const NAMES = Object.keys(APPS) as App[];
const DEAD: Readonly<Partial<Record<App, string>>> = { failing: "failing.dead" };
const LATER = "later"; // a queue that is not there at first, and belongs to nobody
const mayRun = hasRabbitmq || process.env["CI"] !== undefined; // the gate installs it, and is red without

let rabbitmq: RealRabbitmq;
let pm2: RealPm2;
let healer: HealerProcess;
let apps: Apps;
let producer: NodeJS.Timeout;

beforeAll(async () => {
  if (!mayRun) return;
  rabbitmq = await createRabbitmq();
  await rabbitmq.start();
  pm2 = await startPm2();
  for (const app of NAMES) {
    const dead = DEAD[app];
    if (dead !== undefined) await declare(dead);
    await declare(app, dead === undefined ? {} : { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead });
    const env = { QUEUE_NAME: app, AMQP_URL: rabbitmq.amqpUrl };
    await pm2.start({ name: app, script: "rabbitmq-worker.mjs", exec_mode: "fork", instances: APPS[app], env });
  }
  producer = setInterval(() => NAMES.forEach((app) => void publish(app).catch(() => null)), 150);
  healer = await startHealer({ pm2Home: pm2.home, yaml: configuration() });
  apps = new Apps(pm2, healer);
}, 120_000);

afterAll(async () => {
  clearInterval(producer);
  await healer?.dispose();
  await pm2?.dispose();
  await rabbitmq?.dispose();
}, 60_000);

async function ask(method: string, path: string, body: unknown): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${rabbitmq.username}:${rabbitmq.password}`).toString("base64")}`;
  const headers = { authorization, "content-type": "application/json" };
  const { ok, status } = await fetch(`${rabbitmq.url}/api${path}`, { method, headers, body: JSON.stringify(body) });
  if (!ok) throw new Error(`${method} ${path}: HTTP ${status}`);
}

function declare(queue: string, queueArguments: object = {}): Promise<void> {
  return ask("PUT", `/queues/%2F/${queue}`, { durable: true, arguments: queueArguments });
}

function publish(queue: string): Promise<void> {
  const message = { properties: { delivery_mode: 2 }, routing_key: queue, payload: "{}", payload_encoding: "string" };
  return ask("POST", "/exchanges/%2F/amq.default/publish", message);
}

function configuration(): string {
  const { url, username, password } = rabbitmq;
  const queueOf = (queue: string, dead?: string) =>
    [
      queue,
      { type: "rabbitmq", url, queue, username, password, every: "1s", ...(dead === undefined ? {} : { dead_letter_queue: dead }) },
    ] as const;
  const strategy = (app: string) => ({ name: app, match: { app }, queue: app, rules: [{ rule: "queue-stalled", for: "15s" }] });
  return stringify({
    version: 1,
    mode: "heal",
    interval: "1s",
    defaults: SHORT_KNOBS,
    queues: Object.fromEntries([...NAMES.map((app) => queueOf(app, DEAD[app])), queueOf(LATER)]),
    strategies: [...NAMES, LATER].map(strategy),
    api: false,
  });
}

function waitForSensor(queue: string, event: "sensor_blind" | "sensor_back", since = ""): Promise<HealLine> {
  return healer.waitFor((line) => line.ts >= since && line.event === event && line["sensor"] === `queue:${queue}`, { deadlineMs: 100_000 });
}

describe.skipIf(!mayRun)("workers of RabbitMQ (needs Debian's package rabbitmq-server)", { timeout: 180_000 }, () => {
  describe.concurrent("while RabbitMQ is there", () => {
    test("that reject their tasks are healed as a group, one after the other, and recover", async () => {
      await apps.atWork("failing");
      expect(await apps.countedOf("failing")).toMatchObject({ failed: 0 });
      const onset = nowIso();
      await apps.signalAll("failing", "SIGUSR2");
      expect(await apps.waitFor("failing", "heal_intent", onset)).toMatchObject({ target: "failing", rule: "success-rate" });
      expect(await apps.waitFor("failing", "heal_verdict", onset)).toMatchObject({ target: "failing", verdict: "recovered" });
      for (const row of await apps.rows("failing")) expect(row.restarts, `failing:${instanceOf(row)}`).toBe(1);
    });

    test("of which the only one acknowledges nothing finish nothing while tasks wait: a stall, also where no outcome is known", async () => {
      await apps.graceOver("stuck");
      const onset = nowIso();
      await apps.signalAll("stuck", "SIGUSR1");
      expect(await apps.waitFor("stuck", "heal_intent", onset)).toMatchObject({ target: "stuck", rule: "queue-stalled" });
      expect(await apps.waitFor("stuck", "heal_verdict", onset)).toMatchObject({ target: "stuck", verdict: "recovered" });
      expect((await apps.rows("stuck")).map(({ restarts }) => restarts)).toEqual([1]);
      expect(await apps.countedOf("stuck"), "no dead-letter queue, no outcomes").toEqual({ ok: 0, failed: 0 });
    });

    test("a queue that is not there is told at once, and it is seen when it is declared", async () => {
      expect((await waitForSensor(LATER, "sensor_blind")).reason).toContain(`queue ${LATER} in /: there is no such queue`);
      await declare(LATER);
      await waitForSensor(LATER, "sensor_back");
    });
  });

  test("whose RabbitMQ goes away are left alone: healer says that it is blind, and that it sees again", async () => {
    const gone = nowIso();
    await rabbitmq.stop();
    for (const app of NAMES) expect((await waitForSensor(app, "sensor_blind", gone)).reason).toContain("connection refused");
    const counted = await apps.countedOf("failing");
    await rabbitmq.start();
    for (const app of NAMES) await waitForSensor(app, "sensor_back", gone);
    await until(async () => (await apps.countedOf("failing")).ok > counted.ok + 10, "tasks after it", 60_000);
    expect(await apps.countedOf("failing")).toMatchObject({ failed: counted.failed });
    expect(healer.lines().filter(({ ts, event }) => ts >= gone && event === "heal_intent")).toEqual([]);
  });

  test("are watched with a password that stands in no file of healer's", async () => {
    await healer.stop();
    const files = readdirSync(healer.home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const holding = files.filter(({ parentPath, name }) => readFileSync(join(parentPath, name)).includes("hunter2"));
    expect([files.length > 1, holding.map(({ name }) => name)]).toEqual([true, []]);
  });
});
