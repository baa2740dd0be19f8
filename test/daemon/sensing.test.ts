import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Observation } from "../../src/core/observation.ts";
import { Sensing } from "../../src/daemon/sensing.ts";
import type { Sensor, SensorContext } from "../../src/sensors/sensor.ts";
import { unhandledDuring } from "../support/unhandled.ts";
import { watchedWorker } from "../support/watched-worker.ts";

/** A sensor whose readings end when the test says so. */
class SlowSensor implements Sensor {
  readonly name: string;
  readonly everyMs: number;
  readonly timeoutMs = 5_000;
  closed = 0;
  readonly readings: { readonly context: SensorContext; readonly end: (observations: readonly Observation[]) => Promise<void> }[] = [];

  constructor(name: string, everyMs = 2_000) {
    this.name = name;
    this.everyMs = everyMs;
  }

  close(): void {
    this.closed++;
  }

  read(context: SensorContext): Promise<readonly Observation[]> {
    return new Promise((resolve) => {
      const end = async (observations: readonly Observation[]): Promise<void> => {
        resolve(observations);
        await vi.advanceTimersByTimeAsync(0);
      };
      this.readings.push({ context, end });
    });
  }
}

const beat = (target: string): Observation => ({ kind: "heartbeat", target, atMs: 0 });
const WORKERS = [watchedWorker()];

let nowMs = 0;
let urgent = 0;
beforeEach(() => {
  vi.useFakeTimers();
  [nowMs, urgent] = [1_000_000, 0];
});
afterEach(() => void vi.useRealTimers());

function sensingOf(...sensors: readonly Sensor[]): Sensing {
  const sensing = new Sensing(
    () => nowMs,
    () => void urgent++,
  );
  sensing.use(sensors);
  return sensing;
}

test("a slow sensor delays nobody, and is not read again before it has ended", async () => {
  const [slow, quick] = [new SlowSensor("slow"), new SlowSensor("quick")];
  const sensing = sensingOf(slow, quick);
  for (let turn = 0; turn < 5; turn++, nowMs += 2_000) {
    sensing.startDue(() => WORKERS);
    await quick.readings.at(-1)?.end([beat(`quick ${turn}`)]);
    expect(sensing.drain()).toEqual([beat(`quick ${turn}`)]);
  }
  expect([slow.readings.length, quick.readings.length]).toEqual([1, 5]);
  await slow.readings[0]?.end([beat("slow")]);
  expect(sensing.drain()).toEqual([beat("slow")]);
  sensing.startDue(() => WORKERS);
  expect(slow.readings).toHaveLength(2);
});

