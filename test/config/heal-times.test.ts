import { describe, expect, test } from "vitest";
import { checkReport } from "../../src/config/check.ts";
import { healTimes, type RuleCase, type Surroundings } from "../../src/config/heal-times.ts";
import { workerRow } from "../support/worker-row.ts";
import { KNOBS } from "../support/core-policy.ts";
import { loaded, small } from "./loaded.ts";

const S = 1000;
const M = 60 * S;
const FROZEN: RuleCase = {
  bestMs: 15 * S,
  worstMs: 90 * S,
  proofMs: { best: 0, worst: 6 * S },
  paceMs: 2 * S,
  actsInGrace: false,
  action: null,
};
const AROUND: Surroundings = { knobs: KNOBS, turnMs: 2 * S, workers: 1, budget: { tokens: 5, refillMs: 5 * M } };

function times(rule: Partial<RuleCase> = {}, around: Partial<Surroundings> = {}, knobs: Partial<Surroundings["knobs"]> = {}) {
  return healTimes({ ...FROZEN, ...rule }, { ...AROUND, ...around, knobs: { ...KNOBS, ...knobs } });
}

describe("one worker is healed", () => {
  test.each([
    ["as soon as the rule is sure, at worst two turns later", times(), { best: 15 * S, worst: 94 * S }],
    ["two readings later where those are rarer than turns", times({ paceMs: 10 * S }), { best: 15 * S, worst: 110 * S }],
    ["after its task in hand", times({}, {}, { drainMs: 5 * M }), { best: 15 * S, worst: 94 * S + 5 * M }],
    [
      "without a drain where it has no life to wait for",
      times({ actsInGrace: true }, {}, { drainMs: 5 * M }),
      { best: 15 * S, worst: 94 * S },
    ],
  ])("%s", (_what, { aloneMs }, expected) => {
    expect(aloneMs).toEqual(expected);
  });
});

describe("the last of a group is healed", () => {
  const rest = KNOBS.gracePeriodMs - FROZEN.worstMs;
  test.each([
    ["alone: after what is left of its grace period, and a token", times(), 94 * S + rest + 5 * M],
    [
      "of three, one at once: after the canary's delay and two rounds of grace",
      times({}, { workers: 3 }),
      94 * S + rest + 4 * M + Math.max(5 * M + 2 * 3 * M, 3 * 5 * M),
    ],
    [
      "of three, two at once: after one round, but no sooner than the tokens come back",
      times({}, { workers: 3 }, { maxUnavailable: { count: 2 } }),
      94 * S + rest + 4 * M + 3 * 5 * M,
    ],
    ["in grace, where the rule does not wait for it", times({ actsInGrace: true }), 94 * S + 5 * M],
    ["from a crash loop: at once, whatever the others do", times({ action: "hold-down", actsInGrace: true }, { workers: 9 }), 94 * S],
  ])("%s", (_what, { crowdedMs }, expectedMs) => {
    expect(crowdedMs).toBe(expectedMs);
  });
});

describe("it is said to have recovered", () => {
  test.each([
    ["at the end of its grace period", times(), { best: 3 * M, worst: 3 * M }],
    ["when the proof is there, if that takes longer", times({ proofMs: { best: 4 * M, worst: 9 * M } }), { best: 4 * M, worst: 9 * M }],
    ["or not at all, after the time for a verdict", times({ proofMs: { best: 0, worst: 60 * M } }), { best: 3 * M, worst: 30 * M }],
    [
      "after a hold-down: its wait and the life it has to live",
      times({ action: "hold-down", proofMs: { best: 60 * S, worst: 60 * S } }),
      { best: 75 * S, worst: 90 * S },
    ],
  ])("%s", (_what, { recoveredMs }, expected) => {
    expect(recoveredMs).toEqual(expected);
  });
});

describe("the circuit opens", () => {
  test.each([
    [
      "after three heals, their grace periods and the waits between them",
      times(),
      { best: 15 * S + 9 * M + 15 * S + 30 * S, worst: 94 * S + 9 * M + 30 * S + 60 * S + 2 * 4 * S },
    ],
    ["after one, if one is enough", times({}, {}, { consecutiveFailuresThreshold: 1 }), { best: 15 * S + 3 * M, worst: 94 * S + 3 * M }],
    [
      "after three trials of a crash loop, each with its wait before the start",
      times({ action: "hold-down", bestMs: 0, proofMs: { best: 60 * S, worst: 60 * S } }),
      { best: 15 * S + 30 * S + 60 * S, worst: 94 * S + 3 * 60 * S + 30 * S + 60 * S + 120 * S + 2 * 4 * S },
    ],
  ])("%s", (_what, { openMs }, expected) => {
    expect(openMs).toEqual(expected);
  });
});

describe("the table", () => {
  const three = [0, 1, 2].map((pmId) => workerRow({ pmId, instance: String(pmId) }));
  const rules =
    "    rules: [frozen, {rule: http-probe, url: 'http://127.0.0.1:{env.PORT}/', every: 5s, failures: 2}, {rule: memory-above, limit: 1G}]\n";
  const text = checkReport(loaded(small(`    queue: llm\n${rules}`)), three).text;

  test.each([
    ["frozen", "15 s", "1 m 34 s"],
    ["http-probe", "5 s", "16 s"],
    ["memory-above", "1 m", "1 m 20 s"],
    ["not-running", "10 s", "34 s"],
    ["restart-storm", "at once", "5 m 4 s"],
    ["success-rate", "1 m 22 s", "1 h 54 m"],
  ])("has a row for %s: %s at best, %s at worst", (rule, best, worst) => {
    expect(text).toMatch(new RegExp(`^ {4}${rule} +${best} +${worst} +\\d`, "m"));
  });

  test("says what each time is made of", () => {
    expect(text).toContain("2 bad probes, one every 5s; refused at once, or silent for 2s");
    expect(text).toMatch(/all 3 bad +grace period 3 m, the canary's delay 4 m, 2 rounds/);
  });

  test("is at most 100 columns wide", () => {
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test("promises no heal of a rule that only observes", () => {
    const observing = checkReport(loaded(small("    rules: [{rule: frozen, mode: observe}]\n")), three).text;
    expect(observing).toMatch(/^ {4}frozen +15 s +1 m 34 s +told only$/m);
  });
});
