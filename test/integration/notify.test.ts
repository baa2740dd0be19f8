import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HealLine } from "../support/healer.ts";
import { alertReceiver, type AlertReceiver } from "../support/alert-receiver.ts";
import { until } from "../support/until.ts";
import { graceOver, openStage, signalWorker, type Stage } from "./stage.ts";

// A real receiver that is sick in every way while a real healer heals: each event of the heal log arrives once, or stands in
// the log as dropped; and healing does not wait for it.

const APP = "told";
const TOLD = ["daemon_start", "symptom", "heal_intent", "heal_action", "heal_verdict", "symptom_cleared", "daemon_stop"];

describe("a receiver", { timeout: 180_000 }, () => {
  let stage: Stage;
  let receiver: AlertReceiver;
  const told = (): readonly HealLine[] => stage.healer.lines().filter(({ event }) => TOLD.includes(event));
  const written = (): readonly string[] => told().map(({ ts, event, target }) => `${ts} ${event} ${target}`);
  const arrived = (): readonly string[] => receiver.events().map(({ body, event, target }) => `${String(body["ts"])} ${event} ${target}`);
  const allArrived = (): Promise<void> => until(() => arrived().length === written().length, "every line to arrive", 60_000);

  beforeAll(async () => {
    receiver = await alertReceiver();
    const channel = { type: "webhook", url: receiver.url, on: TOLD, group: 0, max_per_hour: 3_600 };
    const strategy = { rules: [{ rule: "frozen", for: "2s" }] };
    stage = await openStage([{ app: APP, workers: { script: "idle.mjs" }, strategy }], { top: { notify: [channel] } });
    await graceOver(stage, APP);
  }, 60_000);

  afterAll(async () => {
    await stage?.dispose();
    await receiver?.goDown();
  }, 60_000);

  async function healOnce(): Promise<HealLine> {
    const since = new Date().toISOString();
    await signalWorker(stage, APP, "SIGSTOP");
    return stage.waitFor(APP, ({ event, verdict }) => event === "heal_verdict" && verdict === "recovered", 60_000, since);
  }

  test("that is well hears everything, in order", async () => {
    await healOnce();
    await allArrived();
    expect(arrived()).toEqual(written());
  });

  test("that hangs delays no heal, and hears of it when it is well again", async () => {
    receiver.mood = "hangs";
    await healOnce();
    expect(arrived().length).toBeLessThan(written().length);
    receiver.mood = "well";
    await allArrived();
    expect(arrived()).toEqual(written());
  });

  test("that answers 500 for a while hears each event once", async () => {
    receiver.mood = "answers 500";
    const before = receiver.requests;
    await healOnce();
    await until(() => receiver.requests >= before + 3, "some attempts");
    receiver.mood = "well";
    await allArrived();
    expect(arrived()).toEqual(written());
  });

  test.each(["SIGKILL", "SIGTERM"] as const)(
    "that is down while healer ends by %s and starts again hears everything from the next one",
    async (how) => {
      await receiver.goDown();
      await healOnce();
      if (how === "SIGKILL") await stage.healer.kill();
      else await stage.healer.stop();
      await stage.healer.start();
      await receiver.comeUp();
      await allArrived();
      expect(arrived()).toEqual(written());
    },
  );

  test("whose address is edited away loses what waits for it, and the log says so", async () => {
    const gone = stage.yaml.replace(receiver.url, `${receiver.url.replace(/:\d+$/, ":1")}`);
    await receiver.goDown();
    await healOnce();
    stage.healer.configure(gone);
    const dropped = await stage.healer.waitFor(({ event }) => event === "notify_failed", { what: "what was dropped" });
    expect(dropped.reason).toMatch(/the channel is no longer configured/);
    expect(arrived().length + Number(dropped["messages"])).toBe(written().length);
  });
});
