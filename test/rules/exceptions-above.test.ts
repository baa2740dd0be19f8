import { describe, expect, it } from "vitest";
import { RULES } from "../../src/rules/registry.ts";
import { KNOBS } from "../support/core-policy.ts";
import { bindRule, EPOCH, viewOf } from "../support/rule-bound.ts";
import { workerRow } from "../support/worker-row.ts";

const RULE = bindRule("exceptions-above", { limit: 3, within: "60s" }, { gracePeriodMs: 0 });

type Heard = readonly [atS: number, count: number];

/** The rule after what was heard, as of the last look or of `nowS`. */
function seen(heard: readonly Heard[], nowS = heard.at(-1)?.[0] ?? 0, rule = RULE) {
  const memory = rule.fresh(EPOCH);
  const view = viewOf({ nowMs: nowS * 1000 });
  for (const [atS, count] of heard) rule.observe(memory, { kind: "exceptions", target: "api:0", atMs: atS * 1000, count }, view);
  const judgement = rule.judge(memory, view);
  const words = rule.describe(memory, view, judgement);
  return { memory, judgement, words, flip: rule.flip(memory, view, judgement), verdict: rule.verdict(memory, view) };
}

/** A look every 2 s, with so many exceptions each. */
function looks(counts: readonly number[]): readonly Heard[] {
  return counts.map((count, index) => [index * 2, count]);
}

const none = (upToS: number): readonly Heard[] => looks(Array.from({ length: upToS / 2 + 1 }, () => 0));

describe("exceptions-above", () => {
  it.each<[string, readonly Heard[], string]>([
    ["nobody who listens", [], "unknown"],
    ["none heard", looks([0, 0]), "fine"],
    ["exactly the limit", looks([1, 1, 1]), "fine"],
    ["one more than the limit", looks([1, 1, 1, 1]), "sick"],
    ["all at once", looks([4]), "sick"],
    ["as many, but not within", [[0, 2], [30, 1], [60, 1]], "fine"], // prettier-ignore
    ["as many, just within", [[0, 2], [30, 1], [59, 1]], "sick"], // prettier-ignore
  ])("%s is %s", (_name, heard, state) => {
    expect(seen(heard).judgement).toMatchObject({ state, sustained: state === "sick", dead: false, unit: "uncaught exceptions" });
  });

  it("says how many, of how many, and since when it is too many", () => {
    const { judgement, words } = seen(looks([2, 0, 1, 2, 0]));
    expect(judgement).toMatchObject({ value: 5, threshold: 3, sinceMs: 6_000, n: 5 });
    expect(words).toBe("5 uncaught exceptions in the last 1m, limit 3");
    expect(seen(looks([1])).words).toBe("1 uncaught exception in the last 1m, limit 3");
  });

  it("says nothing when the bus was not heard for a minute, however many there were", () => {
    expect(seen(looks([9]), 60).judgement.state).toBe("fine"); // they are a minute old
    const { judgement, words } = seen(looks([9]), 61);
    expect(judgement).toMatchObject({ state: "unknown", value: null, sustained: false });
    expect(words).toBe("uncaught exceptions unknown: PM2's bus was not heard lately, or does not tell of this worker's");
  });

  it("says what would change its mind, and that is so", () => {
    expect(seen([]).flip).toBe("needs PM2's bus; more than 3 uncaught exceptions within 1m would heal");
    expect(seen(looks([0])).flip).toBe("would heal after 4 uncaught exceptions within 1m");
    const some = [[0, 1], [20, 1]] as const; // prettier-ignore
    expect(seen(some).flip).toBe("would heal after 2 more uncaught exceptions within the next 40 s");
    expect(seen([...some, [59, 1]]).judgement.state).toBe("fine");
    expect(seen([...some, [59, 2]]).judgement.state).toBe("sick");
    expect(seen([...some, [60, 2]]).judgement.state).toBe("fine");
    const many = [[0, 2], [10, 1], [20, 2]] as const; // prettier-ignore
    expect(seen(many).flip).toBe("clears if no more come for 40 s");
    expect(seen([...many, [59, 0]]).judgement.state).toBe("sick");
    expect(seen([...many, [60, 0]]).judgement.state).toBe("fine");
  });

  it("after a heal believes a silence in which three were due, else only a whole while without the symptom", () => {
    expect(seen(none(44)).verdict).toBe("undecided"); // 4 in 60 s are a symptom, so that 3 are due in 45 s
    expect(seen(none(46)).verdict).toBe("recovered");
    expect(seen([[0, 1], ...none(58)]).verdict).toBe("undecided");
    expect(seen([[0, 1], ...none(60)]).verdict).toBe("recovered");
    expect(seen(looks([4])).verdict).toBe("failed");
    expect(seen(none(46), 200).verdict).toBe("undecided");
  });

  it("counts from the end of the grace period on, and says so before", () => {
    const patient = bindRule("exceptions-above", { limit: 3, within: "60s" }, { gracePeriodMs: 30_000 });
    const early = seen([[0, 9], [29, 9]], 29, patient); // prettier-ignore
    expect(early.judgement).toMatchObject({ state: "unknown", value: null, n: 0 });
    expect(early.words).toBe("uncaught exceptions count from the end of its grace period on");
    expect(early.flip).toMatch(/^needs /);
    expect(seen([[0, 9], [29, 9], [30, 3]], 30, patient).judgement).toMatchObject({ state: "fine", value: 3 }); // prettier-ignore
    expect(seen([[0, 9], [29, 9], [30, 4]], 30, patient).judgement.state).toBe("sick"); // prettier-ignore
    expect(seen([[0, 9], [30, 0], [74, 0]], 74, patient).verdict).toBe("undecided"); // prettier-ignore
    expect(seen([[0, 9], [30, 0], [75, 0]], 75, patient).verdict).toBe("recovered"); // prettier-ignore
  });

  it("remembers as much of a thousand exceptions as of thirty", () => {
    const { memory, judgement } = seen(Array.from({ length: 1000 }, (_, index): Heard => [index * 0.1, 7]));
    expect(JSON.stringify(memory).length).toBeLessThan(1500);
    expect(judgement.value).toBeGreaterThan(560 * 7);
    expect(judgement.value).toBeLessThanOrEqual(600 * 7);
  });

  it("allows ten in five minutes where nothing is said, and may allow none", () => {
    const params = RULES.find(({ name }) => name === "exceptions-above")?.params;
    expect(params?.safeParse({}).data).toEqual({ limit: 10, within: 300_000 });
    expect([0, -1, 1.5].map((limit) => params?.safeParse({ limit }).success)).toEqual([true, false, false]);
    expect(params?.safeParse({ within: "2h" }).success).toBe(false);
  });

  it("advises where PM2 hears nothing of an app", () => {
    const bound = RULES.find(({ name }) => name === "exceptions-above")?.bind(
      { limit: 3, within: 60_000 },
      { key: "x", observeOnly: false, knobs: KNOBS },
    );
    const advise = (...told: boolean[]) => {
      const rows = told.map((tellsExceptions) => workerRow({ tellsExceptions }));
      return bound?.advise({ groups: new Map([["api", rows]]), hostMemoryBytes: null });
    };
    expect(advise(false, false)).toMatchObject([{ message: expect.stringContaining("pmx: false") as unknown }]);
    expect([advise(true), advise(true, false), advise()]).toEqual([[], [], []]);
  });
});
