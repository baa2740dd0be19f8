import { describe, expect, it } from "vitest";
import { RULES } from "../../src/rules/registry.ts";
import { askedAfter, every10s, queueFacts } from "../support/queue-facts.ts";
import { bindRule, EPOCH } from "../support/rule-bound.ts";

const RULE = bindRule("queue-backlog", { above: 100, for: "1m" });

function pending(...counts: readonly (number | null)[]) {
  return every10s(counts.map((each) => ({ pending: each })));
}

const MINUTE_ABOVE = pending(101, 150, 200, 250, 300, 350, 400);

describe("queue-backlog", () => {
  it.each([
    ["no reading", pending(), "unknown"],
    ["a queue that does not say how much waits", pending(null, null, null), "unknown"],
    ["a queue that has stopped saying it", pending(200, 200, 200, 200, 200, 200, 200, null), "unknown"],
    ["few tasks", pending(1, 2, 3), "fine"],
    ["exactly the limit for ever", pending(100, 100, 100, 100, 100, 100, 100, 100), "fine"],
    ["more for 50 s", pending(101, 101, 101, 101, 101, 101), "fine"],
    ["more for 60 s", pending(101, 101, 101, 101, 101, 101, 101), "sick"],
    ["more for 60 s with one dip", pending(101, 101, 101, 99, 101, 101, 101), "fine"],
    ["more for 60 s with one reading that did not say", pending(101, 101, 101, null, 101, 101, 101), "fine"],
  ])("%s is %s", (_name, readings, state) => {
    expect(askedAfter(RULE, readings).judgement).toMatchObject({ state, sustained: state === "sick", unit: "pending tasks" });
  });

  it("does not take two long queues with a hole between them for one backlog", () => {
    expect(askedAfter(RULE, [[0, { pending: 500 }], [61, { pending: 500 }]]).judgement.state).toBe("fine"); // prettier-ignore
  });

  it("says nothing when the last reading is more than a minute old, or the queue is blind", () => {
    expect(askedAfter(RULE, MINUTE_ABOVE, { nowMs: 121_000 }).judgement.state).toBe("unknown");
    expect(askedAfter(RULE, MINUTE_ABOVE, { blind: "HTTP 500" })).toMatchObject({
      judgement: { state: "unknown", value: null },
      words: "the queue cannot be read: HTTP 500",
    });
  });

  it.each([
    ["the queue was blind in between", { queues: [queueFacts({ seenSinceMs: 20_000 })] }, EPOCH],
    ["a new epoch began in between", {}, { ...EPOCH, atMs: 20_000 }],
  ])("begins anew when %s", (_why, view, epoch) => {
    expect(askedAfter(RULE, MINUTE_ABOVE, view, epoch).judgement.state).toBe("fine");
  });

  it("speaks of the queue that has been too long for longest, and of the longest while none is", () => {
    const both = (llm: number, mail: number) =>
      [0, 20, 40, 60].flatMap((atS) => [[atS, { pending: llm }] as const, [atS, { queue: "mail", pending: mail }] as const]);
    expect(askedAfter(RULE, both(7, 101)).words).toBe("101 tasks pending in mail, limit 100, above it for 1 m (allowed: 1m)");
    expect(askedAfter(RULE, both(7, 8)).words).toBe("8 tasks pending in mail, limit 100");
  });

  it("knows nothing of a queue called constructor before it was read", () => {
    const view = { nowMs: 0, queues: [queueFacts({ queue: "constructor", atMs: 0 })] };
    expect(askedAfter(RULE, [], view).judgement).toMatchObject({ state: "unknown", value: null });
  });

  it("counts from the first reading above, in the words too", () => {
    const { judgement, words } = askedAfter(RULE, pending(50, 101, 101, 101, 101, 101, 101, 340));
    expect(judgement).toMatchObject({ sinceMs: 10_000, value: 340, threshold: 100, n: 8 });
    expect(words).toBe("340 tasks pending in llm, limit 100, above it for 1 m (allowed: 1m)");
  });

  it("says what would change its mind", () => {
    expect(askedAfter(RULE, []).flip).toBe("needs a reading of how much is pending; more than 100 for 1m would be a symptom");
    expect(askedAfter(RULE, pending(1)).flip).toBe("would be a symptom if more than 100 were pending for 1m");
    expect(askedAfter(RULE, pending(200, 200)).flip).toBe("would be a symptom if it stayed above 100 for 50 s more");
    expect(askedAfter(RULE, MINUTE_ABOVE).flip).toBe("clears with one reading of at most 100 pending");
    expect(askedAfter(RULE, [...MINUTE_ABOVE, [70, { pending: 100 }]]).judgement.state).toBe("fine");
  });

  it.each([
    ["undecided", "there were two readings only", pending(3, 3)],
    ["recovered", "three readings are within the limit", pending(300, 90, 80)],
    ["failed", "it is as long as before", MINUTE_ABOVE],
    ["undecided", "it is being worked off", pending(400, 390, 380, 370, 360, 350, 340)],
    ["undecided", "nobody says", pending(null, null, null, null)],
  ])("calls a heal %s when %s", (verdict, _why, readings) => {
    expect(askedAfter(RULE, readings).verdict).toBe(verdict);
  });

  it("judges the group and never a worker, in the group's grace period never, and leaves the action to the ladder", () => {
    expect(RULE).toMatchObject({ scope: "group", actsInGrace: false, action: null });
  });

  it("refuses a limit left out, a part of a task and less than none; 0 is advised against", () => {
    const rule = RULES.find(({ name }) => name === "queue-backlog")!;
    const accepts = (params: object): boolean => rule.params.safeParse(params).success;
    expect([{}, { above: 1.5 }, { above: -1 }, { above: "many" }].map(accepts)).toEqual([false, false, false, false]);
    expect(rule.params.safeParse({ above: 5 }).data).toEqual({ above: 5, for: 300_000 });
  });
});
