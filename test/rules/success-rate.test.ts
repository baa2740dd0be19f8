import { describe, expect, it } from "vitest";
import type { Epoch } from "../../src/core/judgement.ts";
import type { Knobs } from "../../src/core/strategy.ts";
import { randomFrom } from "../support/prng.ts";
import { bindRule, EPOCH } from "../support/rule-bound.ts";
import { Watched } from "../support/watched-rate.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;
/** So many tasks demanded of the windows that only the CUSUM speaks. */
const FAST_ONLY = { minTasks: { fast: 10, short: 100_000, long: 100_000 } };

describe("success-rate, evidence", () => {
  it("says nothing of a worker that has not finished a task", () => {
    const worker = new Watched();
    expect(worker.judge(10 * HOUR)).toMatchObject({ state: "unknown", n: 0, value: null, dead: false });
    expect(worker.say()).toContain("no finished task");
  });

  it("says nothing after nine failed tasks, however bad they look", () => {
    const worker = new Watched({ maxFalseHealsPerWorkerDay: 1e9 });
    worker.tasks(1000, 0, 9);
    expect(worker.judge().state).not.toBe("sick");
    worker.tasks(2000, 0, 6);
    expect(worker.judge().state).toBe("sick");
  });

  it("does not call a worker fine by a dozen tasks most of which failed, nor sick", () => {
    const worker = new Watched(FAST_ONLY);
    worker.stream(6000, 12 * 6000, (index) => index % 5 < 3);
    expect(worker.judge()).toMatchObject({ state: "unknown", n: 12 });
    worker.stream(6000, 30 * 6000, () => true);
    expect(worker.judge().state).toBe("fine");
  });

  it("says nothing while the queue cannot be read, even of a worker it had found sick", () => {
    const worker = new Watched();
    worker.stream(1000, 3 * MINUTE, () => false);
    expect(worker.judge().sustained).toBe(true);
    worker.view.blind = "no answer from http://127.0.0.1:8091 for 60 s";
    expect(worker.judge()).toMatchObject({ state: "unknown", sustained: false });
    expect(worker.say()).toBe("success rate unknown: no answer from http://127.0.0.1:8091 for 60 s");
  });

  it("says nothing of a worker that has been idle for the whole window, even one that was sick before", () => {
    const worker = new Watched();
    worker.stream(1000, 3 * MINUTE, () => false);
    expect(worker.judge(3 * MINUTE + HOUR - 1).state).toBe("sick");
    expect(worker.judge(3 * MINUTE + HOUR + 1).state).toBe("unknown");
    expect(worker.say()).toContain("an idle worker is not judged");
  });

  it("survives being saved and loaded as JSON", () => {
    const worker = new Watched({ timeWeightingHalfLifeMs: 900_000 });
    worker.stream(1000, 3 * MINUTE, (index) => index % 3 === 0);
    const before = worker.judge();
    worker.memory = JSON.parse(JSON.stringify(worker.memory));
    expect(worker.judge()).toEqual(before);
  });
});

