import { describe, expect, it } from "vitest";
import type { TargetView } from "../../src/core/judgement.ts";
import { workerRow } from "../support/worker-row.ts";
import { bindRule, viewOf } from "../support/rule-bound.ts";

const MINUTE = 60_000;
const RULE = bindRule("restart-storm");

function asked(view: Partial<TargetView>, epochAtMs = 0) {
  const memory = RULE.fresh({ atMs: epochAtMs, ignoreTasksUntilMs: epochAtMs, forgiveFailures: 0 });
  const whole = viewOf(view);
  const judgement = RULE.judge(memory, whole);
  return {
    judgement,
    verdict: RULE.verdict(memory, whole),
    words: RULE.describe(memory, whole, judgement),
    flip: RULE.flip(memory, whole, judgement),
  };
}

describe("restart-storm", () => {
  it("asks for a hold-down, also of a worker in its grace period: a crash loop never outlives one", () => {
    expect(RULE).toMatchObject({ action: "hold-down", actsInGrace: true });
  });

  it.each([
    ["no exit", [], "fine"],
    ["two exits", [100_000, 200_000], "fine"],
    ["three exits within five minutes", [100_000, 200_000, 300_000], "sick"],
    ["three exits, the first six minutes ago", [40_000, 200_000, 300_000], "fine"],
    ["three exits, all before the epoch", [1, 2, 3], "fine"],
  ])("%s: %j is %s", (_name, exits, state) => {
    expect(asked({ exits, nowMs: 399_000 }, 10).judgement).toMatchObject({ state, dead: state === "sick", sustained: state === "sick" });
  });

  it("dates the symptom to the exit that made it a storm", () => {
    expect(asked({ exits: [100_000, 200_000, 300_000, 350_000], nowMs: 399_000 }).judgement.sinceMs).toBe(300_000);
  });

  it("finds a worker dead that PM2 has given up, without any exit seen", () => {
    const errored = asked({ row: workerRow({ status: "errored", pid: null }), statusSinceMs: 5000, nowMs: 9000 });
    expect(errored.judgement).toMatchObject({ state: "sick", dead: true, sinceMs: 5000 });
    expect(errored.words).toBe("PM2 gave it up (status errored)");
  });

  it("says how often and how soon it crashed", () => {
    const storm = asked({ exits: [100_000, 200_000, 300_000], lastLifeMs: 2000, nowMs: 310_000 });
    expect(storm.words).toBe("3 unplanned exits in the last 5m, the last time after 2 s of life; 3 are a crash loop");
    expect(storm.flip).toBe("clears when it is held down, started once, and then lives 1 m");
    expect(asked({ nowMs: 310_000 }).flip).toBe("would be held down after 3 unplanned exits within 5m");
  });

  it("says within what time how many more exits would make it a storm, and means it", () => {
    expect(asked({ exits: [300_000], nowMs: 310_000 }).flip).toBe(
      "would be held down after 2 more unplanned exits within the next 4 m 50 s",
    );
    expect(asked({ exits: [300_000, 599_999, 599_999], nowMs: 599_999 }).judgement.state).toBe("sick");
    expect(asked({ exits: [300_000, 599_999, 600_000], nowMs: 600_000 }).judgement.state).toBe("fine");
  });

  it.each([
    ["undecided", "59 s after a trial", { nowMs: 59_000 }],
    ["recovered", "60 s after a trial of a worker that had lived 2 s", { nowMs: 60_000, lastLifeMs: 2000 }],
    ["undecided", "60 s after a trial of a worker that had lived 45 s", { nowMs: 60_000, lastLifeMs: 45_000 }],
    ["recovered", "90 s after a trial of a worker that had lived 45 s", { nowMs: 90_000, lastLifeMs: 45_000 }],
    ["failed", "at the first unplanned exit of a trial", { nowMs: 3000, exits: [2500] }],
    ["failed", "when PM2 gives the trial up", { nowMs: 3000, row: workerRow({ status: "errored", pid: null }) }],
    ["undecided", "while the trial has no process", { nowMs: 5 * MINUTE, row: workerRow({ status: "launching", pid: null }) }],
  ] as const)("says %s %s", (verdict, _when, view) => {
    expect(asked(view).verdict).toBe(verdict);
  });

  it("does not count the exits before a trial against it", () => {
    expect(asked({ exits: [1000, 2000, 3000], lastLifeMs: 1000, nowMs: 10_000 + MINUTE }, 10_000)).toMatchObject({
      verdict: "recovered",
      judgement: { state: "fine" },
    });
  });
});
