import { describe, expect, it } from "vitest";
import { RULES } from "../../src/rules/registry.ts";
import { bindRule, EPOCH, viewOf } from "../support/rule-bound.ts";

/** Counts ten seconds apart, asked at the last one; `most`: what the kernel lets the process have. */
function counted(params: object, counts: readonly number[], most: number | null = 1000, sinceLastS = 0) {
  const rule = bindRule("open-files-above", { limit: "80%", for: "1m", ...params });
  const memory = rule.fresh(EPOCH);
  const view = { ...viewOf(), nowMs: 10_000 * counts.length + sinceLastS * 1000 };
  for (const [index, count] of counts.entries())
    rule.observe(memory, { kind: "files", target: "api:0", atMs: 10_000 * (index + 1), count, limit: most }, view);
  const judgement = rule.judge(memory, view);
  return {
    judgement,
    words: rule.describe(memory, view, judgement),
    flip: rule.flip(memory, view, judgement),
    verdict: rule.verdict(memory, view),
  };
}

const times = (times: number, count: number): readonly number[] => Array.from({ length: times }, () => count);

describe("open-files-above", () => {
  it.each([
    ["no count", [], "unknown"],
    ["few", times(10, 40), "fine"],
    ["exactly at the limit for ever", times(12, 800), "fine"],
    ["above for 50 s", times(6, 801), "fine"],
    ["above for 60 s", times(7, 801), "sick"],
    ["a wave on the way", [900, 900, 900, 100, 900, 900, 900, 900], "fine"],
  ] as const)("%s is %s", (_name, counts, state) => {
    expect(counted({}, counts).judgement).toMatchObject({ state, sustained: state === "sick", unit: "%" });
  });

  it("takes a plain count, whatever the process may have", () => {
    expect(counted({ limit: 500 }, times(7, 501), 1_048_576).judgement).toMatchObject({
      state: "sick",
      value: 501,
      threshold: 500,
      unit: "files",
    });
    expect(counted({ limit: 500 }, times(7, 501), null).judgement.state).toBe("sick");
  });

  it("knows no share of what has no limit", () => {
    expect(counted({}, times(7, 1e6), null).judgement).toMatchObject({ state: "fine", value: 0 });
  });

  it("says the numbers, and what would change its mind", () => {
    const sick = counted({}, times(8, 950));
    expect(sick.words).toBe("950 files open of 1000, limit 80%, above it for 1 m 10 s (allowed: 1m)");
    expect(sick.flip).toBe("clears with one reading at or below 80%");
    expect(counted({}, [900]).flip).toBe("would heal if it stayed above 80% for 1 m more");
    expect(counted({}, [40]).flip).toBe("would heal if it had more than 80% open for 1m");
    expect(counted({}, []).flip).toBe("needs a count of its open files; above 80% for 1m would heal");
  });

  it("knows nothing of what it has not seen for a minute", () => {
    expect(counted({}, times(8, 950), 1000, 61).judgement.state).toBe("unknown");
  });

  it("is healed once three counts are not above", () => {
    expect([counted({}, [40, 40]).verdict, counted({}, [40, 40, 40]).verdict, counted({}, times(7, 950)).verdict]).toEqual([
      "undecided",
      "recovered",
      "failed",
    ]);
  });

  it.each([[0], [5], ["0%"], ["100%"], ["many"], [12.5], ["80 percent"]])("refuses the limit %j with what was expected", (limit) => {
    const parsed = RULES.find(({ name }) => name === "open-files-above")!.params.safeParse({ limit });
    expect(parsed.success).toBe(false);
    expect(parsed.error?.issues[0]?.message).toMatch(/^expected a number of open files from 10 on, or a share/);
  });
});
