import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { EventBody } from "../../src/core/event.ts";
import type { Pm2Notice } from "../../src/core/pm2-notice.ts";
import { Loop } from "../../src/daemon/loop.ts";
import { Pm2Watch } from "../../src/daemon/pm2-watch.ts";
import { startReducerClock } from "../../src/world/clock/reducer-clock.ts";
import { fakeClock, type FakeClock } from "../support/fake-clock.ts";
import { MemoryPm2 } from "../support/memory-pm2.ts";

type TurnEvent = Extract<EventBody, { type: "turn" }>;

interface LoopStage {
  readonly loop: Loop;
  readonly pm2: MemoryPm2;
  readonly watch: Pm2Watch;
  readonly clock: FakeClock;
  readonly turns: TurnEvent[];
  /** What PM2's daemon says until the next turn that hears of it. */
  readonly said: Pm2Notice[];
  /** Turns so far, each time sensors were asked to start. */
  readonly sensorsAfterTurns: number[];
  intervalMs: number;
  actionsEnded: number;
  /** Lets time pass on all clocks at once. */
  pass(ms: number): Promise<void>;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function stage(): LoopStage {
  const clock = fakeClock();
  const reducer = startReducerClock(clock, null);
  const pm2 = new MemoryPm2(() => clock.wallMs());
  const watch = new Pm2Watch(pm2);
  const turns: TurnEvent[] = [];
  const sensorsAfterTurns: number[] = [];
  const loop = new Loop({
    engine: {
      dispatch: (event) => void (event.type === "turn" && turns.push(event)),
      get actionsEnded() {
        return made.actionsEnded;
      },
    },
    clock: reducer,
    watch,
    startSensors: () => void sensorsAfterTurns.push(turns.length),
    heard: () => ({ isComplete: true, notices: made.said.splice(0) }),
    observations: () => [],
    intervalMs: () => made.intervalMs,
    afterTurn: () => {},
  });
  const pass = async (ms: number): Promise<void> => {
    await vi.advanceTimersByTimeAsync(0);
    for (let passed = 0; passed < ms; passed += 5) {
      clock.advance(5);
      await vi.advanceTimersByTimeAsync(5);
    }
  };
  const made = { loop, pm2, watch, clock, turns, said: [], sensorsAfterTurns, intervalMs: 2_000, actionsEnded: 0, pass } as LoopStage;
  return made;
}

describe("the loop", () => {
  test("takes a turn at once, then one every interval, and none after it was stopped", async () => {
    const { loop, turns, pass } = stage();
    loop.start();
    await pass(6_100);
    expect(turns).toHaveLength(4);
    await loop.stop();
    await pass(10_000);
    expect(turns).toHaveLength(4);
  });

  test("takes no news from a list that was asked for before an action ended, and asks again", async () => {
    const made = stage();
    const release = made.pm2.hang();
    made.loop.start();
    await made.pass(100);
    made.actionsEnded++;
    release();
    await made.pass(2_000);
    expect(made.turns.map(({ pm2 }) => pm2 === null)).toEqual([true, false]);
    await made.loop.stop();
  });

  test("follows an interval that was edited", async () => {
    const made = stage();
    made.loop.start();
    await made.pass(100);
    made.intervalMs = 500;
    made.loop.hurry();
    await made.pass(2_000);
    expect(made.turns).toHaveLength(6);
    await made.loop.stop();
  });

  test("answers any number of hints with one turn, a distance after the one before", async () => {
    const { loop, turns, pass } = stage();
    loop.start();
    await pass(50);
    for (let hint = 0; hint < 20; hint++) loop.hurry();
    await pass(50);
    expect(turns).toHaveLength(2);
    for (let passed = 0; passed < 1_000; passed += 5) {
      loop.hurry();
      await pass(5);
    }
    expect(turns.length).toBeLessThanOrEqual(44); // forty in a second, not two hundred
    await loop.stop();
  });

  test("keeps a greater distance from a PM2 whose list takes long, but never more than the interval", async () => {
    const { loop, watch, turns, pass } = stage();
    loop.start();
    await pass(50);
    watch.listTookMs = 200;
    loop.hurry();
    await pass(900);
    expect(turns).toHaveLength(1);
    await pass(100);
    expect(turns).toHaveLength(2);
    watch.listTookMs = 5_000;
    loop.hurry();
    await pass(2_000);
    expect(turns).toHaveLength(3);
    await loop.stop();
  });

  test("is not begun by a hint that comes before its start", async () => {
    const { loop, pm2, turns, pass } = stage();
    const release = pm2.hang();
    loop.hurry();
    await pass(500);
    expect(pm2.lists).toBe(0);
    loop.start();
    await pass(500);
    expect(pm2.lists).toBe(1);
    release();
    await pass(50);
    expect(turns).toHaveLength(1);
    await loop.stop();
  });

  test("takes no second turn while one waits for PM2, whatever hints come, and goes on soon after", async () => {
    const { loop, pm2, turns, pass } = stage();
    const release = pm2.hang();
    loop.start();
    for (let hint = 0; hint < 50; hint++) {
      loop.hurry();
      await pass(100);
    }
    expect([pm2.lists, turns.length]).toEqual([1, 0]);
    release();
    await pass(50);
    expect(turns).toHaveLength(1);
    await loop.stop();
  });

  test("starts sensors with the rows it has just read, and goes on starting them while PM2 hangs", async () => {
    const { loop, pm2, sensorsAfterTurns, pass } = stage();
    pm2.busConnected = false; // every turn lists
    loop.start();
    await pass(50);
    expect(sensorsAfterTurns).toEqual([1]); // not before the first list was taken in
    await pass(2_000);
    expect(sensorsAfterTurns).toEqual([1, 2]);
    const release = pm2.hang();
    await pass(10_000);
    expect(sensorsAfterTurns.length).toBeGreaterThanOrEqual(6);
    release();
    await loop.stop();
  });

  test("starts sensors before a turn that reads no list, so that what reads at once counts in it", async () => {
    const { loop, pm2, sensorsAfterTurns, turns, pass } = stage();
    pm2.rows.add("app");
    loop.start();
    await pass(50);
    await pass(2_000);
    expect(turns.map(({ pm2: view }) => view === null)).toEqual([false, true]);
    expect(sensorsAfterTurns).toEqual([1, 1, 2]);
    await loop.stop();
  });

  test("does not wait for a list that is late: it goes on, and takes the list in a turn of its own when it comes", async () => {
    const made = stage();
    made.pm2.busConnected = false; // every turn lists
    made.loop.start();
    await made.pass(50);
    const release = made.pm2.hang();
    made.said.push({ kind: "exit", pmId: 0, wallMs: 0, exitCode: 1, signal: null } as unknown as Pm2Notice);
    await made.pass(4_500);
    expect(made.turns.map(({ pm2 }) => pm2 === null)).toEqual([false, true, true]);
    expect(made.pm2.lists, "asked once, not with every turn").toBe(2);
    expect(
      made.turns.map(({ heard }) => heard?.notices.length),
      "what PM2 said is kept for the list",
    ).toEqual([0, 0, 0]);
    release();
    await made.pass(10);
    expect(made.turns).toHaveLength(4);
    expect(made.turns[3]).toMatchObject({ pm2: { rows: [] }, heard: { notices: [{ kind: "exit" }] }, stalledMs: 0 });
    await made.pass(2_000);
    expect([made.pm2.lists, made.turns.length]).toEqual([3, 5]);
    await made.loop.stop();
  });

  test("a late list that an action has overtaken is no news, and another is asked for", async () => {
    const made = stage();
    made.pm2.busConnected = false;
    made.loop.start();
    await made.pass(50);
    const release = made.pm2.hang();
    await made.pass(2_100);
    made.actionsEnded++;
    release();
    await made.pass(2_100);
    expect(made.turns.map(({ pm2 }) => pm2 === null)).toEqual([false, true, true, false]);
    await made.loop.stop();
  });

  test("a list that comes in after the stop begins no turn", async () => {
    const { loop, pm2, turns, sensorsAfterTurns, pass } = stage();
    pm2.busConnected = false;
    loop.start();
    await pass(50);
    const release = pm2.hang();
    await pass(2_100);
    await loop.stop();
    const started = sensorsAfterTurns.length;
    release();
    await pass(5_000);
    expect([turns.length, sensorsAfterTurns.length]).toEqual([2, started]);
  });

  test("a turn that is under way at the stop ends without a decision", async () => {
    const { loop, pm2, turns, pass } = stage();
    const release = pm2.hang();
    loop.start();
    await pass(50);
    const stopped = loop.stop();
    release();
    await stopped;
    await pass(5_000);
    expect(turns).toHaveLength(0);
  });
});

describe("silence is void after", () => {
  test("a sleep of the machine, for as long as it slept", async () => {
    const { loop, clock, turns, pass } = stage();
    loop.start();
    await pass(1_000);
    clock.suspend(3_600_000);
    await pass(1_100);
    expect(turns.map(({ stalledMs }) => stalledMs)).toEqual([0, 3_600_000]);
    await loop.stop();
  });

  test("a stop of healer itself", async () => {
    const { loop, clock, turns, pass } = stage();
    loop.start();
    await pass(1_000);
    clock.advance(60_000);
    await pass(1_100);
    expect(turns.at(-1)?.stalledMs).toBeGreaterThan(60_000);
    await loop.stop();
  });

  test("neither the ten seconds that a hanging PM2 takes, nor an interval edited from a minute to two seconds", async () => {
    const made = stage();
    made.intervalMs = 60_000;
    made.pm2.busConnected = false; // every turn lists
    made.loop.start();
    await made.pass(40_000);
    made.intervalMs = 2_000;
    made.loop.hurry();
    await made.pass(50);
    const release = made.pm2.hang();
    await made.pass(12_000);
    release();
    await made.pass(50);
    expect(new Set(made.turns.map(({ stalledMs }) => stalledMs))).toEqual(new Set([0]));
    await made.loop.stop();
  });
});
