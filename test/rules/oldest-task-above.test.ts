import { describe, expect, it } from "vitest";
import { RULES } from "../../src/rules/registry.ts";
import { askedAfter, every10s, type QueueReading } from "../support/queue-facts.ts";
import { bindRule, EPOCH } from "../support/rule-bound.ts";

const RULE = bindRule("oldest-task-above", { age: "10m", for: "20s" });
const MINUTE = 60_000;

/** Ages in minutes; null = not said. */
function ages(...minutes: readonly (number | null)[]) {
  return every10s(minutes.map((each): Partial<QueueReading> => (each === null ? {} : { oldestMs: each * MINUTE })));
}

describe("oldest-task-above", () => {
  it.each([
    ["no reading", ages(), "unknown"],
    ["a queue that tells no ages", ages(null, null, null), "unknown"],
    ["young tasks", ages(1, 2, 3), "fine"],
    ["exactly the limit", ages(10, 10, 10, 10), "fine"],
    ["one old reading", ages(5, 11, 5), "fine"],
    ["older for 20 s", ages(11, 11.2, 11.4), "sick"],
    ["an old task, and then no word of ages", ages(11, 11.2, 11.4, null), "unknown"],
    ["nothing that waits, whatever the last age was", [...ages(11, 11.2, 11.4), [30, { pending: 0, oldestMs: 11 * MINUTE }]], "fine"],
    ["nothing that waits, and no age", [[0, { pending: 0 }]], "fine"],
  ] as const)("%s is %s", (_name, readings, state) => {
    expect(askedAfter(RULE, readings).judgement).toMatchObject({ state, sustained: state === "sick" });
  });

  it("says how long the oldest has waited, and where", () => {
    const { judgement, words } = askedAfter(RULE, ages(9, 11, 12, 13));
    expect(words).toBe("the oldest task in llm has waited for 13 m, limit 10m, above it for 20 s (allowed: 20s)");
    expect(judgement).toMatchObject({ sinceMs: 10_000, value: 780, threshold: 600, n: 4 });
    expect(askedAfter(RULE, ages(9)).words).toBe("the oldest task in llm has waited for 9 m, limit 10m");
    expect(askedAfter(RULE, ages(null)).words).toBe("no queue of it has told lately how long its oldest task has waited");
  });

  it("says what would change its mind", () => {
    expect(askedAfter(RULE, []).flip).toBe("needs the age of the oldest waiting task; above 10m for 20s would be a symptom");
    expect(askedAfter(RULE, ages(1)).flip).toBe("would be a symptom if the oldest task had waited for more than 10m, for 20s");
    expect(askedAfter(RULE, ages(11, 11)).flip).toBe("would be a symptom if it stayed above 10m for 10 s more");
    expect(askedAfter(RULE, ages(11, 11, 11)).flip).toBe("clears with one reading at or below 10m");
  });

  it.each([
    ["recovered", "three readings are within the limit", ages(12, 4, 3)],
    ["failed", "it goes on getting older", ages(12, 12.2, 12.4)],
    ["undecided", "the oldest are being worked off", ages(30, 25, 20)],
  ])("calls a heal %s when %s", (verdict, _why, readings) => {
    expect(askedAfter(RULE, readings).verdict).toBe(verdict);
  });

  it("gives a new epoch its whole time", () => {
    expect(askedAfter(RULE, ages(11, 11, 11), {}, { ...EPOCH, atMs: 10_000 }).judgement.state).toBe("fine");
  });

  it("speaks when the task is that old, and not before it has been for a while", () => {
    const rule = RULES.find(({ name }) => name === "oldest-task-above")!;
    const bound = rule.bind(rule.params.parse({ age: "10m" }), { key: "it", observeOnly: true, knobs: {} as never });
    expect(bound.timing).toEqual({
      bestMs: 11 * MINUTE,
      worstMs: 11 * MINUTE,
      proofMs: 0,
      words: "a task has waited for 10 m, and 1 m more",
    });
  });
});
