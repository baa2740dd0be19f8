import { hasPair, healOf, type Control, type PreImage, type Replace } from "./control.ts";
import type { TargetId } from "./observation.ts";
import { groupIdOf } from "./select.ts";
import type { State, Target } from "./state.ts";
import { preOf } from "./subject.ts";
import { sameIncarnation, type WorkerRow } from "./worker-row.ts";

/** A replace under way: whose, and how its replacement is known. */
interface Pending {
  readonly subject: TargetId;
  readonly pre: PreImage;
  readonly replace: Replace;
}

/**
 * The rows that are to take a worker's place, by the worker's id, as long as both are listed. They are not counted: not as
 * targets, not as one too many. Also for targets that this healer has not met yet: after its restart the first list shows both.
 */
export function successorsIn(state: State, rows: readonly WorkerRow[], generation: string): ReadonlyMap<TargetId, WorkerRow> {
  const found = new Map<TargetId, WorkerRow>();
  for (const { subject, pre, replace } of pendingReplaces(state)) {
    const pair = rows.filter((row) => numberedId(row) === subject).sort((one, other) => one.pmId - other.pmId);
    const candidates = pair.filter((row) => isSuccessor(row, { pre, replace, generation }));
    const stamped = candidates.findLast(({ createdWallMs }) => createdWallMs === replace.stampWallMs);
    const successor = stamped ?? (candidates.length === 1 ? candidates[0] : undefined);
    if (pair.length > 1 && successor !== undefined) found.set(subject, successor);
  }
  return found;
}

/** A row that is there already while the second one has not been asked for is another worker. */
function pendingReplaces(state: State): readonly Pending[] {
  return [...pendingOf([...state.targets].filter(([, target]) => mayHavePair(target))), ...pendingOf(state.absent)];
}

/** Of a replace under way: of a healer that died before the second one was asked for, as it says, nobody knows. */
export function mayHavePair({ control: { phase }, recoveringSinceMs }: Target): boolean {
  return hasPair(phase) || (recoveringSinceMs !== null && healOf(phase)?.replace != null);
}

function pendingOf(known: Iterable<readonly [TargetId, { readonly control: Control }]>): readonly Pending[] {
  const pending: Pending[] = [];
  for (const [id, { control }] of known) {
    const heal = healOf(control.phase);
    const pre = heal === null ? null : preOf(heal);
    if (heal?.replace != null && pre !== null) pending.push({ subject: heal.roll?.current?.target ?? id, pre, replace: heal.replace });
  }
  return pending;
}

/**
 * By its pm_id once that is known. Before, and in another PM2 daemon, by the `created_at` it was given; PM2 forgets that of a
 * process it gives up or somebody restarts, but nobody else starts a second one under a number that is taken.
 */
export function isSuccessor(
  row: WorkerRow,
  { pre, replace, generation }: { pre: PreImage; replace: Replace; generation: string },
): boolean {
  if (replace.successor?.generation === generation) return row.pmId === replace.successor.pmId;
  if (row.createdWallMs === replace.stampWallMs) return row.pmId !== pre.pmId || generation !== pre.generation;
  return generation === pre.generation && row.pmId > pre.pmId;
}

/** What `app:0` and `app:0~1` have in common. */
function numberedId(row: WorkerRow): TargetId {
  return `${groupIdOf(row)}:${row.instance}`;
}

/** Two rows under one number cannot be told apart once one of them is gone. */
export function sharesNumber(state: State, target: Target, row: WorkerRow): boolean {
  if (target.id !== numberedId(row) || target.successor !== null) return true;
  const members = state.groups.get(target.group)?.members ?? [];
  return members.some((id) => id !== target.id && state.targets.get(id)?.row?.instance === row.instance);
}

/** Takes in what the list says of a target's successor. Online counts from when this process was first seen to be. */
export function followSuccessor(state: State, target: Target, row: WorkerRow | null): void {
  const before = target.successor;
  if (row === null) {
    target.successor = null;
    return;
  }
  const isOnline = row.status === "online" && row.pid !== null;
  const isSame = before !== null && sameIncarnation({ generation: "", ...before.row }, { generation: "", ...row });
  target.successor = { row, onlineSinceMs: isOnline ? ((isSame ? before.onlineSinceMs : null) ?? state.nowMs) : null };
}
