import { describe, expect, it } from "vitest";
import { RULES } from "../../src/rules/registry.ts";
import { KNOBS } from "../support/core-policy.ts";
import { bindRule, EPOCH, viewOf } from "../support/rule-bound.ts";
import { workerRow } from "../support/worker-row.ts";

const PARAMS = { pattern: "pool exhausted", lines: 3, within: "60s" };
const RULE = bindRule("log-pattern", PARAMS, { gracePeriodMs: 0 });
const MIB = 1024 * 1024;

type Read = readonly [atS: number, lines: number, skippedBytes?: number];

/** The rule after what was read, as of the last look or of `nowS`. */
function seen(read: readonly Read[], nowS = read.at(-1)?.[0] ?? 0, rule = RULE) {
  const memory = rule.fresh(EPOCH);
  const view = viewOf({ nowMs: nowS * 1000 });
  for (const [atS, lines, skippedBytes = 0] of read)
    rule.observe(memory, { kind: "log-lines", target: "api:0", rule: rule.key, atMs: atS * 1000, lines, skippedBytes }, view);
  const judgement = rule.judge(memory, view);
  const words = rule.describe(memory, view, judgement);
  return { judgement, words, flip: rule.flip(memory, view, judgement), verdict: rule.verdict(memory, view) };
}

