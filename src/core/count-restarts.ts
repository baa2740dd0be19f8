import { attribute, countedExits } from "./attribute.ts";
import { whoCommanded } from "./commander.ts";
import { tellExits } from "./exit-lines.ts";
import { forgetExits, forgetOutlivedExits, isAtRest } from "./hearing.ts";
import { addShare, type Commander, type CountedRow, type Share } from "./restart-ledger.ts";
import type { Target } from "./state.ts";
import { say, type Turn } from "./turn.ts";
import type { WorkerRow } from "./worker-row.ts";

export interface ReadRow {
  readonly row: WorkerRow;
  readonly generation: string;
  /** An action of healer's own is at it. */
  readonly isOurs: boolean;
  /** Of the row before this one; null = not known. */
  readonly memoryBytes: number | null;
}

/**
 * Takes one reading of a worker's row into its ledger: by how much PM2's restart count has grown, and for what. Tells of exits
 * that nobody commanded; of commanded starts `restarts.ts` tells, by the commander found here. Decides nothing.
 */
export function countRestarts(turn: Turn, target: Target, read: ReadRow): void {
  const { ledger } = target;
  const { row, generation } = read;
  const { seen } = ledger;
  if (seen === null || (seen.generation === generation && seen.pmId !== row.pmId)) ledger.commander = null;
  else if (seen.generation !== generation) countNewDaemon(turn, target, seen, read);
  else countSameRow(turn, target, seen, read);
  ledger.seen = countedRow(ledger.seen, read);
  ledger.isOutdated = false;
  forgetOutlivedExits(turn.state.hearing, row);
}

function countSameRow(turn: Turn, target: Target, seen: CountedRow, read: ReadRow): void {
  const { ledger } = target;
  const { row } = read;
  // After `pm2 reset` it begins at 0 again.
  const restarted = row.restarts >= seen.restarts ? row.restarts - seen.restarts : row.restarts;
  const hasMoved = row.createdWallMs !== null && row.createdWallMs !== seen.createdWallMs;
  if (restarted === 0) {
    if (hasMoved && isNewProcess(seen, row)) ledger.commander = commanderOf(turn, target, read, 0);
    return;
  }
  const commander = hasMoved ? commanderOf(turn, target, read, 1) : null;
  const change = { restarted, seen, row, exits: turn.state.hearing.rows.get(row.pmId)?.exits ?? [], commander };
  const shares = attribute(change);
  forgetExits(turn.state.hearing, row.pmId, countedExits(change));
  const counted = shares.reduce((sum, { cause, count }) => sum + (commander?.cause === cause ? count : 0), 0);
  ledger.commander =
    commander === null || ledger.commander?.createdWallMs === commander.createdWallMs ? ledger.commander : { ...commander, counted };
  tell(turn, target, { shares, seen, row });
  // Where it may have been healer itself, nobody is named.
  if (counted > 0 && !read.isOurs && isAtRest(row) && ledger.commander?.cause !== "unknown") sayCommander(turn, target, row);
}

/** What a new daemon has brought back is another process, whatever its count; what it has restarted since nobody saw. */
function countNewDaemon(turn: Turn, target: Target, seen: CountedRow, { row }: ReadRow): void {
  const { ledger } = target;
  ledger.commander = null;
  const died: readonly Share[] = seen.isAtRest ? [] : [{ cause: "daemon", count: 1, exitCode: null, signal: null, end: null }];
  const unseen: readonly Share[] =
    row.restarts === 0 ? [] : [{ cause: "unknown", count: row.restarts, exitCode: null, signal: null, end: null }];
  tell(turn, target, { shares: [...died, ...unseen], seen, row });
  if (died.length === 0) return;
  const reason = "PM2's daemon ended and took its workers along, or left them behind; another one has started this worker";
  say(turn, target, { level: "info", event: "external_restart", reason, more: { restarts: row.restarts, cause: "daemon", counted: 1 } });
}

function tell(turn: Turn, target: Target, { shares, seen, row }: { shares: readonly Share[]; seen: CountedRow; row: WorkerRow }): void {
  const { state } = turn;
  const startedWallMs = row.startedWallMs !== seen.startedWallMs && (row.startedWallMs ?? 0) <= state.wallMs ? row.startedWallMs : null;
  for (const share of shares) addShare(target.ledger, share, startedWallMs ?? share.endedWallMs ?? state.wallMs);
  const exits = shares.filter(({ cause, end }) => end !== null || cause === "unknown");
  const restarted = shares.reduce((sum, { count }) => sum + count, 0);
  const endedWallMs = shares.findLast((share) => share.endedWallMs !== undefined)?.endedWallMs ?? startedWallMs;
  const livedMs = endedWallMs === null || seen.startedWallMs === null ? null : Math.round((endedWallMs - seen.startedWallMs) / restarted);
  if (exits.length > 0) tellExits(turn, target, exits, livedMs === null || livedMs < 0 ? null : livedMs);
}

/** The one found before stands: what it rested on is forgotten by now. */
function commanderOf(turn: Turn, target: Target, { row, isOurs, memoryBytes }: ReadRow, counted: number): Commander | null {
  const { createdWallMs } = row;
  const { ledger } = target;
  if (createdWallMs === null) return null;
  if (ledger.commander?.createdWallMs === createdWallMs) return ledger.commander;
  const { cause, words } = whoCommanded(turn.state, { row, isOurs, doubt: whyDoubt(target), memoryBytes });
  return { createdWallMs, cause, words, counted };
}

function whyDoubt({ ledger, control: { phase } }: Target): string | null {
  if (ledger.isOutdated) return "healer, or somebody else while healer was away";
  return phase.name === "verifying" && phase.error !== null ? "PM2 for healer, which had given up waiting for it, or somebody else" : null;
}

function isNewProcess(seen: CountedRow, row: WorkerRow): boolean {
  return row.pid !== null && row.status !== "stopping" && row.startedWallMs !== seen.startedWallMs;
}

/** `created_at` moves before the old process has ended: it counts as seen once the new one is there, or the restart is counted. */
function countedRow(before: CountedRow | null, { row, generation }: ReadRow): CountedRow {
  const { pmId, restarts } = row;
  const isSameRow = before?.generation === generation && before.pmId === pmId;
  const isSettled = !isSameRow || restarts !== before.restarts || (row.pid !== null && row.status !== "stopping");
  const { createdWallMs, startedWallMs } = isSettled ? row : before;
  const isSame =
    isSameRow &&
    [before.restarts, before.createdWallMs, before.startedWallMs, before.isAtRest].every(
      (value, index) => value === [restarts, createdWallMs, startedWallMs, isAtRest(row)][index],
    );
  return isSame ? before : { generation, pmId, restarts, createdWallMs, startedWallMs, isAtRest: isAtRest(row) };
}

/** Of a start that somebody commanded: who, and what that rests on. Said where its process is seen, or has ended before it was. */
export function sayCommander(turn: Turn, target: Target, row: WorkerRow): void {
  const { commander } = target.ledger;
  const { cause, words, counted } = commander?.createdWallMs === row.createdWallMs && commander !== null ? commander : NOT_SEEN;
  const reason = `started or restarted by ${words}; ${isAtRest(row) ? "it is down again" : "its grace period begins"}`;
  say(turn, target, { level: "info", event: "external_restart", reason, more: { restarts: row.restarts, cause, counted } });
}

const NOT_SEEN = { cause: "unknown", words: "an operator, a deploy, or PM2 itself (memory limit, watch, cron)", counted: 0 } as const;
