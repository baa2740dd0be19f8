import { describe, expect, it } from "vitest";
import type { TargetView } from "../../src/core/judgement.ts";
import { queueFacts as queue } from "../support/queue-facts.ts";
import { bindRule, EPOCH, viewOf } from "../support/rule-bound.ts";

const MINUTE = 60_000;
const RULE = bindRule("queue-stalled", { for: "5m" });

/** Asked at minute 10, of a target that finished tasks at the given minutes. */
function asked(view: Partial<TargetView>, finishedAtMinutes: readonly number[] = [], epoch = EPOCH) {
  const whole = viewOf({ nowMs: 10 * MINUTE, queues: [queue()], ...view });
  const memory = RULE.fresh(epoch);
  for (const minute of finishedAtMinutes) {
    RULE.observe(memory, { kind: "tasks", target: "api:0", atMs: minute * MINUTE, ok: 1, failed: 0 }, whole);
  }
  const judgement = RULE.judge(memory, whole);
  return { judgement, verdict: RULE.verdict(memory, whole), words: RULE.describe(memory, whole, judgement) };
}

describe("queue-stalled, of a worker", () => {
  it.each([
    ["nothing was ever finished while tasks were pending for 10 min", [queue()], [], "sick"],
    ["the last task was finished 6 min ago", [queue()], [1, 4], "sick"],
    ["the last task was finished 4 min ago", [queue()], [1, 6], "fine"],
    ["tasks have been pending for 4 min only", [queue({ pendingSinceMs: 6 * MINUTE })], [], "fine"],
    ["nothing is pending", [queue({ pending: 0, pendingSinceMs: null })], [], "fine"],
    ["others finish tasks, this worker does not", [queue({ lastFinishedAtMs: 10 * MINUTE })], [], "sick"],
    ["there is no reading of the queue", [], [], "unknown"],
    ["the last reading of the queue is 2 min old", [queue({ atMs: 8 * MINUTE })], [], "unknown"],
    ["the queue has totals only, which speak of the group", [queue({ totalsOnly: true })], [], "unknown"],
  ])("when %s", (_when, queues, finished, state) => {
    expect(asked({ queues }, finished).judgement).toMatchObject({ state, sustained: state === "sick" });
  });

  it("says nothing while the queue is blind", () => {
    expect(asked({ blind: "no answer for 60 s" })).toMatchObject({
      judgement: { state: "unknown" },
      words: "the queue cannot be read: no answer for 60 s",
    });
  });

  it("gives a new epoch its whole time", () => {
    expect(asked({}, [], { ...EPOCH, atMs: 6 * MINUTE }).judgement.state).toBe("fine");
  });

  it("says how long nothing was finished, and how much waits where", () => {
    expect(asked({}, [3]).words).toBe("nothing finished for 7 m with 4 tasks pending in llm (allowed: 5m)");
    expect(asked({}, [3]).judgement).toMatchObject({ sinceMs: 3 * MINUTE, value: 420, threshold: 300 });
  });

  it.each([
    ["recovered", "it has finished a task", [8]],
    ["undecided", "it has not had the time", []],
  ] as const)("calls a heal %s when %s", (verdict, _why, finished) => {
    expect(asked({}, finished, { ...EPOCH, atMs: 7 * MINUTE, ignoreTasksUntilMs: 7 * MINUTE }).verdict).toBe(verdict);
  });

  it("does not hold against it what it finished while tasks were ignored after our own action", () => {
    const young = { atMs: 4 * MINUTE, ignoreTasksUntilMs: 9 * MINUTE, forgiveFailures: 0 };
    expect(asked({}, [5, 6, 7, 8], young)).toMatchObject({ judgement: { state: "fine" }, verdict: "undecided" });
    expect(asked({}, [5, 6, 7, 8], { ...young, ignoreTasksUntilMs: 5 * MINUTE }).verdict).toBe("recovered");
    expect(asked({}, [], { ...young, ignoreTasksUntilMs: 11 * MINUTE }).words).toContain("last sign of progress 0 s ago");
  });

  it("does not take what our own kill cut short for progress", () => {
    expect(asked({}, [8], { atMs: 7 * MINUTE, ignoreTasksUntilMs: 9 * MINUTE, forgiveFailures: 0 }).verdict).toBe("undecided");
  });
});

describe("queue-stalled, of a group with totals only", () => {
  const group = { kind: "group", row: null } as const;

  it.each([
    ["nothing was finished since healer watches", [queue({ totalsOnly: true })], "sick"],
    ["the queue finished something 4 min ago", [queue({ totalsOnly: true, lastFinishedAtMs: 6 * MINUTE })], "fine"],
    [
      "it works through another of its queues first",
      [queue({ totalsOnly: true }), queue({ queue: "mail", totalsOnly: true, lastFinishedAtMs: 9 * MINUTE })],
      "fine",
    ],
    ["the figures are the workers' own", [queue()], "unknown"],
  ])("when %s", (_when, queues, state) => {
    expect(asked({ ...group, queues }).judgement.state).toBe(state);
  });
});

describe("queue-stalled, where not everybody's outcomes are known", () => {
  const group = { id: "api", kind: "group", row: null } as const;

  it.each([
    ["the queue counts another worker only", {}, { countedSinceMs: { "api:1": 0 } }, "unknown"],
    ["this worker has been counted all the while", {}, { countedSinceMs: { "api:0": 0 } }, "sick"],
    ["this worker is counted again since 4 min ago", {}, { countedSinceMs: { "api:0": 6 * MINUTE } }, "fine"],
    ["the queue counts nobody", group, { totalsOnly: true, countedSinceMs: {} }, "unknown"],
    ["the queue does not say how much is pending", {}, { pending: null, pendingSinceMs: null }, "unknown"],
  ])("when %s", (_when, view, facts, state) => {
    expect(asked({ ...view, queues: [queue(facts)] }).judgement.state).toBe(state);
  });
});
