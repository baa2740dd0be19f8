import type { BoundRule, Epoch, Judgement, QueueFacts, RuleVerdict, TargetView } from "../../src/core/judgement.ts";
import type { Observation } from "../../src/core/observation.ts";
import { EPOCH, viewOf } from "./rule-bound.ts";

/** A queue as rules see it, read for ten minutes without a hole; 4 tasks have been pending all the while. */
export function queueFacts(change: Partial<QueueFacts> = {}): QueueFacts {
  const told = { atMs: 600_000, pending: 4, running: 0, totals: null, totalsOnly: false, seenSinceMs: 0, countedSinceMs: null };
  return { queue: "llm", ...told, lastFinishedAtMs: null, pendingSinceMs: 0, ...change };
}

export type QueueReading = Extract<Observation, { kind: "queue" }>;

/** Readings as [second, what was told]; `queue` is "llm" unless said. */
export type QueueReadings = readonly (readonly [atS: number, told: Partial<QueueReading>])[];

export interface AskedOfGroup {
  readonly judgement: Judgement;
  readonly verdict: RuleVerdict;
  readonly words: string;
  readonly flip: string;
}

/** What a rule about a queue says of a group after these readings; asked with the last one, or as `view` says. */
export function askedAfter(rule: BoundRule, readings: QueueReadings, view: Partial<TargetView> = {}, epoch: Epoch = EPOCH): AskedOfGroup {
  const memory = rule.fresh(epoch);
  const nowMs = view.nowMs ?? (readings.at(-1)?.[0] ?? 0) * 1000;
  const names = new Set(readings.map(([, { queue }]) => queue ?? "llm"));
  const queues = [...names].map((queue) => queueFacts({ queue, atMs: nowMs, seenSinceMs: 0 }));
  const whole = viewOf({ id: "api", kind: "group", row: null, nowMs, queues, ...view });
  for (const [atS, told] of readings) {
    const nothing = { queue: "llm", pending: null, running: null, finished: 0, totalsOnly: true };
    rule.observe(memory, { kind: "queue", ...nothing, ...told, atMs: atS * 1000 }, whole);
  }
  const judgement = rule.judge(memory, whole);
  const words = rule.describe(memory, whole, judgement);
  return { judgement, verdict: rule.verdict(memory, whole), words, flip: rule.flip(memory, whole, judgement) };
}

/** The same figure every ten seconds, or what stands in its place. */
export function every10s(told: readonly Partial<QueueReading>[]): QueueReadings {
  return told.map((each, index) => [index * 10, each]);
}
