import type { JournalRecord } from "../core/journal-record.ts";
import { failure, success, type Outcome } from "../core/outcome.ts";
import type { AppendFile, FileOutcome, Files } from "../world/files/files.ts";
import { encodeFrame, type SequencedRecord } from "./journal-frame.ts";
import { recoverJournal, segmentPath, type Segment } from "./journal-recovery.ts";

/**
 * Durable intents and verdicts. A record that `append` acknowledged is on disk and comes back after any crash; one that
 * it refused may come back too, so an intent found without an outcome says nothing about whether it was acted on.
 */
export interface Journal {
  /**
   * `good` · `failed`: the last append did not reach the disk; the next one tries a new file, so a disk that recovers
   * needs no restart · `corrupt`: acknowledged records are missing, changed or cannot be read; nothing is appended until a person looked.
   */
  readonly state: "good" | "failed" | "corrupt";
  /** What is wrong, in words; null while good. */
  readonly problem: string | null;
  /** Seq of the newest acknowledged record, 0 = none. */
  readonly lastSeq: number;
  /** Records after `afterSeq`, as found when the journal was opened. */
  readonly recovered: readonly SequencedRecord[];
  /** What opening found and repaired; each is worth a warning in the log. */
  readonly findings: readonly string[];
  /** Returns after fsync with the record's seq. A failure means: do not act. */
  append(record: JournalRecord): Outcome<number, JournalError>;
  /**
   * Removes segments whose records are all covered by both snapshots (`coveredSeq` of `Snapshots.save`) and older than a
   * day, kept so long for whoever looks into an incident; covered ones beyond the maximum at once. Nothing of a corrupt
   * journal: it is what a person has to look at, and without it the next start would find all well. Returns how many.
   */
  prune(coveredSeq: number, wallMs: number): number;
  close(): void;
}

export interface JournalError {
  readonly kind: "corrupt" | "too-large" | "disk";
  readonly message: string;
}

export const SEGMENT_BYTES_MAX = 1024 * 1024;
export const SEGMENTS_MAX = 64; // weeks of the 17 heals an hour that the token bucket allows at most
const SEGMENTS_KEPT_MAX = 32;
const RECORD_BYTES_MAX = 256 * 1024; // the largest control state measured is a few KiB; more is a bug, not evidence
const KEEP_MS = 24 * 3_600_000;

export interface JournalOptions {
  readonly files: Files;
  /** `HEALER_HOME/journal`; made if absent. */
  readonly dir: string;
  /** Seq that the loaded snapshot covers, 0 without one. */
  readonly afterSeq: number;
}

export function openJournal(options: JournalOptions): Journal {
  return new SegmentedJournal(options);
}

class SegmentedJournal implements Journal {
  state: Journal["state"] = "good";
  problem: string | null = null;
  lastSeq: number;
  readonly recovered: readonly SequencedRecord[];
  readonly findings: readonly string[];
  readonly #files: Files;
  readonly #dir: string;
  #segments: Segment[];
  #nextNumber: number;
  #current: { readonly file: AppendFile; bytes: number } | null = null;
  /** A record found at the start that may be in the page cache only: it goes ahead of the next one. */
  #unsecured: Buffer | null = null;

  constructor({ files, dir, afterSeq }: JournalOptions) {
    this.#files = files;
    this.#dir = dir;
    files.makeDir(dir); // where that fails, so does listing it, and recovery says why
    const found = recoverJournal(files, dir, afterSeq);
    this.recovered = found.records;
    this.findings = found.findings;
    this.#segments = [...found.segments];
    this.#nextNumber = (found.segments.at(-1)?.number ?? 0) + 1;
    this.lastSeq = Math.max(found.lastSeq, afterSeq);
    if (found.corruption !== null) this.#give("corrupt", found.corruption);
    else this.#secureLast();
  }

