import type { Heal, PreImage, Replace } from "./control.ts";
import { preOf, workerOf } from "./subject.ts";
import type { State, Successor, Target } from "./state.ts";
import { strategyOf } from "./turn.ts";
import { isSuccessor } from "./successor.ts";
import { inWords } from "./words.ts";
import type { WorkerRow } from "./worker-row.ts";

/** PM2 says `online` of a process that dies a second later. */
export const ONLINE_BEFORE_REMOVAL_MS = 10_000;
const WAIT_FOR_ONLINE_MAX_MS = 120_000;
const CRASHES_MAX = 3; // it has begun a crash loop; more restarts tell nothing new, and each one may hurt the old one
const SETTLE_SLACK_MS = 5_000;

/** What is to be done about the two, read from the newest list. */
export type ReplaceNext =
  | { readonly name: "wait" }
  | { readonly name: "remove"; readonly row: WorkerRow }
  | { readonly name: "undo"; readonly row: WorkerRow; readonly verdict: "failed" | "aborted"; readonly reason: string }
  /** The old one is gone by our doing. */
  | { readonly name: "done" }
  /** There are not two (any more), and that was not our doing, or is what was wanted. */
  | { readonly name: "end"; readonly verdict: "failed" | "aborted"; readonly reason: string };

/** Its stamp tells the new row from all others: nobody else is given a number that is taken. */
export function beginReplace(state: State): Replace {
  const stampWallMs = Math.floor(state.wallMs);
  return { stampWallMs, successor: null, addedAtMs: null, error: null, removing: false, undo: null, tries: 0 };
}

const WAIT: ReplaceNext = { name: "wait" };
const REPLACED = "PM2 was replaced by a new daemon before it was done";

/**
 * Decided anew from the world each time, so that it does not matter who died in between: the new one has been online for ten
 * seconds and the old one is still the one judged, then the old one goes; the new one does not come up, or somebody else has
 * acted on the old one meanwhile, then the new one goes. Never both.
 */
export function nextOfReplace(state: State, target: Target, heal: Heal, replace: Replace): ReplaceNext {
  const subject = workerOf(state, target, heal);
  const pre = preOf(heal);
  const row = subject?.row ?? null;
  if (subject === null || row === null || pre === null || state.pm2.name !== "up") return abort("the worker is gone");
  const { generation } = state.pm2;
  const { successor } = subject;
  if (successor === null || isThird(row, pre, generation))
    return withoutPair(state, { row: successor?.row ?? row, pre, replace, generation });
  if (replace.undo !== null) return { name: "undo", row: successor.row, ...replace.undo };
  const undo = (verdict: "failed" | "aborted", reason: string): ReplaceNext => ({ name: "undo", row: successor.row, verdict, reason });
  if (generation !== pre.generation) return undo("aborted", REPLACED);
  if (!replace.removing) {
    if (row.status === "stopping") return WAIT;
    const changed = whyOldChanged(row, pre);
    if (changed !== null) return undo("aborted", changed);
  } else if (row.status !== "online" || row.pid === null) return { name: "remove", row }; // half deleted by us: it must not be the one that stays
  const trouble = whyNotUp(state, successor, replace);
  if (trouble !== null)
    return undo("failed", `its replacement (pm_id ${successor.row.pmId}) did not come up: ${trouble}; the old one stays`);
  const readyAtMs = successor.onlineSinceMs === null ? null : successor.onlineSinceMs + ONLINE_BEFORE_REMOVAL_MS;
  if (readyAtMs === null || state.nowMs < readyAtMs) return WAIT;
  const isBusy = subject.runningTasks > 0 && state.nowMs < readyAtMs + strategyOf(state, subject).knobs.drainMs;
  return isBusy ? WAIT : { name: "remove", row };
}

/** That somebody has added: it is listed under the worker's name once the old one has gone. */
function isThird(row: WorkerRow, pre: PreImage, generation: string): boolean {
  return generation === pre.generation && row.pmId !== pre.pmId;
}

function withoutPair(state: State, seen: { row: WorkerRow; pre: PreImage; replace: Replace; generation: string }): ReplaceNext {
  const { row, pre, replace, generation } = seen;
  if (isSuccessor(row, seen)) {
    if (replace.removing) return { name: "done" };
    return abort(`superseded: somebody deleted the old one (pm_id ${pre.pmId}); its replacement (pm_id ${row.pmId}) stays in its place`);
  }
  if (replace.undo !== null) return { name: "end", ...replace.undo };
  if (generation !== pre.generation) return abort(REPLACED);
  if (replace.successor !== null)
    return abort(
      `superseded: somebody deleted its replacement (pm_id ${replace.successor.pmId}) before it had taken over; the old one stays`,
    );
  const settledAtMs = (replace.addedAtMs ?? state.nowMs) + row.listenTimeoutMs + SETTLE_SLACK_MS;
  if (state.nowMs < settledAtMs) return WAIT;
  const error = replace.error === null ? "" : ` (${replace.error})`;
  return { name: "end", verdict: "failed", reason: `no second one has come up in PM2's list${error}; the old one stays` };
}

function abort(reason: string): ReplaceNext {
  return { name: "end", verdict: "aborted", reason };
}

/** A crash of the old one is no news: it is sick. What counts is whether somebody else has commanded anything. */
function whyOldChanged(row: WorkerRow, pre: PreImage): string | null {
  if (row.status === "stopped" && row.pid === null)
    return "superseded: somebody stopped the old one meanwhile, so its replacement goes too";
  if (row.createdWallMs !== null && row.createdWallMs !== pre.createdWallMs)
    return "superseded: somebody else restarted the old one meanwhile, so its replacement goes";
  return null;
}

function whyNotUp(state: State, { row, onlineSinceMs }: Successor, replace: Replace): string | null {
  if (row.status === "errored") return "PM2 has given it up (errored)";
  if (row.status === "stopped" && row.pid === null) return "it is stopped";
  if (row.restarts >= CRASHES_MAX) return `it has crashed ${row.restarts} times`;
  const waitedMs = state.nowMs - (replace.addedAtMs ?? state.nowMs);
  const isLate = waitedMs >= WAIT_FOR_ONLINE_MAX_MS + row.listenTimeoutMs;
  return isLate && (onlineSinceMs === null || state.nowMs - onlineSinceMs < ONLINE_BEFORE_REMOVAL_MS)
    ? `it has not been online for ${inWords(ONLINE_BEFORE_REMOVAL_MS)} within ${inWords(waitedMs)}`
    : null;
}