describe("log-pattern", () => {
  it.each<[string, readonly Read[], string]>([
    ["no look", [], "unknown"],
    ["no such line", [[0, 0]], "fine"],
    ["two lines", [[0, 1], [2, 1]], "fine"], // prettier-ignore
    ["three lines", [[0, 1], [2, 1], [4, 1]], "sick"], // prettier-ignore
    ["three lines, a minute apart", [[0, 2], [60, 1]], "fine"], // prettier-ignore
    ["no such line in what could be read", [[0, 0, 5 * MIB]], "unknown"],
    ["three lines in what could be read", [[0, 3, 5 * MIB]], "sick"],
    ["all read for a minute", [[0, 0, 5 * MIB], [59, 0], [60, 0]], "fine"], // prettier-ignore
  ])("%s is %s", (_name, read, state) => {
    expect(seen(read).judgement).toMatchObject({ state, sustained: state === "sick", dead: false, unit: "lines" });
  });

  it("counts from the end of the grace period on, and says so before", () => {
    const patient = bindRule("log-pattern", PARAMS, { gracePeriodMs: 30_000 });
    expect(seen([[29, 9]], 29, patient)).toMatchObject({
      judgement: { state: "unknown", value: null },
      words: "lines of its log count from the end of its grace period on",
    });
    expect(seen([[29, 9], [30, 2]], 30, patient).judgement.state).toBe("fine"); // prettier-ignore
    expect(seen([[29, 9], [30, 3]], 30, patient).judgement.state).toBe("sick"); // prettier-ignore
  });

  it("takes the lines of another pattern for nobody's", () => {
    const memory = RULE.fresh(EPOCH);
    const lines = { kind: "log-lines", target: "api:0", rule: "log-pattern#2", atMs: 0, lines: 9, skippedBytes: 0 } as const;
    RULE.observe(memory, lines, viewOf());
    expect(RULE.judge(memory, viewOf()).state).toBe("unknown");
  });

  it("says what was looked for, how often it was there, and what was not read", () => {
    expect(seen([[0, 1]]).words).toBe('1 line of its log has "pool exhausted" in the last 1m; 3 are a symptom');
    const flooded = seen([[0, 4, 1536 * 1024]]);
    expect(flooded.words).toBe(
      '4 lines of its log have "pool exhausted" in the last 1m; 3 are a symptom (1.5MB were written too fast to be read)',
    );
    expect(flooded.judgement).toMatchObject({ value: 4, threshold: 3, sinceMs: 0 });
    expect(seen([]).words).toBe("its log was not read lately");
    expect(seen([[0, 9]], 61).words).toBe("its log was not read lately");
    const expression = bindRule("log-pattern", { pattern: "/lost|gone/i", lines: 1 }, { gracePeriodMs: 0 });
    expect(seen([[0, 0]], 0, expression).words).toBe("0 lines of its log have /lost|gone/i in the last 5m; 1 is a symptom");
  });

  it("says what would change its mind, and that is so", () => {
    expect(seen([]).flip).toBe('needs its log; 3 lines with "pool exhausted" within 1m would heal');
    expect(seen([[0, 0]]).flip).toBe("would heal after 3 lines within 1m");
    expect(seen([[0, 2], [20, 0]]).flip).toBe("would heal after 1 more line within the next 40 s"); // prettier-ignore
    expect(seen([[0, 2], [59, 1]]).judgement.state).toBe("sick"); // prettier-ignore
    expect(seen([[0, 2], [60, 1]]).judgement.state).toBe("fine"); // prettier-ignore
    expect(seen([[0, 2], [20, 1]]).flip).toBe("clears if no more come for 40 s"); // prettier-ignore
    expect(seen([[0, 2], [20, 1], [59, 0]]).judgement.state).toBe("sick"); // prettier-ignore
    expect(seen([[0, 2], [20, 1], [60, 0]]).judgement.state).toBe("fine"); // prettier-ignore
  });

  it("after a heal is not sure of a worker whose log it could not read whole", () => {
    const silent = Array.from({ length: 32 }, (_, index): Read => [index * 2, 0]);
    expect(seen(silent).verdict).toBe("recovered");
    expect(seen(silent.slice(0, 30)).verdict).toBe("undecided");
    expect(seen([...silent, [63, 0, MIB]]).verdict).toBe("undecided");
    expect(seen([...silent, [63, 3]]).verdict).toBe("failed");
  });

  it.each([
    ["", "expected some text"],
    ["  ", "expected a pattern that not every line holds"],
    ["/a*/", "expected a pattern that not every line holds"],
    ["/(/", "expected a regular expression (Invalid regular expression: /(/: Unterminated group)"],
    ["/ok/g", "expected a regular expression between slashes, then none but the flags i, m, s, u"],
    [`/${"x".repeat(201)}/`, "expected a regular expression of at most 200 characters"],
  ])("refuses the pattern %j: %s", (pattern, message) => {
    const result = RULES.find(({ name }) => name === "log-pattern")?.params.safeParse({ pattern });
    expect(result?.error?.issues).toMatchObject([{ path: ["pattern"], message }]);
  });

  it("needs a pattern, and asks for three lines in five minutes of either stream where nothing is said", () => {
    const params = RULES.find(({ name }) => name === "log-pattern")?.params;
    expect(params?.safeParse({}).success).toBe(false);
    expect(params?.safeParse({ pattern: "x" }).data).toEqual({ pattern: "x", lines: 3, within: 300_000, stream: "both" });
    expect(params?.safeParse({ pattern: "x", stream: "stdout" }).success).toBe(false);
  });

  it("advises where workers write one log together, or none", () => {
    const rule = RULES.find(({ name }) => name === "log-pattern");
    const advise = (stream: string, ...logs: { readonly out: string | null; readonly err: string | null }[]) => {
      const bound = rule?.bind({ pattern: "x", lines: 3, within: 60_000, stream }, { key: "x", observeOnly: false, knobs: KNOBS });
      return bound?.advise({ groups: new Map([["api", logs.map((each) => workerRow({ logs: each }))]]), hostMemoryBytes: null });
    };
    const [first, second] = [{ out: "/o0", err: "/e" }, { out: "/o1", err: "/e" }]; // prettier-ignore
    expect(advise("both", first, second)).toMatchObject([{ message: expect.stringContaining("merge_logs") as unknown }]);
    expect(advise("out", first, second)).toEqual([]);
    expect(advise("both", { out: "/one", err: "/one" })).toEqual([]);
    expect(advise("err", { out: "/o", err: null })).toMatchObject([{ message: expect.stringContaining("error_file") as unknown }]);
    expect(advise("both", { out: "/o", err: null })).toEqual([]);
  });
});
