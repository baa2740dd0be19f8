import type { BoundRule, TargetView } from "../../src/core/judgement.ts";
import type { Writable } from "../../src/core/state.ts";
import { RULES } from "../../src/rules/registry.ts";
import { bindRule, EPOCH, viewOf } from "./rule-bound.ts";

const EVERY_MS = 10_000;

/** A rule of probes and its memory. Answers come as a string, oldest first: `+` good, `-` bad, ten seconds apart. */
export class Probed {
  readonly rule: BoundRule;
  readonly view: Writable<TargetView> = { ...viewOf() };
  readonly memory: unknown;

  constructor(rule: string, params: object = {}) {
    this.rule = bindRule(rule, { every: "10s", startup: 0, ...params });
    this.memory = this.rule.fresh(EPOCH);
  }

  answers(signs: string): this {
    for (const sign of signs) {
      this.view.nowMs += EVERY_MS;
      const ok = sign === "+";
      const detail = ok ? "HTTP 200" : "no answer in 2 s";
      this.rule.observe(this.memory, { kind: "probe", target: "api:0", rule: this.rule.key, atMs: this.view.nowMs, ok, detail }, this.view);
    }
    return this;
  }

  judge() {
    return this.rule.judge(this.memory, this.view);
  }

  says(): string {
    return this.rule.describe(this.memory, this.view, this.judge());
  }
}

/** The paths that a rule's schema finds wrong, or null. */
export function wrongPaths(name: string, params: object): string | null {
  const result = RULES.find((candidate) => candidate.name === name)?.params.safeParse(params);
  return result?.success === true ? null : (result?.error.issues.map((issue) => issue.path.join(".")).join() ?? "no such rule");
}
