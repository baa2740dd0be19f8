import type { Control } from "../core/control.ts";
import type { Json } from "../core/log-record.ts";
import { loadState, overlayRecord, saveState, whyNotSavedState, type SavedState } from "../core/persist.ts";
import { createState, type Globals, type State } from "../core/state.ts";
import type { Policy } from "../core/strategy.ts";
import { openJournal, type Journal } from "../record/journal.ts";
import { openSnapshots, type Snapshots } from "../record/snapshot.ts";
import type { StateHome } from "../record/state-home.ts";
import type { Clock } from "../world/clock/clock.ts";
import { anchorWithoutBoot, startReducerClock, type ReducerClock } from "../world/clock/reducer-clock.ts";
import type { Files } from "../world/files/files.ts";

const SNAPSHOT_EVERY_MS = 10_000;

export interface Memory {
  readonly state: State;
  readonly clock: ReducerClock;
  readonly journal: Journal;
  /** What was found damaged and repaired, or not; a warning each. */
  readonly findings: readonly string[];
  /** Saves if it is time, or now. Returns what went wrong with the newest attempt, or null. */
  readonly save: (when: "if-due" | "now") => string | null;
}

/**
 * Remembers: the newest snapshot, then every journal record after it laid over, and reducer time going on from the
 * later of the two.
 */
export function restoreMemory(options: {
  files: Files;
  home: StateHome;
  clock: Clock;
  policy: Policy;
  selfPids: readonly number[];
  /** Name of this machine. */
  host: string;
}): Memory {
  const { files, home, policy } = options;
  const snapshots = openSnapshots(files, home.home);
  const { snapshot, findings } = trusted(snapshots.load());
  const journal = openJournal({ files, dir: home.journal, afterSeq: snapshot?.seq ?? 0 });
  const newest = journal.recovered.at(-1);
  const anchor = snapshot?.clock ?? (newest === undefined ? null : anchorWithoutBoot(newest.atMs, newest.wallMs));
  const clock = startReducerClock(options.clock, anchor, newest?.atMs ?? 0);
  const seed = seedFrom(`${options.host} ${home.home}`);
  const state = createState({ policy, self: { pids: options.selfPids }, seed, atMs: clock.nowMs(), wallMs: clock.wallMs() });
  if (snapshot !== null) loadState(state, snapshot.state as unknown as SavedState);
  for (const record of journal.recovered) {
    overlayRecord(state, {
      target: record.target,
      control: record.control as unknown as Control,
      globals: record.globals as unknown as Globals,
    });
  }
  if (journal.state === "corrupt") state.journalError = { reason: journal.problem ?? "corrupt", retryAtMs: null };
  const save = saver({ snapshots, journal, state, clock });
  return { state, clock, journal, findings: [...findings, ...journal.findings], save };
}

/** A snapshot whose inside is not what this version writes is left out, and said so. */
function trusted(loaded: ReturnType<Snapshots["load"]>): ReturnType<Snapshots["load"]> {
  const why = loaded.snapshot === null ? null : whyNotSavedState(loaded.snapshot.state);
  if (why === null) return loaded;
  return { snapshot: null, findings: [...loaded.findings, `state.json cannot be used (${why}); streaks and windows begin anew`] };
}

function saver(parts: { snapshots: Snapshots; journal: Journal; state: State; clock: ReducerClock }): Memory["save"] {
  const { snapshots, journal, state, clock } = parts;
  let savedAtMs = Number.NEGATIVE_INFINITY;
  let { standings } = state; // since when each strategy is what it is must survive whatever comes next
  let trouble: string | null = null;
  return (when) => {
    const nowMs = clock.nowMs();
    const isDue = nowMs - savedAtMs >= SNAPSHOT_EVERY_MS || state.standings !== standings;
    if (when === "if-due" && !isDue) return trouble;
    if (journal.state === "corrupt") return trouble; // what a person is to look into is not replaced by what little is known
    savedAtMs = nowMs;
    standings = state.standings;
    const savedWallMs = clock.wallMs();
    const saved = snapshots.save({
      v: 1,
      seq: journal.lastSeq,
      clock: clock.anchor(),
      state: saveState(state) as unknown as Json,
      savedWallMs,
    });
    trouble = saved.ok ? null : saved.error.message;
    if (saved.ok) journal.prune(saved.value.coveredSeq, savedWallMs);
    return trouble;
  };
}

/** The jitter of one host differs from its neighbour's and stays its own over restarts. */
function seedFrom(text: string): number {
  let hash = 7;
  for (const sign of text) hash = (Math.imul(hash, 31) + (sign.codePointAt(0) ?? 0)) | 0;
  return hash;
}