describe("success-rate, the fast path", () => {
  it("counts as elevated from half of the proof on, and as sick only with all of it", () => {
    const worker = new Watched(FAST_ONLY); // h = 11.9 at 10 a minute, and 0.3 because two bad rates are looked for
    const states: string[] = [];
    for (let task = 1; task <= 30; task++) {
      worker.tasks(task * 6000, 0, 1);
      states.push(worker.judge().state);
    }
    expect(states.slice(0, 9)).toEqual(Array.from({ length: 9 }, () => "unknown"));
    expect(states.indexOf("elevated")).toBe(11); // 12 × 0.511 ≥ 12.2 / 2
    expect(states.indexOf("sick")).toBe(23); // 24 × 0.511 ≥ 12.2
  });

  it("acts only after the proof has stood for 60 s, by the tasks' times and by the clock", () => {
    const worker = new Watched(FAST_ONLY);
    worker.stream(6000, 24 * 6000, () => false);
    const provenAtMs = 24 * 6000;
    expect(worker.judge()).toMatchObject({ state: "sick", sustained: false, sinceMs: provenAtMs });
    expect(worker.judge(provenAtMs + 120_000).sustained).toBe(false); // the clock alone does not count…
    worker.tasks(provenAtMs + 120_000, 0, 1);
    expect(worker.judge().sustained).toBe(true); // …a task that is still bad after that time does
  });

  it("acts no more after a dozen good tasks, and takes the proof back after twenty, however long the worker was bad", () => {
    const worker = new Watched(FAST_ONLY);
    worker.stream(6000, HOUR / 2, () => false);
    expect(worker.judge()).toMatchObject({ state: "sick", sustained: true });
    worker.stream(100, worker.view.nowMs + 1300, () => true); // 13 × 0.336 > 4
    expect(worker.judge()).toMatchObject({ state: "sick", sustained: false });
    worker.stream(100, worker.view.nowMs + 700, () => true); // 20 × 0.336 > 6.5
    expect(worker.judge().state).toBe("elevated");
  });

  it("lets a proof stand through a few good tasks, so that the minute goes on", () => {
    const worker = new Watched(FAST_ONLY);
    worker.stream(6000, 24 * 6000, () => false);
    const provenAtMs = worker.view.nowMs;
    worker.stream(6000, provenAtMs + 7 * 6000, () => true); // 7 × 0.336 < 2.5
    expect(worker.judge()).toMatchObject({ state: "sick", sinceMs: provenAtMs });
    worker.stream(6000, provenAtMs + 12 * 6000, () => false);
    expect(worker.judge()).toMatchObject({ state: "sick", sinceMs: provenAtMs, sustained: true });
  });
});

describe("success-rate, the slow paths", () => {
  it("finds a worker at 55 % by its hour, once 20 tasks are there and the whole interval lies below", () => {
    const worker = new Watched({ effectSizePercent: 60 }); // so large an effect that the CUSUM never sees 55 %
    worker.stream(10_000, HOUR, (index) => index % 20 < 11);
    const judgement = worker.judge();
    expect(judgement).toMatchObject({ state: "sick", sustained: true, threshold: 70, unit: "%", n: 360 });
    expect(judgement.value).toBeCloseTo(55, 0);
    expect(judgement.high).toBeLessThan(70);
    expect(worker.say()).toBe("1 h: 55 % (50–60 %, n=360), at most 64 %; required: 70 %");
  });

  it("finds a slow decline only the 24 h window can prove", () => {
    const worker = new Watched({ effectSizePercent: 60 });
    worker.stream(MINUTE, 24 * HOUR, (index) => index % 5 < 3); // 60 %: the hour's interval reaches 78 %
    expect(worker.judge().state).toBe("sick");
    expect(worker.say()).toMatch(/^24 h: 60 % \(57–62 %, n=14\d\d\), at most 64 %; 1 h: 60 %/);
  });

  it("says whether the newest tasks alone would prove it too", () => {
    const worker = new Watched();
    worker.stream(6000, 10 * MINUTE, () => false);
    expect(worker.judge()).not.toHaveProperty("recently");
    worker.stream(6000, worker.view.nowMs + 20 * 6000, () => true);
    expect(worker.judge()).toMatchObject({ state: "sick", recently: "doubtful" });
    worker.stream(6000, worker.view.nowMs + 20 * 6000, () => true);
    expect(worker.judge()).toMatchObject({ state: "sick", recently: "good" });
    worker.stream(6000, worker.view.nowMs + 150 * 6000, () => true); // 66 %: no longer proven, and a few failures would prove it again
    expect(worker.judge()).toMatchObject({ state: "fine", recently: "good" });
    worker.stream(6000, worker.view.nowMs + 50 * 6000, () => true);
    expect(worker.judge()).not.toHaveProperty("recently");
  });

  it("does not touch a worker at exactly 69 %: the threshold is proven, not touched", () => {
    const worker = new Watched({ effectSizePercent: 60 });
    worker.stream(MINUTE, 24 * HOUR, (index) => (index * 69) % 100 < 69);
    expect(worker.judge().state).toBe("fine");
  });

  it("uses the window of the configuration", () => {
    const good = (index: number) => index < 240; // 40 min good, then 20 min bad
    const hour = new Watched({ effectSizePercent: 69, minTasks: { fast: 10_000, short: 20, long: 100_000 } });
    const quarter = new Watched({ windowMs: 15 * MINUTE, minTasks: { fast: 10_000, short: 20, long: 100_000 } }, { ...EPOCH, atMs: -HOUR });
    hour.stream(10_000, HOUR - 8 * MINUTE, good);
    quarter.stream(10_000, HOUR - 8 * MINUTE, good);
    expect(hour.judge().state).not.toBe("sick");
    expect(quarter.judge().state).toBe("sick");
    expect(quarter.say()).toContain("15 m: ");
  });

  it("with time weighting looks at recent tasks first", () => {
    const knobs = { minTasks: { fast: 10_000, short: 20, long: 100_000 } };
    const plain = new Watched(knobs);
    const weighted = new Watched({ ...knobs, timeWeightingHalfLifeMs: 2 * MINUTE });
    for (const worker of [plain, weighted]) worker.stream(2000, HOUR, (index) => index < 1600);
    expect(plain.judge().state).not.toBe("sick");
    expect(weighted.judge().state).toBe("sick");
    expect(weighted.say()).toContain("weighted to the last 2 m: ");
  });

  it("never uses what happened before the epoch, although the displayed rate does", () => {
    const worker = new Watched();
    worker.stream(6000, HOUR, () => false);
    worker.memory = worker.rule.fresh({ atMs: HOUR, ignoreTasksUntilMs: HOUR, forgiveFailures: 0 });
    worker.stream(6000, HOUR + 5 * MINUTE, () => true);
    expect(worker.judge()).toMatchObject({ state: "fine", value: 100, n: 50 });
    expect(worker.say()).toMatch(/^50 tasks since its last start: 50 ok; 1 h: 8 % /);
  });
});

