import type { Json } from "./log-record.ts";

/** What an increment of PM2's restart count can be put down to. `crash`: it ended by itself or by a signal of somebody outside PM2. */
export const RESTART_CAUSES = ["crash", "oom_killer", "memory_limit", "watch", "cron", "operator", "healer", "daemon", "unknown"] as const;
export type RestartCause = (typeof RESTART_CAUSES)[number];

/** So many increments of one kind, seen at once. */
export interface Share {
  readonly cause: RestartCause;
  readonly count: number;
  /** null = no exit of its own, or not known. */
  readonly exitCode: number | null;
  /** null = none, or not known: `end` says which. */
  readonly signal: string | null;
  /** Of an exit that nobody commanded: "exit code 1", "SIGSEGV". */
  readonly end: string | null;
  /** When PM2 saw the last of them end; left out = not heard. */
  readonly endedWallMs?: number;
}

/** Who commanded the start that PM2's `created_at` tells of, and what that rests on. */
export interface Commander {
  readonly createdWallMs: number;
  readonly cause: RestartCause;
  readonly words: string;
  /** By how much PM2's count grew for it; 0 = a start of a row at rest. */
  readonly counted: number;
}

/** A row as it was when its restarts were last counted. */
export interface CountedRow {
  readonly generation: string;
  readonly pmId: number;
  readonly restarts: number;
  readonly createdWallMs: number | null;
  readonly startedWallMs: number | null;
  readonly isAtRest: boolean;
}

/**
 * A worker's restarts by cause since healer knows it. The sum of `counts` is what PM2's `restart_time` has grown by, and one for each
 * daemon that died under it. It tells, and decides nothing. Objects in it are replaced, never changed.
 */
export interface RestartLedger {
  sinceWallMs: number;
  seen: CountedRow | null;
  /** The journal tells of a heal after `seen`. */
  isOutdated: boolean;
  counts: Readonly<Partial<Record<RestartCause, number>>>;
  /** Of exits nobody commanded, by `end`; the rarer ones of many together. */
  ends: Readonly<Record<string, number>>;
  last: LastRestart | null;
  commander: Commander | null;
  burst: ExitBurst;
}

export interface LastRestart {
  readonly cause: RestartCause;
  readonly wallMs: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly end: string | null;
}

/** Exits in quick succession, of which not every one gets a line. Reducer ms. */
export interface ExitBurst {
  readonly lines: number;
  readonly lastLineAtMs: number;
  readonly lastExitAtMs: number;
  /** Exits since the last line, by `end`. */
  readonly unsaid: Readonly<Record<string, number>>;
}

const ENDS_MAX = 8;
const OTHER_ENDS = "others";

export const QUIET: ExitBurst = { lines: 0, lastLineAtMs: 0, lastExitAtMs: 0, unsaid: {} };

export function newLedger(sinceWallMs: number): RestartLedger {
  return { sinceWallMs, seen: null, isOutdated: false, counts: {}, ends: {}, last: null, commander: null, burst: QUIET };
}

export function addShare(ledger: RestartLedger, share: Share, wallMs: number): void {
  const { cause, count, exitCode, signal, end } = share;
  ledger.counts = { ...ledger.counts, [cause]: (ledger.counts[cause] ?? 0) + count };
  if (end !== null) ledger.ends = addEnd(ledger.ends, end, count);
  ledger.last = { cause, wallMs, exitCode, signal, end };
}

export function addEnd(ends: Readonly<Record<string, number>>, end: string, count: number): Readonly<Record<string, number>> {
  const name = Object.hasOwn(ends, end) || Object.keys(ends).length < ENDS_MAX ? end : OTHER_ENDS;
  return { ...ends, [name]: (Object.hasOwn(ends, name) ? (ends[name] ?? 0) : 0) + count };
}

export function sumOf(counts: Readonly<Partial<Record<string, number>>>): number {
  return Object.values(counts).reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

/** Of a snapshot, which somebody may have edited or another version written: what is no ledger begins anew. */
export function readLedger(saved: unknown, wallMs: number): RestartLedger {
  return isLedger(saved) ? { ...saved } : newLedger(wallMs);
}

function isLedger(value: unknown): value is RestartLedger {
  if (!isRecord(value) || !isRecord(value["burst"]) || !isRecord(value["counts"]) || !isRecord(value["ends"])) return false;
  const { seen, last, commander, burst } = value;
  const { lines, lastLineAtMs, lastExitAtMs, unsaid } = burst as Readonly<Record<string, Json>>;
  return (
    Number.isFinite(value["sinceWallMs"]) &&
    typeof value["isOutdated"] === "boolean" &&
    [lines, lastLineAtMs, lastExitAtMs].every(Number.isFinite) &&
    [value["counts"], value["ends"], unsaid].every(areCounts) &&
    (seen === null || (isRecord(seen) && typeof seen["generation"] === "string" && Number.isFinite(seen["restarts"]))) &&
    (last === null || (isRecord(last) && Number.isFinite(last["wallMs"]) && isCause(last["cause"]))) &&
    (commander === null || (isRecord(commander) && isCause(commander["cause"]) && typeof commander["words"] === "string"))
  );
}

function areCounts(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every(Number.isFinite);
}

function isCause(value: unknown): boolean {
  return RESTART_CAUSES.some((cause) => cause === value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
