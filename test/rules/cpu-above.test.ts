import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RULES } from "../../src/rules/registry.ts";
import { KNOBS } from "../support/core-policy.ts";
import { bindRule, EPOCH, viewOf } from "../support/rule-bound.ts";

const RULE = bindRule("cpu-above", { limit: "95%", for: "1m" });

/** What the kernel has counted, as [second, ms of CPU, pid]; asked at `nowS`, or at the last reading. */
function counted(counts: readonly (readonly [number, number, number?])[], nowS = counts.at(-1)?.[0] ?? 0) {
  const memory = RULE.fresh(EPOCH);
  const view = { ...viewOf(), nowMs: nowS * 1000 };
  for (const [atS, cpuMs, pid = 7] of counts) RULE.observe(memory, { kind: "cpu", target: "api:0", atMs: atS * 1000, pid, cpuMs }, view);
  const judgement = RULE.judge(memory, view);
  const words = RULE.describe(memory, view, judgement);
  return { judgement, words, flip: RULE.flip(memory, view, judgement), verdict: RULE.verdict(memory, view) };
}

/** The counts of a tree that used so many percent of a core in each of the ten seconds between two readings. */
function used(percents: readonly number[]): readonly (readonly [number, number])[] {
  let cpuMs = 5_000;
  return [[0, cpuMs], ...percents.map((percent, index) => [10 * (index + 1), (cpuMs += percent * 100)] as const)];
}

const times = (count: number, percent: number): readonly number[] => Array.from({ length: count }, () => percent);

describe("cpu-above", () => {
  it.each([
    ["no reading", [], "unknown"],
    ["idle", used([2, 0, 3]), "fine"],
    ["one reading, whatever it has used before", [[0, 9e9]], "unknown"],
    ["exactly at the limit for ever", used(times(12, 95)), "fine"],
    ["above for 50 s", used(times(6, 99)), "fine"],
    ["above for 60 s", used(times(7, 99)), "sick"],
    ["two cores and a half for 60 s", used(times(7, 250)), "sick"],
    ["one pause on the way", used([99, 99, 99, 40, 99, 99, 99, 99]), "fine"],
  ] as const)("%s is %s", (_name, counts, state) => {
    expect(counted(counts).judgement).toMatchObject({ state, sustained: state === "sick", unit: "% of a core" });
  });

  it("counts from the first reading above, in the words too", () => {
    const { judgement, words } = counted(used([10, ...times(6, 99), 140.4]));
    expect(judgement).toMatchObject({ state: "sick", sinceMs: 20_000, value: 140, threshold: 95, n: 8 });
    expect(words).toBe("CPU 140% of a core, limit 95%, above it for 1 m (allowed: 1m)");
    expect(counted(used([3])).words).toBe("CPU 3% of a core, limit 95%");
  });

  it("takes another process, and a count that went down, for a beginning", () => {
    const busy = used(times(7, 99));
    expect(counted([...busy.slice(0, 7), [70, 9e9, 8]]).judgement.state, "another pid").toBe("fine");
    expect(counted([[0, 5_000], [10, 100]]).judgement, "a child left the tree").toMatchObject({ state: "unknown", n: 0 }); // prettier-ignore
    expect(counted([[0, 5_000], [10, 100], [20, 10_000]]).judgement.value, "and from there on").toBe(99); // prettier-ignore
  });

  it("knows of a hole only what was used in it on the whole: the count begins anew", () => {
    expect(counted([[0, 0], [80, 79_900], [130, 129_800]]).judgement).toMatchObject({ state: "fine", value: 100 }); // prettier-ignore
    expect(counted([[0, 0], [80, 79_900], [135, 134_800], [140, 139_800]]).judgement).toMatchObject({ state: "sick", sinceMs: 80_000 }); // prettier-ignore
  });

  it("makes no share out of a span too short for the kernel's clock", () => {
    expect(counted([[0, 0], [0.02, 30]]).judgement.state).toBe("unknown"); // prettier-ignore
    expect(counted([[0, 0], [0.02, 30], [10, 1000]]).judgement.value).toBe(10); // prettier-ignore
  });

  it("says nothing when the last reading is more than a minute old", () => {
    const { judgement, words } = counted(used(times(7, 99)), 131);
    expect(judgement).toMatchObject({ state: "unknown", value: null });
    expect(words).toBe("CPU unknown: its process tree was not read twice within the last minute");
  });

  it("says what would change its mind, and that is so", () => {
    expect(counted([]).flip).toBe("needs two readings of its CPU time; above 95% for 1m would be a symptom");
    expect(counted(used([3])).flip).toBe("would be a symptom if it used more than 95% of a core for 1m");
    expect(counted(used([99, 99])).flip).toBe("would be a symptom if it stayed above 95% for 50 s more");
    const above = used([99, 99]);
    expect(counted([...above, [69, 5_000 + 69 * 990]]).judgement.state).toBe("fine");
    expect(counted([...above, [70, 5_000 + 70 * 990]]).judgement.state).toBe("sick");
    expect(counted(used(times(7, 99))).flip).toBe("clears with one reading at or below 95%");
    expect(counted(used([...times(7, 99), 95])).judgement.state).toBe("fine");
  });

  it.each([
    [[3, 3], "undecided"],
    [[3, 3, 3], "recovered"],
    [[3, 3, 99, 99], "undecided"], // above again, if not yet for so long
    [times(7, 99), "failed"],
  ])("after a heal followed by %j %% says %s", (percents, verdict) => {
    expect(counted(used(percents)).verdict).toBe(verdict);
  });

  it("is never sick where no minute was above, however the readings fall", () => {
    const span = fc.integer({ min: 3, max: 30 }); // readings that are closer are taken together
    const reading = fc.record({ s: span, percent: fc.integer({ min: 0, max: 400 }) });
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 40 }), (readings) => {
        const counts: (readonly [number, number])[] = [[0, 0]];
        let [atS, cpuMs, quietAtS] = [0, 0, 0];
        for (const { s, percent } of readings) {
          atS += s;
          cpuMs += s * percent * 10;
          if (percent <= 95) quietAtS = atS;
          counts.push([atS, cpuMs]);
        }
        if (counted(counts).judgement.state === "sick") expect(atS - quietAtS).toBeGreaterThanOrEqual(60);
      }),
      { numRuns: 500 },
    );
  });

  it("only tells, unless mode: heal stands beside it", () => {
    expect(RULES.find(({ name }) => name === "cpu-above")?.tellsOnly).toBe(true);
  });

  it("takes 95% for five minutes where nothing is said, and no number without its unit", () => {
    const params = RULES.find(({ name }) => name === "cpu-above")?.params;
    expect(params?.safeParse({}).data).toEqual({ limit: 95, for: 300_000 });
    expect(params?.safeParse({ limit: "250%" }).data).toMatchObject({ limit: 250 });
    expect(params?.safeParse({ limit: 95 }).error?.issues[0]?.message).toMatch(/did you mean 95%\?/);
    expect(params?.safeParse({ limit: "0%" }).error?.issues[0]?.message).toBe("expected from 1% to 102400% (100% is one core)");
  });

  it("says at check how soon it speaks", () => {
    const rule = RULES.find(({ name }) => name === "cpu-above");
    const { timing } = rule!.bind(rule!.params.parse({}), { key: "x", observeOnly: true, knobs: KNOBS });
    expect(timing).toMatchObject({ bestMs: 300_000, words: "above 95% of a core for 5 m" });
  });
});
