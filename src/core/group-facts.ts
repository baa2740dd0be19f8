import type { OutsideCopy } from "./copy.ts";
import { copyKey } from "./member-key.ts";
import type { CopiesSeen, TargetId } from "./observation.ts";
import type { State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { mayEnd, type GroupFacts } from "./trim-plan.ts";
import type { WorkerRow } from "./worker-row.ts";

const COPIES_FRESH_MS = 30_000; // the sensor looks every turn; what it saw longer ago may have ended

/** What runs of a group, as of the newest list and the newest look round. */
export function groupFactsOf(state: State, group: TargetId): GroupFacts {
  const members = (state.groups.get(group)?.members ?? []).map((id) => state.targets.get(id)).filter((member) => member !== undefined);
  const workers = members.flatMap(({ id, row, view }) => (row === null ? [] : [{ id, row, readyAtMs: view.readyAtMs }]));
  const isFresh = state.copies !== null && state.nowMs - state.copies.atMs <= COPIES_FRESH_MS;
  return {
    workers,
    copies: isFresh ? (state.copies?.copies ?? []).filter(({ copy }) => copy.group === group) : [],
    copiesAtMs: isFresh ? (state.copies?.atMs ?? null) : null,
  };
}

/** Takes in a look at what runs beside PM2's rows. */
export function fileCopies(state: State, seen: CopiesSeen): void {
  const before = new Map((state.copies?.copies ?? []).map((known) => [copyKey(known.copy), known.startedAtMs]));
  const stamp = (copy: OutsideCopy): number => before.get(copyKey(copy)) ?? state.nowMs - Math.max(0, state.wallMs - copy.startedWallMs);
  const copies = seen.copies.map((copy) => ({ copy, startedAtMs: stamp(copy) }));
  state.copies = { atMs: seen.atMs, copies, rows: seen.rows };
}

/**
 * Copies that keep a worker from running: it is down, and one with its number (or none) runs outside PM2, holding the port
 * or the lock it needs. Only those `trim_outside` allows to end, and none in mode `observe`.
 */
export function copiesInTheWayOf(state: State, target: Target, strategy: Strategy): readonly OutsideCopy[] {
  const { row } = target;
  if (row === null || row.pid !== null || strategy.mode === "observe") return [];
  const { copies } = groupFactsOf(state, target.group);
  return copies.flatMap(({ copy }) => (mayEnd(copy, strategy.knobs.trimOutside) && isTwinOf(copy, row) ? [copy] : []));
}

function isTwinOf(copy: OutsideCopy, row: WorkerRow): boolean {
  return copy.script === row.script && (copy.instance === null || copy.instance === row.instance);
}