describe("success-rate after a heal of ours", () => {
  const AFTER: Epoch = { atMs: 0, ignoreTasksUntilMs: 10_000, forgiveFailures: 5 };

  it("overlooks what comes in the first 10 s, then as many failures as tasks were running", () => {
    const worker = new Watched({}, AFTER);
    worker.tasks(9999, 3, 20);
    expect(worker.judge().n).toBe(0);
    worker.tasks(10_000, 1, 3);
    worker.tasks(12_000, 1, 3);
    expect(worker.judge().n).toBe(3); // two good ones and the sixth failure
  });

  it.each([
    ["undecided", 0, 0, "nothing finished yet"],
    ["failed", 0, 10, "ten failures"],
    ["failed", 0, 6, "six failures of six: at most 67 % at z = 3.5"],
    ["undecided", 0, 5, "five failures of five"],
    ["recovered", 20, 0, "twenty good ones"],
    ["undecided", 13, 0, "thirteen good ones: odds of 79 to 1, not yet 100"],
    ["undecided", 66, 34, "66 %: the test says good there, the plain rate does not"],
    ["recovered", 90, 10, "90 %"],
    ["failed", 50, 100, "33 %"],
  ] as const)("%s after %i good and %i bad tasks (%s)", (verdict, ok, failed, _why) => {
    const worker = new Watched();
    worker.tasks(20_000, ok, failed);
    expect(worker.verdict()).toBe(verdict);
  });

  it("lets bad tasks before the recovery weigh as much as good ones after it", () => {
    const worker = new Watched();
    worker.tasks(20_000, 0, 4);
    worker.tasks(30_000, 18, 0);
    expect(worker.verdict()).toBe("undecided");
    worker.tasks(40_000, 3, 0);
    expect(worker.verdict()).toBe("recovered");
  });
});

