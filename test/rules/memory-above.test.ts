import { describe, expect, it } from "vitest";
import { RULES } from "../../src/rules/registry.ts";
import { bindRule, EPOCH, viewOf } from "../support/rule-bound.ts";

const MB = 1024 * 1024;
const RULE = bindRule("memory-above", { limit: "512MB", for: "1m" });

/** Readings as [second, MB]; asked at `nowS`, or at the last reading. */
function seen(readings: readonly (readonly [number, number])[], nowS = readings.at(-1)?.[0] ?? 0) {
  const memory = RULE.fresh(EPOCH);
  const view = { ...viewOf(), nowMs: nowS * 1000 };
  for (const [atS, mb] of readings) RULE.observe(memory, { kind: "memory", target: "api:0", atMs: atS * 1000, bytes: mb * MB }, view);
  const judgement = RULE.judge(memory, view);
  const words = RULE.describe(memory, view, judgement);
  return { judgement, words, flip: RULE.flip(memory, view, judgement), verdict: RULE.verdict(memory, view) };
}

function every10s(mb: readonly number[]): readonly (readonly [number, number])[] {
  return mb.map((each, index) => [index * 10, each]);
}

describe("memory-above", () => {
  it.each([
    ["no reading", [], "unknown"],
    ["below the limit", [100, 200, 300], "fine"],
    ["exactly at the limit for ever", [512, 512, 512, 512, 512, 512, 512, 512], "fine"],
    ["above for 50 s", [600, 600, 600, 600, 600, 600], "fine"],
    ["above for 60 s", [600, 600, 600, 600, 600, 600, 600], "sick"],
    ["one dip on the way", [600, 600, 600, 500, 600, 600, 600], "fine"],
  ])("%s is %s", (_name, mb, state) => {
    expect(seen(every10s(mb)).judgement).toMatchObject({ state, sustained: state === "sick", unit: "bytes" });
  });

  it("counts from the first reading above, in the words too", () => {
    const { judgement, words } = seen(every10s([100, 600, 600, 600, 600, 600, 600, 640]));
    expect(judgement).toMatchObject({ state: "sick", sinceMs: 10_000, value: 640 * MB, threshold: 512 * MB, n: 8 });
    expect(words).toBe("memory 640MB, limit 512MB, above it for 1 m (allowed: 1m)");
  });

  it("does not take two high readings with a hole between them for one long excess", () => {
    expect(seen([[0, 600], [70, 600]]).judgement.state).toBe("fine"); // prettier-ignore
  });

  it("says nothing when the last reading is more than a minute old", () => {
    expect(seen(every10s([600, 600, 600, 600, 600, 600, 600]), 121).judgement.state).toBe("unknown");
  });

  it("says what would change its mind", () => {
    expect(seen(every10s([100])).flip).toBe("would heal if it held more than 512MB (412MB more than now) for 1m");
    expect(seen([]).flip).toBe("needs a reading of its memory; above 512MB for 1m would heal");
    expect(seen(every10s([600, 600])).flip).toBe("would heal if it stayed above 512MB for 50 s more");
    expect(seen(every10s([600, 600, 600, 600, 600, 600, 600])).flip).toBe("clears with one reading at or below 512MB");
  });

  it.each([
    [[100, 100], "undecided"],
    [[100, 100, 100], "recovered"],
    [[600, 600, 600, 600, 600, 600, 600], "failed"],
  ])("after a heal followed by %j MB says %s", (mb, verdict) => {
    expect(seen(every10s(mb)).verdict).toBe(verdict);
  });

  it("refuses a limit that was meant as megabytes, and none at all", () => {
    const params = RULES.find((rule) => rule.name === "memory-above")?.params;
    expect(params?.safeParse({ limit: 512 }).success).toBe(false);
    expect(params?.safeParse({}).success).toBe(false);
    expect(params?.safeParse({ limit: "1G" }).data).toEqual({ limit: 1024 * MB, for: 60_000 });
  });
});
