import type { HeardExit } from "./hearing.ts";
import type { Commander, CountedRow, Share } from "./restart-ledger.ts";
import type { WorkerRow } from "./worker-row.ts";

/** PM2's restart count has grown, and what is known of how. */
export interface RestartChange {
  /** By how much. */
  readonly restarted: number;
  readonly seen: CountedRow;
  readonly row: WorkerRow;
  /** Exits that PM2 spoke of since the count before, oldest first; empty = none was heard. */
  readonly exits: readonly HeardExit[];
  /** Who moved `created_at`; null = it stands, so that PM2 merely brought back what had ended. */
  readonly commander: Pick<Commander, "cause"> | null;
}

/**
 * Divides the increments among causes; the counts of the shares add up to `restarted`. An exit that PM2 was not told to make is
 * worth one increment; a moved `created_at` is worth one, or as many as there were commanded exits. What neither explains is a crash
 * where `created_at` stands still, and else unknown. The newest comes last.
 */
export function attribute(change: RestartChange): readonly Share[] {
  const { restarted, commander } = change;
  const exits = countedExits(change);
  const crashes = exits.filter(({ isCommanded }) => !isCommanded).slice(-restarted);
  const commands = commander === null ? 0 : Math.min(restarted - crashes.length, commandsIn(exits, change));
  const left = restarted - crashes.length - commands;
  const isCrash = commander === null && exits.every(({ isCommanded }) => !isCommanded);
  const unheard = left === 0 ? [] : isCrash ? crashesUnheard(change, crashes.length === 0, left) : [plain("unknown", left)];
  const crashed = crashes.reduce<readonly Share[]>((shares, exit) => addCrash(shares, crashOf(exit)), []);
  const commanded = commandShares(commander, commands);
  const endsWithCrash = exits.at(-1)?.isCommanded === false;
  return endsWithCrash ? [...unheard, ...commanded, ...crashed] : [...unheard, ...crashed, ...commanded];
}

/** Those before the start of the process that runs now; of a row whose next process has not shown yet, as many as were counted. */
export function countedExits({ restarted, row, exits }: RestartChange): readonly HeardExit[] {
  const ended = exits.filter(({ wallMs }) => row.startedWallMs !== null && wallMs <= row.startedWallMs);
  return ended.length >= restarted ? ended : exits.slice(0, restarted);
}

/** A start of a row at rest moves `created_at` and counts nothing. */
function commandsIn(exits: readonly HeardExit[], { seen }: RestartChange): number {
  const heard = exits.filter(({ isCommanded }) => isCommanded).length;
  return heard === 0 && seen.isAtRest ? 0 : Math.max(1, heard);
}

/** Of several between two lists `created_at` tells of the last alone. */
function commandShares(commander: RestartChange["commander"], commands: number): readonly Share[] {
  if (commander === null || commands === 0) return [];
  if (commands === 1 || commander.cause === "healer") return [plain(commander.cause, commands)];
  return [plain("unknown", commands - 1), plain(commander.cause, 1)];
}

function crashOf({ wallMs, exitCode, signal, oomKills }: HeardExit): Share {
  const isOom = signal === "SIGKILL" && oomKills !== null && oomKills > 0;
  return {
    cause: isOom ? "oom_killer" : "crash",
    count: 1,
    exitCode,
    signal,
    end: signal ?? endOf(exitCode, "SIGINT"),
    endedWallMs: wallMs,
  };
}

/** Of the row only the last exit is known, where its next process is there, and not by what signal. */
function crashesUnheard({ row, seen }: RestartChange, isLast: boolean, count: number): readonly Share[] {
  const exitCode = isLast && row.pid !== null && row.startedWallMs !== seen.startedWallMs ? row.exitCode : null;
  const unseen: Share = { ...plain("crash", exitCode === null ? count : count - 1), end: "not seen" };
  const last: readonly Share[] = exitCode === null ? [] : [{ ...plain("crash", 1), exitCode, end: endOf(exitCode, "a signal") }];
  return unseen.count === 0 ? last : [unseen, ...last];
}

/** PM2 says 0 for a death by signal too. */
function endOf(exitCode: number, other: string): string {
  return exitCode === 0 ? `exit code 0 or ${other}` : `exit code ${exitCode}`;
}

function addCrash(shares: readonly Share[], crash: Share): readonly Share[] {
  const isSame = (share: Share): boolean => share.cause === crash.cause && share.end === crash.end;
  const same = shares.find(isSame);
  return [...shares.filter((share) => !isSame(share)), { ...crash, count: crash.count + (same?.count ?? 0) }];
}

function plain(cause: Share["cause"], count: number): Share {
  return { cause, count, exitCode: null, signal: null, end: null };
}
