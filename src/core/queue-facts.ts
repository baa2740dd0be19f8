import type { QueueFacts } from "./judgement.ts";
import type { Observation } from "./observation.ts";
import type { State } from "./state.ts";

type QueueReading = Extract<Observation, { kind: "queue" }>;

/** Takes a reading into what is known of its queue. */
export function noteQueue(state: State, reading: QueueReading): void {
  state.queues.set(reading.queue, queueFactsAfter(state.queues.get(reading.queue), reading));
}

/** A queue that could not be read has a hole in it: what was pending before says nothing of now. */
export function loseQueue(state: State, name: string): void {
  const facts = state.queues.get(name);
  const nothing = { pendingSinceMs: null, lastFinishedAtMs: null, seenSinceMs: null, countedSinceMs: null };
  if (facts !== undefined) state.queues.set(name, { ...facts, ...nothing });
}

/** The machine slept, or healer was stopped: how long anything has stood begins anew. */
export function forgetQueueAges(state: State): void {
  const anew = (sinceMs: number | null): number | null => (sinceMs === null ? null : state.nowMs);
  for (const [name, facts] of state.queues) {
    const since = { pendingSinceMs: anew(facts.pendingSinceMs), seenSinceMs: anew(facts.seenSinceMs) };
    state.queues.set(name, { ...facts, ...since, lastFinishedAtMs: null });
  }
}

function queueFactsAfter(before: QueueFacts | undefined, reading: QueueReading): QueueFacts {
  const { queue, atMs, pending, running, totalsOnly } = reading;
  const finishedNow = reading.finished !== null && reading.finished > 0;
  return {
    queue,
    atMs,
    pending,
    running,
    totals: reading.totals ?? null,
    totalsOnly,
    seenSinceMs: before?.seenSinceMs ?? atMs,
    countedSinceMs: countedSince(before?.countedSinceMs ?? {}, reading),
    lastFinishedAtMs: finishedNow ? atMs : (before?.lastFinishedAtMs ?? null),
    pendingSinceMs: pending !== null && pending > 0 ? (before?.pendingSinceMs ?? atMs) : null,
  };
}

/** Whoever is missing in one reading may have finished anything meanwhile, and begins anew. */
function countedSince(before: NonNullable<QueueFacts["countedSinceMs"]>, { counted, atMs }: QueueReading): QueueFacts["countedSinceMs"] {
  if (counted === undefined) return null;
  return Object.fromEntries(counted.map((target) => [target, Object.hasOwn(before, target) ? (before[target] ?? atMs) : atMs]));
}
