import { describe, expect, it } from "vitest";
import { RULES } from "../../src/rules/registry.ts";
import { KNOBS } from "../support/core-policy.ts";
import { bindRule, EPOCH, viewOf } from "../support/rule-bound.ts";
import { workerRow } from "../support/worker-row.ts";

const RULE = bindRule("event-loop-delay-above", { limit: "500ms", for: "1m" });

/** Readings as [second, ms]; asked at `nowS`, or at the last reading. */
function seen(readings: readonly (readonly [number, number])[], nowS = readings.at(-1)?.[0] ?? 0) {
  const memory = RULE.fresh(EPOCH);
  const view = { ...viewOf(), nowMs: nowS * 1000 };
  for (const [atS, delayMs] of readings) RULE.observe(memory, { kind: "loop-delay", target: "api:0", atMs: atS * 1000, delayMs }, view);
  const judgement = RULE.judge(memory, view);
  const words = RULE.describe(memory, view, judgement);
  return { judgement, words, flip: RULE.flip(memory, view, judgement), verdict: RULE.verdict(memory, view) };
}

function every10s(ms: readonly number[]): readonly (readonly [number, number])[] {
  return ms.map((each, index) => [index * 10, each]);
}

describe("event-loop-delay-above", () => {
  it.each([
    ["no reading", [], "unknown"],
    ["below the limit", [3, 100, 499], "fine"],
    ["exactly at the limit for ever", [500, 500, 500, 500, 500, 500, 500, 500], "fine"],
    ["above for 50 s", [600, 600, 600, 600, 600, 600], "fine"],
    ["above for 60 s", [600, 600, 600, 600, 600, 600, 600], "sick"],
    ["one dip on the way", [600, 600, 600, 400, 600, 600, 600], "fine"],
  ])("%s is %s", (_name, ms, state) => {
    expect(seen(every10s(ms)).judgement).toMatchObject({ state, sustained: state === "sick", unit: "ms of event-loop delay" });
  });

  it("counts from the first reading above, in the words too", () => {
    const { judgement, words } = seen(every10s([100, 600, 600, 600, 600, 600, 600, 640.4]));
    expect(judgement).toMatchObject({ state: "sick", sinceMs: 10_000, value: 640, threshold: 500, n: 8 });
    expect(words).toBe("event-loop delay 640 ms, limit 500ms, above it for 1 m (allowed: 1m)");
    expect(seen(every10s([3])).words).toBe("event-loop delay 3 ms, limit 500ms");
  });

  it("does not take two high readings with a hole between them for one long excess", () => {
    expect(seen([[0, 600], [70, 600]]).judgement.state).toBe("fine"); // prettier-ignore
  });

  it("says nothing when the last reading is more than a minute old: a blocked loop measures nothing", () => {
    const { judgement, words } = seen(every10s([600, 600, 600, 600, 600, 600, 600]), 121);
    expect(judgement).toMatchObject({ state: "unknown", value: null });
    expect(words).toBe("event-loop delay unknown: the worker reported none lately");
  });

  it("says what would change its mind, and that is so", () => {
    expect(seen(every10s([100])).flip).toBe("would heal if its event loop were later than 500ms for 1m");
    expect(seen([]).flip).toBe("needs a report of its event-loop delay; above 500ms for 1m would heal");
    expect(seen(every10s([600, 600])).flip).toBe("would heal if it stayed above 500ms for 50 s more");
    expect(seen([...every10s([600, 600]), [59, 600]]).judgement.state).toBe("fine");
    expect(seen([...every10s([600, 600]), [60, 600]]).judgement.state).toBe("sick");
    expect(seen([...every10s([600, 600]), [60, 600]]).flip).toBe("clears with one reading at or below 500ms");
    expect(seen([...every10s([600, 600]), [60, 600], [65, 500]]).judgement.state).toBe("fine");
  });

  it.each([
    [[3, 3], "undecided"],
    [[3, 3, 3], "recovered"],
    [[600, 600, 600, 600, 600, 600, 600], "failed"],
  ])("after a heal followed by %j ms says %s", (ms, verdict) => {
    expect(seen(every10s(ms)).verdict).toBe(verdict);
  });

  it("takes 500ms for a minute where nothing is said, and no limit finer than it is measured", () => {
    const params = RULES.find((rule) => rule.name === "event-loop-delay-above")?.params;
    expect(params?.safeParse({}).data).toEqual({ limit: 500, for: 60_000 });
    expect(params?.safeParse({ limit: "20ms" }).success).toBe(false);
  });

  it("advises where no worker of an app reports a delay", () => {
    const rule = RULES.find(({ name }) => name === "event-loop-delay-above");
    const bound = rule?.bind({ limit: 500, for: 60_000 }, { key: "x", observeOnly: false, knobs: KNOBS });
    const report = { ok: 0, failed: 0, beats: 1, loopDelayMs: 3, isClosed: false };
    const advise = (row: Parameters<typeof workerRow>[0]) =>
      bound?.advise({ groups: new Map([["api", [workerRow(row)]]]), hostMemoryBytes: null });
    expect(advise({ report: null })).toMatchObject([{ message: expect.stringContaining("pm2-healer/worker") as unknown }]);
    expect(advise({ report: { ...report, loopDelayMs: null } })).toHaveLength(1);
    expect(advise({ report })).toEqual([]);
  });
});
