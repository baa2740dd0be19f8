import type { Control } from "../../src/core/control.ts";
import type { JournalRecord } from "../../src/core/journal-record.ts";
import { loadState, overlayRecord, type SavedState } from "../../src/core/persist.ts";
import { createState, type Globals, type State } from "../../src/core/state.ts";
import type { Policy } from "../../src/core/strategy.ts";

/** What goes wrong in a world round the core. */
export interface Faults {
  journal: string | null;
  action: "ok" | "error" | "silent";
  takesMs: number;
  confirmTakesMs: number;
  /** Effect boundaries until the daemon dies; null = it lives. */
  diesAfter: number | null;
}

/** The state of a daemon that starts, as `daemon/restore.ts` makes it: the snapshot, then every later record laid over it. */
export function bootedState(from: {
  readonly policy: Policy;
  readonly selfPids: readonly number[];
  readonly nowMs: number;
  readonly wallMs: number;
  readonly snapshot: string | null;
  readonly later: readonly JournalRecord[];
}): State {
  const { policy, selfPids, nowMs, wallMs } = from;
  const state = createState({ policy, self: { pids: selfPids }, seed: 7, atMs: nowMs, wallMs });
  if (from.snapshot !== null) loadState(state, JSON.parse(from.snapshot) as SavedState);
  for (const record of from.later) {
    const { target, control, globals } = JSON.parse(JSON.stringify(record)) as { target: string; control: Control; globals: Globals };
    overlayRecord(state, { target, control, globals });
  }
  return state;
}
