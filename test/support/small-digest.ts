import { processKey } from "../../src/simulate/invariants/books.ts";
import { relativeDigest } from "./relative-digest.ts";
import type { SmallWorld } from "./small-world.ts";

/**
 * Equal for worlds with the same future, however late it is and whatever pids and ids have been used up. That is sound because
 * neither the core nor the invariants nor this world asks how late it is, only how long ago something was (I13), and the
 * policy has no jitter and no calendar. Left out is what nobody will read again: of the journal what the snapshot covers (but for
 * heals that are open, whose newest record is looked at when they act), notes and lines for people, and of processes that are gone
 * when they were first seen. `test/core/exhaustive.test.ts` looks whether worlds of one digest do have the same future.
 */
export function digestOf(small: SmallWorld): number {
  const { policy: _policy, watchdog, globals, ...state } = small.state;
  const {
    executed,
    seenAtMs,
    toldAtMs,
    toldRows: _rows,
    symptoms: _symptoms,
    before: _before,
    trialsAtMs,
    resetAtMs,
    journal,
    ...books
  } = small.books;
  const later = small.journal.slice(small.snapshot?.records ?? 0).map(({ note: _note, ...record }) => record);
  const open = [...journal.open].map(([target, id]) => [target, id, small.journal.findLast(({ healId }) => healId === id)?.control]);
  const seen = [...small.rows.values()].map((row) => [seenAtMs, toldAtMs].map((atMs) => atMs.get(processKey(row))));
  const done = executed.map(({ target, healId, step: half, row, action }) => [target, healId, half, row.pmId, row.instance, action]);
  const counted = [...[...executed, ...watchdog.done].map(({ atMs }) => atMs), ...resetAtMs.values(), ...[...trialsAtMs.values()].flat()];
  const told = [state, { ...globals, healCount: 0 }, watchdog, books, resetAtMs, trialsAtMs, done, { counted }, later, open, seen];
  const { pm2, snapshot, ordered, confirmed, disk, isSlow, nowMs, wallMs } = small;
  const people = [[...small.sick].sort(), [...small.stopped].sort((one, other) => one - other)];
  const world = [pm2, snapshot?.saved, snapshot?.atMs, people, ordered, confirmed, disk, isSlow];
  return relativeDigest([told, world], { nowMs, wallMs, healCount: globals.healCount });
}
