import type { Heal } from "./control.ts";
import { ONLINE_BEFORE_REMOVAL_MS } from "./replace-plan.ts";
import { preOf } from "./subject.ts";
import type { State, Successor, Target } from "./state.ts";
import { inWords } from "./words.ts";
import type { WorkerRow } from "./worker-row.ts";

/** "pm_id 5, pid 4711": two rows of one worker are told apart by it. */
export function sayRow(row: Pick<WorkerRow, "pmId" | "pid">): string {
  return `pm_id ${row.pmId}${row.pid === null ? "" : `, pid ${row.pid}`}`;
}

/** What a step of a replace has done, for the heal log. `worker`: as it is listed now. */
export function sayReplaceStep(
  worker: Target,
  heal: Heal,
  step: string,
  done: { ok: boolean; error: string | null; tookMs: number },
): string {
  const old = preOf(heal);
  const oldOne = old === null ? "the old one" : `the old one (${sayRow(old)})`;
  const newOne = worker.successor?.row ?? (worker.row !== null && worker.row.pmId !== old?.pmId ? worker.row : null);
  const newWords = newOne === null ? "its replacement" : `its replacement (${sayRow(newOne)})`;
  const failed = `failed after ${done.tookMs} ms: ${done.error ?? "no reason given"}`;
  if (step === "remove")
    return done.ok ? `${oldOne} deleted in ${done.tookMs} ms; ${newWords} works in its place` : `deleting ${oldOne} ${failed}`;
  if (step === "undo") {
    const reason = heal.replace?.undo?.reason ?? "";
    return done.ok ? `its replacement deleted again in ${done.tookMs} ms: ${reason}` : `deleting ${newWords} again ${failed}`;
  }
  return done.ok
    ? `a second ${worker.id} started in ${done.tookMs} ms${newOne === null ? "" : ` (${sayRow(newOne)})`}; ${oldOne} is deleted when that has been online for ${inWords(ONLINE_BEFORE_REMOVAL_MS)}`
    : `starting a second ${worker.id} ${failed}`;
}

/** What it waits for, for `status` and `explain`. */
export function sayReplacePhase(state: State, worker: Target | null, heal: Heal): string {
  const successor = worker?.successor ?? null;
  const two = successor === null ? "a second one is being started" : sayProgress(state, successor);
  if (heal.replace?.undo != null) return `heal ${heal.id}: its replacement goes again: ${heal.replace.undo.reason}`;
  return `heal ${heal.id}: ${two}`;
}

function sayProgress(state: State, { row, onlineSinceMs }: Successor): string {
  const since = onlineSinceMs === null ? `is ${row.status}` : `has been online for ${inWords(state.nowMs - onlineSinceMs)}`;
  return `its replacement (${sayRow(row)}) ${since}; the old one is deleted after ${inWords(ONLINE_BEFORE_REMOVAL_MS)} online`;
}
