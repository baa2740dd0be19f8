import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RULES, RULES_ALWAYS_ON, RULES_OF_A_QUEUE } from "../../src/rules/registry.ts";
import { KNOBS } from "../support/core-policy.ts";
import { bindRule, EPOCH, viewOf } from "../support/rule-bound.ts";

const NOT_RULES = [
  "above-limit",
  "count-within",
  "registry",
  "silence",
  "rule",
  "memory-advice",
  "memory-levels",
  "memory-trend",
  "param-schemas",
  "probe-advice",
  "probe-params",
  "probe-ring",
  "probe-rule",
  "probe-subject",
  "queue-level",
  "task-params",
];
const BY_VOLUME = ["success-rate"]; // how soon it speaks is a matter of tasks, and reckoned by config/time-to-heal
const REQUIRED: Readonly<Record<string, object>> = {
  "http-probe": { url: "http://127.0.0.1:3000/" },
  "tcp-probe": { port: 3000 },
  "exec-probe": { argv: ["./check.sh"] },
  "synthetic-task": { url: "http://127.0.0.1:8091/api/enqueue" },
  "memory-above": { limit: "512MB" },
  "memory-climbing": { limit: "512MB" },
  "queue-backlog": { above: 100 },
  "oldest-task-above": { age: "10m" },
  "log-pattern": { pattern: "FATAL" },
};
const names = RULES.map((rule) => rule.name);

describe("the registry of rules", () => {
  it("holds every rule of its folder, each named like its file", () => {
    const files = readdirSync(new URL("../../src/rules/", import.meta.url)).map((file) => file.replace(/\.ts$/, ""));
    expect(files.filter((file) => !NOT_RULES.includes(file)).sort()).toEqual([...names].sort());
  });

  it("implies nothing it lacks", () => {
    expect([...RULES_ALWAYS_ON, ...RULES_OF_A_QUEUE].filter((name) => !names.includes(name))).toEqual([]);
  });

  it("has a row for every rule in docs/rules.md", () => {
    const docs = readFileSync(new URL("../../docs/rules.md", import.meta.url), "utf8");
    expect(names.filter((name) => !docs.includes(`\n| \`${name}\``))).toEqual([]);
  });

  it.each(names)("%s calls nobody sick without evidence, keeps its memory through JSON, and has words for that", (name) => {
    const rule = bindRule(name, REQUIRED[name] ?? {});
    const memory = rule.fresh(EPOCH);
    const view = viewOf({ nowMs: 3_600_000 });
    const judgement = rule.judge(memory, view);
    expect(["unknown", "fine"]).toContain(judgement.state);
    expect(judgement).toMatchObject({ sustained: false, dead: false, sinceMs: null });
    expect(JSON.parse(JSON.stringify(memory))).toEqual(memory);
    expect(rule.describe(memory, view, judgement)).toMatch(/^\S.{5,}[^.]$/);
    expect(rule.flip(memory, view, judgement)).toMatch(/^(would|needs|clears)/);
  });

  it.each(names.filter((name) => !BY_VOLUME.includes(name)))("%s says how soon it speaks, in figures and words", (name) => {
    const rule = RULES.find((one) => one.name === name);
    const params: unknown = rule?.params.parse(REQUIRED[name] ?? {});
    const timing = rule?.bind(params, { key: name, observeOnly: false, knobs: { ...KNOBS, maxWorkers: 1 } }).timing;
    expect(timing?.bestMs).toBeGreaterThanOrEqual(0);
    expect(timing?.worstMs).toBeGreaterThanOrEqual(timing?.bestMs ?? 0);
    expect(timing?.words).toMatch(/^\S.*\d.*[^.]$/);
  });
});
