import type { BoundRule } from "../../src/core/judgement.ts";
import type { Knobs } from "../../src/core/strategy.ts";
import { RULES } from "../../src/rules/registry.ts";
import { KNOBS } from "./core-policy.ts";

const PARAMS: Readonly<Record<string, unknown>> = {
  "http-probe": { url: "http://127.0.0.1:8080/health" },
  "tcp-probe": { port: 8080 },
  "exec-probe": { argv: ["true"] },
  "synthetic-task": { url: "http://127.0.0.1:8091/api/enqueue" },
  "memory-above": { limit: "512MB" },
  "memory-climbing": { limit: "512MB" },
  "queue-backlog": { above: 100 },
  "oldest-task-above": { age: "10m" },
  "log-pattern": { pattern: "FATAL" },
};

/** Every registered rule with its defaults, under its own name. */
export function bindRealRules(knobs: Partial<Knobs>): readonly BoundRule[] {
  return RULES.map((rule) =>
    rule.bind(rule.params.parse(PARAMS[rule.name] ?? {}), { key: rule.name, observeOnly: false, knobs: { ...KNOBS, ...knobs } }),
  );
}
