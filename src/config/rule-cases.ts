import { TREES_EVERY_MS, QUEUE_EVERY_MS } from "../core/paces.ts";
import type { Knobs } from "../core/strategy.ts";
import type { CompiledRule } from "./bind-rules.ts";
import type { Compiled } from "./compiled.ts";
import type { CompiledStrategy } from "./compile-strategies.ts";
import type { RuleCase } from "./heal-times.ts";
import { valueAt } from "./issue-words.ts";
import { timeToHealMs, verdictTasks } from "./time-to-heal.ts";
import type { Volume } from "./volumes.ts";

/** `case` null = at these volumes it never speaks. */
export interface ReckonedRule {
  readonly rule: CompiledRule;
  readonly case: RuleCase | null;
  readonly words: string;
}

/** A collapse, and a worker that is half ill; both below the threshold. */
function ratesOf({ minSuccessRatePercent: required }: Knobs) {
  return { best: Math.min(20, Math.floor(required / 2)), worst: Math.min(50, Math.floor((5 * required) / 7)) };
}

/** Every rule of a strategy whose times can be reckoned: by its own timing, the success rate by volume. */
export function reckonRules(compiled: Compiled, strategy: CompiledStrategy, volumes: readonly Volume[]): readonly ReckonedRule[] {
  const { intervalMs } = compiled.policy;
  return strategy.boundRules.flatMap((rule): readonly ReckonedRule[] => {
    const paceMs = readEveryMs(compiled, strategy, rule);
    const { actsInGrace, action, timing } = rule;
    if (timing !== null) {
      const { bestMs, worstMs, words } = timing;
      const proofMs = timing.proofMs + (action === null ? 3 * paceMs : 0); // the core wants three fresh observations
      return [{ rule, words, case: { bestMs, worstMs, proofMs: { best: timing.proofMs, worst: proofMs }, paceMs, actsInGrace, action } }];
    }
    if (rule.name !== "success-rate") return [];
    const rates = ratesOf(strategy.knobs);
    const span = rateSpan(strategy.knobs, volumes, intervalMs);
    const words = `${rates.best} % at best, ${rates.worst} % at worst, at ${volumes.map(({ title }) => title).join(", ")}; more below`;
    return [{ rule, words, case: span === null ? null : { ...span, paceMs, actsInGrace, action } }];
  });
}

/** Milliseconds between two readings of what a rule needs. A probe's own pace is in its timing. */
function readEveryMs({ queues, policy }: Compiled, strategy: CompiledStrategy, { needs }: CompiledRule): number {
  const asked = queues.filter(({ name }) => strategy.queues.includes(name)).map(({ params }) => valueAt(params, ["every"]));
  const queueMs = Math.max(0, ...asked.map((every) => (typeof every === "number" ? every : QUEUE_EVERY_MS)));
  const paces = needs.map((need) => {
    if (need === "memory" || need === "cpu" || need === "files") return TREES_EVERY_MS;
    return need === "queue" || need === "tasks" ? queueMs : 0;
  });
  return Math.max(policy.intervalMs, ...paces);
}

function rateSpan(knobs: Knobs, volumes: readonly Volume[], turnMs: number): Pick<RuleCase, "bestMs" | "worstMs" | "proofMs"> | null {
  const times = (ratePercent: number) =>
    volumes.flatMap(({ tasksPerMinute }) => timeToHealMs(knobs, { ratePercent, tasksPerMinute, turnMs }) ?? []);
  const [collapse, half] = [times(ratesOf(knobs).best), times(ratesOf(knobs).worst)];
  if (collapse.length === 0) return null;
  const tasks = verdictTasks(knobs) ?? Number.POSITIVE_INFINITY;
  const proofs = volumes.map(({ tasksPerMinute }) => (tasks / tasksPerMinute) * 60_000);
  return {
    bestMs: Math.min(...collapse.map(({ fresh }) => fresh)),
    worstMs: Math.max(...[...collapse, ...half].map(({ afterGood }) => afterGood)),
    proofMs: { best: Math.min(...proofs), worst: Math.max(...proofs) },
  };
}