describe("success-rate, in words", () => {
  it("quotes the proof and the displayed rate beside it", () => {
    const worker = new Watched();
    worker.stream(6000, 555 * 6000, () => true);
    worker.stream(6000, 600 * 6000, (index) => index % 5 === 4);
    expect(worker.say()).toBe("last 45 tasks: 9 ok, at most 46 %; 1 h: 94 % (92–96 %, n=599); required: 70 %");
    expect(worker.judge()).toMatchObject({ value: 20, n: 600, sustained: true });
    expect(worker.judge().high).toBeCloseTo(46, 0);
  });

  it.each([
    ["fine", (worker: Watched) => worker.tasks(HOUR, 30, 0), "would heal if 19 of the next 20 tasks fail and that goes on for 1 m"],
    [
      "nearly proven",
      (worker: Watched) => worker.stream(6000, 20 * 6000, () => false),
      "would heal if the next 5 tasks fail and that goes on for 1 m",
    ],
    [
      "all but proven",
      (worker: Watched) => worker.stream(6000, 23 * 6000, () => false),
      "would heal if the next task fails and that goes on for 1 m",
    ],
    ["unseen", () => {}, "would heal if the next 20 tasks fail and that goes on for 1 m"],
    [
      "sick",
      (worker: Watched) => worker.stream(6000, 25 * 6000, () => false),
      "would heal in 54 s, with the first task after that, if it is still proven then; clears after 10 good tasks in a row",
    ],
    ["sick for long", (worker: Watched) => worker.stream(6000, 60 * 6000, () => false), "clears after 20 good tasks in a row"],
  ])("says of a worker that is %s what would change its mind", (_name, live, words) => {
    const worker = new Watched(FAST_ONLY);
    live(worker);
    expect(worker.flip()).toBe(words);
  });

  it("starts anew when the threshold changes, not when a knob of the guards does", () => {
    const print = (knobs: Partial<Knobs>) => bindRule("success-rate", {}, knobs).fingerprint;
    expect(print({ minSuccessRatePercent: 80 })).not.toBe(print({}));
    expect(print({ maxHealsPerHour: 9 })).toBe(print({}));
  });
});

describe("success-rate, over simulated days", () => {
  const SEED = 11;

  it.each([0.72, 0.8, 0.97])(`leaves a worker alone whose true rate is %d (4 days at 10 a minute, seed ${SEED})`, (rate) => {
    expect(firstHealMs(rate, { days: 4, everyMs: 6000, seed: SEED })).toBeNull();
  });

  it(`heals a collapse from 97 to 20 % within 60 tasks in the median at 10 a minute (15 runs from seed ${SEED})`, () => {
    const delays = Array.from({ length: 15 }, (_, run) => firstHealMs(0.2, { days: 1, everyMs: 6000, seed: SEED + run }) ?? Infinity);
    expect(delays.sort((one, other) => one - other)[7]).toBeLessThanOrEqual(60 * 6000);
  });

  it(`heals it within 120 s in the median at one a second (15 runs from seed ${SEED})`, () => {
    const delays = Array.from({ length: 15 }, (_, run) => firstHealMs(0.2, { days: 1, everyMs: 1000, seed: SEED + run }) ?? Infinity);
    expect(delays.sort((one, other) => one - other)[7]).toBeLessThanOrEqual(120_000);
  });
});

/** After an hour at 97 %, a worker at `rate`: when the rule first would heal it, ms after the change. */
function firstHealMs(rate: number, options: { days: number; everyMs: number; seed: number }): number | null {
  const random = randomFrom(options.seed);
  const worker = new Watched();
  worker.stream(options.everyMs, HOUR, () => random() < 0.97);
  for (let atMs = HOUR + options.everyMs; atMs <= HOUR + options.days * 24 * HOUR; atMs += options.everyMs) {
    const ok = random() < rate;
    worker.tasks(atMs, ok ? 1 : 0, ok ? 0 : 1);
    if (worker.judge().sustained) return atMs - HOUR;
  }
  return null;
}