  append(record: JournalRecord): Outcome<number, JournalError> {
    if (this.state === "corrupt") return failure({ kind: "corrupt", message: this.problem ?? "the journal is corrupt" });
    const seq = this.lastSeq + 1;
    const frame = encodeFrame(seq, record);
    if (frame.length > RECORD_BYTES_MAX)
      return failure({ kind: "too-large", message: `a journal record of ${frame.length} bytes is larger than ${RECORD_BYTES_MAX}` });
    const written = this.#write(this.#unsecured === null ? frame : Buffer.concat([this.#unsecured, frame]));
    if (!written.ok) {
      this.#give("failed", written.error.message);
      return failure({ kind: "disk", message: written.error.message });
    }
    this.#unsecured = null;
    this.state = "good";
    this.problem = null;
    this.lastSeq = seq;
    this.#noteLast(seq, record.wallMs);
    return success(seq);
  }

  prune(coveredSeq: number, wallMs: number): number {
    if (this.state === "corrupt") return 0;
    const closed = this.#current === null ? this.#segments : this.#segments.slice(0, -1);
    let removed = 0;
    for (const segment of closed) {
      const surplus = this.#segments.length - removed > SEGMENTS_KEPT_MAX;
      const old = wallMs - segment.lastWallMs > KEEP_MS;
      // In order and without holes: a gap in the middle would read as corruption.
      if (segment.lastSeq > coveredSeq || !(old || surplus) || !this.#files.remove(segment.path).ok) break;
      removed += 1;
    }
    this.#segments = this.#segments.slice(removed);
    return removed;
  }

  close(): void {
    this.#current?.file.close();
    this.#current = null;
  }

  /** Twice at most: where the first file fails, its descriptor is never trusted again and the record goes into a new one. */
  #write(frame: Buffer): FileOutcome<null> {
    if (this.#current !== null && this.#current.bytes + frame.length > SEGMENT_BYTES_MAX) this.close();
    if (this.#current !== null) {
      const written = appendDurably(this.#current.file, frame);
      if (written.ok) {
        this.#current.bytes += frame.length;
        return written;
      }
      this.close();
    }
    return this.#writeFirst(frame);
  }

  #writeFirst(frame: Buffer): FileOutcome<null> {
    if (this.#segments.length >= SEGMENTS_MAX)
      return failure({ kind: "full", message: `${this.#dir} holds ${SEGMENTS_MAX} segments that no snapshot covers` });
    const number = this.#nextNumber++;
    const path = segmentPath(this.#dir, number);
    const opened = this.#files.openAppend(path, "new");
    if (!opened.ok) return opened;
    const appended = appendDurably(opened.value, frame);
    const durable = appended.ok ? this.#files.syncDir(this.#dir) : appended;
    if (!durable.ok) {
      opened.value.close();
      this.#files.remove(path); // where even that fails, the next file repeats the seq and recovery takes the later one
      return durable;
    }
    this.#current = { file: opened.value, bytes: frame.length };
    this.#segments.push({ number, path, lastSeq: this.lastSeq, lastWallMs: 0 });
    return durable;
  }

  /**
   * Writes the last record again, into a new file: a record of an earlier life may have been written and never synced, or
   * its fsync failed, after which the kernel shows the bytes until a power cut and lets every later fsync succeed. It is
   * taken as real from here on, so it has to be durable. All records before it are: each was acknowledged before the next.
   */
  #secureLast(): void {
    const last = this.recovered.at(-1);
    if (last === undefined) return; // none, or the snapshot holds it
    const frame = encodeFrame(last.seq, last);
    const written = this.#writeFirst(frame);
    if (!written.ok) {
      this.#unsecured = frame;
      return this.#give("failed", written.error.message);
    }
    this.#noteLast(last.seq, last.wallMs);
    const [before, older] = [this.#segments.at(-2), this.#segments.at(-3)];
    // An earlier start that came to no record of its own left nothing but such a copy.
    if (before === undefined || older?.lastSeq !== last.seq || !this.#files.remove(before.path).ok) return;
    this.#segments.splice(-2, 1);
  }

  #noteLast(lastSeq: number, lastWallMs: number): void {
    const last = this.#segments.at(-1);
    if (last !== undefined) this.#segments[this.#segments.length - 1] = { ...last, lastSeq, lastWallMs };
  }

  #give(state: Journal["state"], problem: string): void {
    this.state = state;
    this.problem = problem;
  }
}

function appendDurably(file: AppendFile, frame: Buffer): FileOutcome<null> {
  const written = file.write(frame);
  return written.ok ? file.sync() : written;
}
