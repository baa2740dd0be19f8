import { addEnd, QUIET, sumOf, type ExitBurst, type Share } from "./restart-ledger.ts";
import type { Target } from "./state.ts";
import { say, type Turn } from "./turn.ts";
import { inWords, plural } from "./words.ts";

const LINES_FIRST = 3;
const EVERY_MS = 60_000;

/**
 * One line for what ended between two lists, `worker_exit`. Of a crash loop the first three get one each, and then a line a
 * minute says how many more there were, until a minute has passed without one.
 */
export function tellExits(turn: Turn, target: Target, shares: readonly Share[], livedMs: number | null): void {
  const { nowMs } = turn.state;
  const { burst } = target.ledger;
  if (burst.lines < LINES_FIRST) {
    sayExits(turn, target, shares, livedMs);
    target.ledger.burst = { ...burst, lines: burst.lines + 1, lastLineAtMs: nowMs, lastExitAtMs: nowMs };
    return;
  }
  const unsaid = shares.reduce((ends, { end, count }) => addEnd(ends, end ?? UNKNOWN_END, count), burst.unsaid);
  target.ledger.burst = { ...burst, unsaid, lastExitAtMs: nowMs };
}

const UNKNOWN_END = "unknown";

/** Asked every turn, of every worker. */
export function followExits(turn: Turn, target: Target): void {
  const { burst } = target.ledger;
  if (burst.lines === 0) return;
  const { nowMs } = turn.state;
  if (nowMs - burst.lastLineAtMs < EVERY_MS) return;
  const hasMore = sumOf(burst.unsaid) > 0;
  if (hasMore) tellUnsaid(turn, target);
  else if (nowMs - burst.lastExitAtMs >= EVERY_MS) target.ledger.burst = QUIET;
}

/** Nothing is left out of the log for good: also where the worker goes. */
export function tellUnsaid(turn: Turn, target: Target): void {
  const { burst, last } = target.ledger;
  const exits = sumOf(burst.unsaid);
  if (exits === 0) return;
  const sinceMs = turn.state.nowMs - burst.lastLineAtMs;
  const reason = `ended ${exits === 1 ? "once" : `${exits} times`} more in ${inWords(sinceMs)} (${endsWords(burst.unsaid)}); of so many exits one line a minute is written`;
  const { exitCode = null, signal = null } = last ?? {};
  const more = { cause: last?.cause ?? "unknown", exit_code: exitCode, signal, restarts: target.row?.restarts ?? null, exits };
  say(turn, target, { level: "warn", event: "worker_exit", reason, more: { ...more, ends: burst.unsaid, lived_ms: null } });
  target.ledger.burst = { ...burst, lastLineAtMs: turn.state.nowMs, unsaid: {} } satisfies ExitBurst;
}

function sayExits(turn: Turn, target: Target, shares: readonly Share[], livedMs: number | null): void {
  const last = shares.at(-1);
  if (last === undefined) return;
  const exits = shares.reduce((sum, { count }) => sum + count, 0);
  const ends = shares.reduce<Readonly<Record<string, number>>>((all, { end, count }) => addEnd(all, end ?? UNKNOWN_END, count), {});
  const restarts = target.row?.restarts ?? null;
  const reason = `${whatHappened(shares, exits, livedMs)}; PM2 counts ${plural(restarts ?? 0, "restart")}`;
  const { cause, exitCode, signal } = last;
  say(turn, target, {
    level: "warn",
    event: "worker_exit",
    reason,
    more: { cause, exit_code: exitCode, signal, restarts, exits, ends, lived_ms: livedMs },
  });
}

function whatHappened(shares: readonly Share[], exits: number, livedMs: number | null): string {
  const [first] = shares;
  if (first !== undefined && exits === 1) return oneExit(first, livedMs);
  const times = `${exits} times since the list before`;
  const lived = livedMs === null ? "" : `, after ${inWords(livedMs)} on average`;
  const ends = shares.map(
    ({ end, count, cause }) => `${endWords(end)}${cause === "oom_killer" ? " of the kernel's OOM killer" : ""}: ${count}`,
  );
  return shares.every(({ cause }) => cause === "unknown")
    ? `was restarted ${times}, and healer could not see why`
    : `ended ${times} without being told to${lived} (${ends.join(", ")})`;
}

function oneExit({ cause, signal, end }: Share, livedMs: number | null): string {
  const after = livedMs === null ? "" : livedMs < 1000 ? " within a second" : ` after ${inWords(livedMs)}`;
  if (cause === "unknown") return "was restarted, and healer could not see why";
  if (cause === "oom_killer") return `ended by SIGKILL${after}, and the kernel's OOM killer had just ended a process`;
  if (signal !== null) return `ended by ${signal}${after}, sent neither by PM2 nor by healer`;
  return `ended by itself${after}: ${endWords(end)}`;
}

function endsWords(ends: Readonly<Record<string, number>>): string {
  return Object.entries(ends)
    .map(([end, count]) => `${endWords(end)}: ${count}`)
    .join(", ");
}

function endWords(end: string | null): string {
  return end === null || end === UNKNOWN_END ? "cause unknown" : end === "not seen" ? "exit code not seen" : end;
}
