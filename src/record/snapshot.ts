import { join } from "node:path";
import type { Json } from "../core/log-record.ts";
import { success, type Outcome } from "../core/outcome.ts";
import type { ClockAnchor } from "../world/clock/reducer-clock.ts";
import type { FileError, Files } from "../world/files/files.ts";

/** Everything a decision rests on, as of one journal record: windows, evidence, counters, deadlines. */
export interface Snapshot {
  readonly v: 1;
  /** Newest journal record whose effect is in `state`; later ones are laid over it. */
  readonly seq: number;
  readonly clock: ClockAnchor;
  readonly state: Json;
  readonly savedWallMs: number;
}

/** `state.json`, with the one before as `state.json.bak`. */
export interface Snapshots {
  /** Null with nothing in `findings` = a first start. What could not be read or was left out is a finding each. */
  load(): { readonly snapshot: Snapshot | null; readonly findings: readonly string[] };
  /** Atomic and durable. `coveredSeq` is what both files cover: the journal may be pruned up to there, no further. */
  save(snapshot: Snapshot): Outcome<{ readonly coveredSeq: number }, FileError>;
}

const SNAPSHOT_BYTES_MAX = 64 * 1024 * 1024; // a worker takes a few KiB: room for ten thousand

export function openSnapshots(files: Files, home: string): Snapshots {
  const path = join(home, "state.json");
  const previousPath = `${path}.bak`;
  let savedSeq: number | null = null;
  return {
    load() {
      const newest = loadOne(files, path);
      if (newest.ok) {
        savedSeq = newest.value.seq;
        return { snapshot: newest.value, findings: [] };
      }
      const previous = loadOne(files, previousPath);
      const findings = newest.error === null ? [] : [newest.error];
      if (previous.ok) return { snapshot: previous.value, findings: [...findings, `went on from ${previousPath}`] };
      if (previous.error !== null) findings.push(previous.error);
      return { snapshot: null, findings };
    },
    save(snapshot) {
      const saved = files.replace(path, `${JSON.stringify(snapshot)}\n`, previousPath);
      if (!saved.ok) return saved;
      const coveredSeq = Math.min(savedSeq ?? 0, snapshot.seq);
      savedSeq = snapshot.seq;
      return success({ coveredSeq });
    },
  };
}

/** Error null = there is no such file. */
function loadOne(files: Files, path: string): Outcome<Snapshot, string | null> {
  const read = files.read(path, SNAPSHOT_BYTES_MAX);
  if (!read.ok) return { ok: false, error: read.error.kind === "absent" ? null : read.error.message };
  try {
    const value: unknown = JSON.parse(read.value.toString());
    return isSnapshot(value) ? success(value) : { ok: false, error: `${path} is not a snapshot of this version of healer` };
  } catch {
    return { ok: false, error: `${path} is not JSON` };
  }
}

function isSnapshot(value: unknown): value is Snapshot {
  if (typeof value !== "object" || value === null) return false;
  const snapshot = value as Partial<Record<keyof Snapshot, unknown>>;
  return (
    snapshot.v === 1 &&
    Number.isSafeInteger(snapshot.seq) &&
    Number(snapshot.seq) >= 0 &&
    Number.isFinite(snapshot.savedWallMs) &&
    snapshot.state !== undefined &&
    isAnchor(snapshot.clock)
  );
}

function isAnchor(value: unknown): value is ClockAnchor {
  if (typeof value !== "object" || value === null) return false;
  const anchor = value as Partial<Record<keyof ClockAnchor, unknown>>;
  return typeof anchor.bootId === "string" && [anchor.monotonicMs, anchor.wallMs, anchor.reducerMs].every(Number.isFinite);
}