test("gives each reading the workers of now, and tells it to end when its time is over", async () => {
  const sensor = new SlowSensor("s");
  sensingOf(sensor).startDue(() => WORKERS);
  const context = sensor.readings[0]?.context;
  expect(context?.workers).toBe(WORKERS);
  await vi.advanceTimersByTimeAsync(4_999);
  expect(context?.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(context?.signal.aborted).toBe(true);
});

test("keeps a sensor's rhythm, and does not catch up what it missed", async () => {
  const sensor = new SlowSensor("s", 10_000);
  const sensing = sensingOf(sensor);
  const readAt: number[] = [];
  const pass = async (ms: number): Promise<void> => {
    for (const endMs = nowMs + ms; nowMs < endMs; nowMs += 2_000) {
      const before = sensor.readings.length;
      sensing.startDue(() => WORKERS);
      if (sensor.readings.length > before) readAt.push(nowMs - 1_000_000);
      await sensor.readings.at(-1)?.end([]);
    }
  };
  await pass(30_000);
  expect(readAt).toEqual([0, 10_000, 20_000]);
  nowMs += 100_000; // nobody asked for a while
  await pass(20_000);
  expect(readAt.slice(3)).toEqual([130_000, 136_000, 146_000]);
});

test("a reading of a sensor that an edit has replaced is told to end, and what it still brings is dropped", async () => {
  const [old, young] = [new SlowSensor("s"), new SlowSensor("s")];
  const sensing = sensingOf(old);
  sensing.startDue(() => WORKERS);
  sensing.use([young]);
  expect(old.readings[0]?.context.signal.aborted).toBe(true);
  sensing.startDue(() => WORKERS);
  await old.readings[0]?.end([beat("old")]);
  await young.readings[0]?.end([beat("young")]);
  expect(sensing.drain()).toEqual([beat("young")]);
});

test("after close nothing is read and nothing comes in any more", async () => {
  const sensor = new SlowSensor("s");
  const sensing = sensingOf(sensor);
  sensing.startDue(() => WORKERS);
  sensing.close();
  await sensor.readings[0]?.end([beat("late")]);
  nowMs += 60_000;
  sensing.startDue(() => WORKERS);
  expect([sensor.readings.length, sensing.drain()]).toEqual([1, []]);
});

test("a sensor is closed once it is not used any more: after an edit without it, and at the end", () => {
  const [kept, dropped] = [new SlowSensor("kept"), new SlowSensor("dropped")];
  const sensing = sensingOf(kept, dropped);
  sensing.use([kept]);
  expect([kept.closed, dropped.closed]).toEqual([0, 1]);
  sensing.close();
  expect([kept.closed, dropped.closed]).toEqual([1, 1]);
});

test("a pulse is urgent where it is read more often than turns come", async () => {
  const pulse: Observation = { kind: "pulse", target: "a", atMs: 0, pid: 1, state: "R", voluntarySwitches: 0 };
  const sensor = new SlowSensor("s", 750);
  const sensing = sensingOf(sensor);
  for (const turnMs of [750, 2000]) {
    sensing.use([sensor], turnMs);
    expect(urgent).toBe(0);
    sensing.startDue(() => WORKERS);
    await sensor.readings.at(-1)?.end([pulse]);
    nowMs += 2_000;
  }
  expect(urgent).toBe(1);
});

test("after an action who looks then looks at once, is urgent, and keeps its rhythm", async () => {
  const pulse: Observation = { kind: "pulse", target: "a", atMs: 0, pid: 1, state: "R", voluntarySwitches: 0 };
  const [looks, waits] = [Object.assign(new SlowSensor("looks"), { looksAfterActions: true }), new SlowSensor("waits")];
  const sensing = sensingOf(looks, waits);
  const counts: number[][] = [];
  for (const [afterMs, actionsEnded] of [
    [0, 0],
    [500, 1],
    [600, 1],
    [2_000, 1],
  ] as const) {
    nowMs = 1_000_000 + afterMs;
    sensing.startDue(() => WORKERS, actionsEnded);
    await looks.readings.at(-1)?.end([pulse]);
    await waits.readings.at(-1)?.end([pulse]);
    counts.push([looks.readings.length, waits.readings.length, urgent]);
  }
  expect(counts).toEqual([
    [1, 1, 0],
    [2, 1, 1],
    [2, 1, 1],
    [3, 2, 1],
  ]);
});

test("a failed probe is urgent, and nothing else is", async () => {
  const sensor = new SlowSensor("s");
  const sensing = sensingOf(sensor);
  const probe = (ok: boolean): Observation => ({ kind: "probe", target: "a", rule: "r", atMs: 0, ok, detail: "" });
  for (const observations of [[beat("a"), probe(true)], [probe(false)]]) {
    expect(urgent).toBe(0);
    sensing.startDue(() => WORKERS);
    await sensor.readings.at(-1)?.end(observations);
    nowMs += 2_000;
  }
  expect(urgent).toBe(1);
});

test("what nobody takes is kept up to a limit", async () => {
  const sensor = new SlowSensor("s");
  const sensing = sensingOf(sensor);
  const many = Array.from({ length: 60_000 }, () => beat("a"));
  for (let turn = 0; turn < 3; turn++, nowMs += 2_000) {
    sensing.startDue(() => WORKERS);
    await sensor.readings.at(-1)?.end(many);
  }
  expect(sensing.drain()).toHaveLength(100_000);
  expect(sensing.drain()).toEqual([]);
});

test("an exception in a sensor is nobody's to swallow: it ends healer as any bug does", async () => {
  const broken: Sensor = { name: "broken", everyMs: 1, timeoutMs: 1, read: () => Promise.reject(new Error("made up")) };
  vi.useRealTimers();
  expect(await unhandledDuring(() => sensingOf(broken).startDue(() => WORKERS))).toEqual([new Error("made up")]);
});

test("a sensor that an edit keeps goes on with the reading it is at, and with its rhythm", async () => {
  const [kept, dropped] = [new SlowSensor("kept"), new SlowSensor("dropped")];
  const sensing = sensingOf(kept, dropped);
  sensing.startDue(() => WORKERS);
  sensing.use([kept]);
  sensing.startDue(() => WORKERS);
  await kept.readings[0]?.end([beat("kept")]);
  await dropped.readings[0]?.end([beat("late")]);
  expect([kept.readings.length, sensing.drain()]).toEqual([1, [beat("kept")]]);
});
