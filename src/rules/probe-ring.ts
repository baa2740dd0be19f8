import type { Epoch, Judgement, RuleVerdict, TargetView } from "../core/judgement.ts";
import type { Observation } from "../core/observation.ts";

/** What every probe has, whatever it asks: durations in ms. Sensors read them too. */
export interface ProbePace {
  readonly every: number;
  readonly timeout: number;
  readonly failures: { readonly bad: number; readonly of: number };
  readonly startup: number;
}

/** Plain JSON, as the core keeps it. */
export interface ProbeMemory {
  readonly epochAtMs: number;
  /** The last `failures.of` answers that count, oldest first. */
  ring: boolean[];
  hasAnswered: boolean;
  lastAtMs: number | null;
  lastDetail: string;
  /** When the ring first held too many failures; null = it does not. */
  sickSinceMs: number | null;
  count: number;
  /** Since the last bad answer: the ring may be shorter than a recovery takes. Not in a memory of 0.1.0. */
  goodInARow?: number;
  /** The newest probe that proved nothing, if it is newer than what counts. Not in a memory of 0.1.0. */
  doubt?: { readonly atMs: number; readonly why: string } | null;
}

export const GOOD_IN_A_ROW = 3; // what a recovery takes: one good answer may come from a process about to hang again
const STALE_AFTER_PROBES = 3;
const STALE_MS_MIN = 60_000; // slow turns of healer itself are not a reason to forget

export function freshProbeMemory(epoch: Epoch): ProbeMemory {
  return {
    epochAtMs: epoch.atMs,
    ring: [],
    hasAnswered: false,
    lastAtMs: null,
    lastDetail: "",
    sickSinceMs: null,
    count: 0,
    goodInARow: 0,
    doubt: null,
  };
}

/** A probe that could not be sent is no answer and never arrives here: its sensor is blind. */
export function observeProbe(
  memory: ProbeMemory,
  observation: Extract<Observation, { kind: "probe" }>,
  view: TargetView,
  pace: ProbePace,
): void {
  memory.doubt = null;
  memory.lastAtMs = observation.atMs;
  memory.lastDetail = observation.detail;
  memory.hasAnswered ||= observation.ok;
  if (!observation.ok && isStartingUp(memory, view, { pace, atMs: observation.atMs })) return;
  memory.count++;
  memory.goodInARow = observation.ok ? (memory.goodInARow ?? 0) + 1 : 0;
  memory.ring.push(observation.ok);
  if (memory.ring.length > pace.failures.of) memory.ring.shift();
  memory.sickSinceMs = badOnes(memory.ring) >= pace.failures.bad ? (memory.sickSinceMs ?? observation.atMs) : null;
}

export function judgeProbe(memory: ProbeMemory, view: TargetView, pace: ProbePace): Judgement {
  const isKnown = memory.ring.length > 0 && !isStale(memory, view, pace);
  const isSick = isKnown && memory.sickSinceMs !== null;
  return {
    state: isSick ? "sick" : isKnown ? "fine" : "unknown",
    sustained: isSick,
    sinceMs: isSick ? memory.sickSinceMs : null,
    dead: false,
    value: isKnown ? badOnes(memory.ring) : null,
    threshold: pace.failures.bad,
    unit: "failed probes",
    n: memory.count,
    low: null,
    high: null,
  };
}

export function probeVerdict(memory: ProbeMemory, view: TargetView, pace: ProbePace): RuleVerdict {
  if (judgeProbe(memory, view, pace).state === "sick") return "failed";
  return (memory.goodInARow ?? 0) >= GOOD_IN_A_ROW ? "recovered" : "undecided";
}

/** Until its first good answer, or for `startup` after the process began, a worker may refuse without being blamed. */
function isStartingUp(memory: ProbeMemory, view: TargetView, options: { pace: ProbePace; atMs: number }): boolean {
  return !memory.hasAnswered && options.atMs - (view.startedAtMs ?? memory.epochAtMs) < options.pace.startup;
}

export function isStale(memory: ProbeMemory, view: TargetView, { every, timeout }: ProbePace): boolean {
  const staleMs = Math.max(STALE_MS_MIN, STALE_AFTER_PROBES * every + timeout);
  return memory.lastAtMs !== null && view.nowMs - memory.lastAtMs > staleMs;
}

export function badOnes(ring: readonly boolean[]): number {
  return ring.reduce((bad, ok) => (ok ? bad : bad + 1), 0);
}

/** "ok ok *bad* ok *bad*", oldest first. */
export function starred(ring: readonly boolean[]): string {
  return ring.map((ok) => (ok ? "ok" : "*bad*")).join(" ");
}

/** Probes that all end alike until the ring holds enough or few enough failures, while old ones fall out of it. */
export function probesUntil(
  ring: readonly boolean[],
  course: { readonly ok: boolean; readonly of: number; readonly isEnough: (bad: number) => boolean },
): number {
  for (let more = 1; more < course.of; more++) {
    const kept = badOnes(ring.slice(Math.max(0, ring.length + more - course.of)));
    if (course.isEnough(course.ok ? kept : kept + more)) return more;
  }
  return course.of;
}
