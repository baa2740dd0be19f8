import { resolveMaxUnavailable, type Knobs } from "../core/strategy.ts";

/** What a rule is reckoned by: its timing, and which guards ask about the heals it wants. */
export interface RuleCase {
  readonly bestMs: number;
  readonly worstMs: number;
  /** How long the evidence takes that a heal helped, or did not: soonest and latest. */
  readonly proofMs: { readonly best: number; readonly worst: number };
  /** Between two readings of what it looks at, and between two turns. */
  readonly paceMs: number;
  readonly actsInGrace: boolean;
  /** As the rule names it: `hold-down` and `trim` pass most guards; null = the ladder. */
  readonly action: string | null;
}

export interface Surroundings {
  readonly knobs: Knobs;
  readonly turnMs: number;
  /** Workers of the largest group. */
  readonly workers: number;
  readonly budget: { readonly tokens: number; readonly refillMs: number };
}

export interface Span {
  readonly best: number;
  readonly worst: number;
}

export interface HealTimes {
  /** From the first bad fact to the action, with no other worker in trouble. */
  readonly aloneMs: Span;
  /** The last of the group, when all go bad together just after a start, with the budget spent. */
  readonly crowdedMs: number;
  /** From the action until `recovered` is said. */
  readonly recoveredMs: Span;
  /** From the first bad fact until the circuit opens because nothing helps. */
  readonly openMs: Span;
}

/** Sums of what the core waits for (decision-core §4.2, §5); `worst` takes every wait at its longest. */
export function healTimes(rule: RuleCase, around: Surroundings): HealTimes {
  const { knobs } = around;
  const recoveredMs = recoveredSpan(rule, knobs);
  const aloneMs = { best: rule.bestMs, worst: rule.worstMs + turnsMs(rule, around) + drainMs(rule, knobs) };
  return { aloneMs, crowdedMs: crowdedMs(rule, around, aloneMs.worst), recoveredMs, openMs: openSpan(rule, around, aloneMs) };
}

/** A reading comes up to one pace after the fact, and one more until the time that must pass has passed. */
export function turnsMs(rule: RuleCase, { turnMs }: Surroundings): number {
  return 2 * Math.max(rule.paceMs, turnMs);
}

/** What holds a worker down is done at once: a worker in a crash loop has no task worth waiting for. */
function drainMs({ action, actsInGrace }: RuleCase, knobs: Knobs): number {
  const hasNoProcess = actsInGrace && action !== "trim";
  return hasNoProcess ? 0 : knobs.drainMs;
}

function recoveredSpan({ action, proofMs }: RuleCase, knobs: Knobs): Span {
  if (action === "hold-down" || action === "trim") {
    const held = action === "trim" ? { best: 0, worst: 0 } : backoffSpan(knobs, 0);
    return { best: held.best + proofMs.best, worst: held.worst + proofMs.worst };
  }
  const timeoutMs = Math.max(knobs.verify.timeoutMs, knobs.gracePeriodMs);
  const within = (ms: number): number => Math.min(timeoutMs, Math.max(knobs.gracePeriodMs, ms));
  return { best: within(proofMs.best), worst: within(proofMs.worst) };
}

function crowdedMs(rule: RuleCase, around: Surroundings, aloneWorstMs: number): number {
  const { knobs, workers, budget } = around;
  if (rule.action === "hold-down" || rule.action === "trim") return aloneWorstMs;
  const graceMs = rule.actsInGrace ? 0 : Math.max(0, knobs.gracePeriodMs - rule.worstMs);
  const canaryMs = workers > 1 ? knobs.incident.canaryDelayMs : 0;
  const queueMs = queueing(workers, knobs) * (recoveredSpan(rule, knobs).worst + drainMs(rule, knobs));
  return aloneWorstMs + graceMs + canaryMs + Math.max(budget.refillMs + queueMs, workers * budget.refillMs);
}

/** Rounds that the last worker waits for: the canary's, then those of the others, `max_unavailable` at once. */
export function queueing(workers: number, knobs: Knobs): number {
  return Math.ceil((workers - 1) / resolveMaxUnavailable(knobs.maxUnavailable, workers));
}

function openSpan(rule: RuleCase, around: Surroundings, aloneMs: Span): Span {
  const { knobs } = around;
  const heals = knobs.consecutiveFailuresThreshold;
  const again = turnsMs(rule, around) + drainMs(rule, knobs);
  const waits = Array.from({ length: rule.action === "hold-down" ? heals : heals - 1 }, (_, failures) => backoffSpan(knobs, failures));
  const failed = failedSpan(rule, knobs);
  return {
    best: aloneMs.best + heals * failed.best + sum(waits.map(({ best }) => best)),
    worst: aloneMs.worst + heals * failed.worst + sum(waits.map(({ worst }) => worst)) + (heals - 1) * again,
  };
}

/** A trial after a crash loop fails with its first exit, any other heal at the end of its grace period. */
function failedSpan(rule: RuleCase, knobs: Knobs): Span {
  if (rule.action === "hold-down") return { best: 0, worst: rule.proofMs.worst };
  return recoveredSpan(rule, knobs);
}

/** The wait after so many failed heals before: the core draws from this span. */
export function backoffSpan({ backoff }: Knobs, failures: number): Span {
  const worst = Math.min(backoff.maxMs, backoff.baseMs * 2 ** failures);
  return { best: worst * (1 - backoff.jitter), worst };
}

export function coolDownSpan({ circuit }: Knobs): Span {
  return { best: circuit.coolDownMs, worst: circuit.coolDownMs * (1 + circuit.jitter) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
