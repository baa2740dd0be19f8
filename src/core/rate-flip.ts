import { addToEvidence, isSustained, since, type RateEvidence } from "./rate-evidence.ts";
import type { Knobs } from "./strategy.ts";
import { addTasks, copyTaskWindows, type TaskWindows } from "./task-windows.ts";
import { inWords, plural } from "./words.ts";

/**
 * What would change the mind of `success-rate`, found by running its own evidence forward on a copy: tasks come one by one
 * at the volume seen so far, and the first course of them that makes (or takes back) the proof is told. At most some two
 * thousand imagined tasks, so a few milliseconds; nothing that is given is changed.
 */
export interface RateNow {
  readonly knobs: Knobs;
  readonly windows: TaskWindows | null;
  readonly nowMs: number;
}

/** `failed` of the next `of` tasks, spread evenly and the last one failing; or the next `inARow`, all failing. */
export interface NextProof {
  readonly failed: number;
  readonly of: number;
  readonly inARow: number;
  /** For how long it must go on like that afterwards; 0 = the proof has stood for long enough by then. */
  readonly thenMs: number;
}

const COURSES = [1, 2, 3, 5, 10, 20, 50, 100, 200] as const;
const FAILURES_MAX = 200;
const GOOD_MAX = 500;
const HOUR_MS = 3_600_000;
const UNKNOWN_PACE_MS = 60_000; // as the rule itself assumes in its first hour: one a minute
const PACE_MS_MIN = 10;
const PACE_MS_MAX = 600_000;

/** The smallest share of the next few tasks that, failing, proves the rate below the required one; null = no few would. */
export function nextProof(evidence: RateEvidence, now: RateNow): NextProof | null {
  const inARow = tasksUntil(evidence, now, { isOk: false, limit: FAILURES_MAX, done: isProven });
  const of = inARow === null ? undefined : COURSES.find((length) => length >= inARow);
  if (inARow === null || of === undefined) return null;
  let enough: number = of;
  let tooFew = 0;
  while (enough - tooFew > 1) {
    const middle = Math.floor((enough + tooFew) / 2);
    if (isProven(afterCourse(evidence, now, { failed: middle, of }).evidence)) enough = middle;
    else tooFew = middle;
  }
  const end = afterCourse(evidence, now, { failed: enough, of });
  const thenMs = isSustained(end.evidence, now.knobs.sustainMs, end.atMs) ? 0 : now.knobs.sustainMs;
  return { failed: enough, of, inARow, thenMs };
}

/** How many good tasks in a row take the proof back; null = more than anybody waits for. */
export function goodTasksUntilClear(evidence: RateEvidence, now: RateNow): number | null {
  return tasksUntil(evidence, now, { isOk: true, limit: GOOD_MAX, done: (later) => !isProven(later) });
}

/** The sentence of a rate that is proven bad; `sustained` as the rule has judged it. */
export function sayProvenFlip(evidence: RateEvidence, now: RateNow, sustained: boolean): string {
  const good = goodTasksUntilClear(evidence, now);
  const clears = good === null ? `${GOOD_MAX} good tasks in a row would not clear it yet` : `clears after ${goodInARow(good)}`;
  if (sustained) return clears;
  const leftMs = (evidence.provenSinceMs ?? now.nowMs) + now.knobs.sustainMs - now.nowMs;
  const when = leftMs > 0 ? `in ${inWords(leftMs)}, with the first task after that` : "with the next task";
  return `would heal ${when}, if it is still proven then; ${clears}`;
}

/** The sentence of a rate that is not. */
export function sayUnprovenFlip(evidence: RateEvidence, now: RateNow): string {
  const proof = nextProof(evidence, now);
  const wait = evidence.ignoreUntilMs > now.nowMs ? `once tasks count again (in ${inWords(evidence.ignoreUntilMs - now.nowMs)}), ` : "";
  if (proof === null) return `${wait}would not heal yet even if the next ${FAILURES_MAX} tasks failed`;
  const { failed, of, inARow, thenMs } = proof;
  const goesOn = thenMs === 0 ? "" : ` and that goes on for ${inWords(thenMs)}`;
  return `${wait}would heal if ${failed === of ? nextTasks(of) : `${failed} of the next ${of} tasks fail${orInARow(inARow, failed)}`}${goesOn}`;
}

function nextTasks(count: number): string {
  return count === 1 ? "the next task fails" : `the next ${count} tasks fail`;
}

function orInARow(inARow: number, failed: number): string {
  return inARow < failed ? ` (or ${inARow} in a row)` : "";
}

function goodInARow(count: number): string {
  return count === 1 ? "one good task" : `${plural(count, "good task")} in a row`;
}

function isProven(evidence: RateEvidence): boolean {
  return evidence.provenSinceMs !== null;
}

/** Between two tasks, at the volume of the last hour or since the epoch. */
export function taskEveryMs(evidence: RateEvidence, now: RateNow): number {
  const { ok, failed } = since(evidence, now, HOUR_MS);
  const watchedMs = Math.min(HOUR_MS, now.nowMs - evidence.epochAtMs);
  const everyMs = ok + failed === 0 ? UNKNOWN_PACE_MS : watchedMs / (ok + failed);
  return Math.min(PACE_MS_MAX, Math.max(PACE_MS_MIN, everyMs));
}

interface Imagined {
  readonly evidence: RateEvidence;
  readonly windows: TaskWindows | null;
  readonly knobs: Knobs;
  readonly everyMs: number;
  atMs: number;
}

/** A copy to try the future on. Right after a heal, tasks of the old process do not count: it begins when they do. */
function imagine(evidence: RateEvidence, now: RateNow): Imagined {
  const { knobs, windows, nowMs } = now;
  return {
    evidence: { ...evidence },
    windows: windows === null ? null : copyTaskWindows(windows),
    knobs,
    everyMs: taskEveryMs(evidence, now),
    atMs: Math.max(nowMs, evidence.ignoreUntilMs),
  };
}

function oneMore(imagined: Imagined, isOk: boolean): void {
  const outcomes = { ok: isOk ? 1 : 0, failed: isOk ? 0 : 1 };
  imagined.atMs += imagined.everyMs;
  const { evidence, windows, knobs, atMs } = imagined;
  if (windows !== null) addTasks(windows, atMs, outcomes);
  addToEvidence(evidence, { ...outcomes, atMs }, { knobs, windows, nowMs: atMs });
}

function tasksUntil(
  evidence: RateEvidence,
  now: RateNow,
  course: { readonly isOk: boolean; readonly limit: number; readonly done: (evidence: RateEvidence) => boolean },
): number | null {
  const imagined = imagine(evidence, now);
  for (let count = 1; count <= course.limit; count++) {
    oneMore(imagined, course.isOk);
    if (course.done(imagined.evidence)) return count;
  }
  return null;
}

function afterCourse(evidence: RateEvidence, now: RateNow, course: { readonly failed: number; readonly of: number }): Imagined {
  const imagined = imagine(evidence, now);
  for (let index = 0; index < course.of; index++) oneMore(imagined, !isFailureOf(course, index));
  return imagined;
}

/** Whether the task at `index` is one of the failures: spread evenly, the last task is always one. */
export function isFailureOf({ failed, of }: { readonly failed: number; readonly of: number }, index: number): boolean {
  return Math.floor(((index + 1) * failed) / of) > Math.floor((index * failed) / of);
}
