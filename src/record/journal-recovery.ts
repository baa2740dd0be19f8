import { join } from "node:path";
import type { Files } from "../world/files/files.ts";
import { decodeSegment, type Damage, type SegmentContent, type SequencedRecord } from "./journal-frame.ts";

/** What the journal's folder holds, judged as a whole. */
export interface RecoveredJournal {
  /** Records after `afterSeq`, in order; with a corruption, those before it. */
  readonly records: readonly SequencedRecord[];
  readonly segments: readonly Segment[];
  /** Newest seq, 0 = none. */
  readonly lastSeq: number;
  /** Where records are missing, changed or unreadable, and what to do about it; null = nowhere. */
  readonly corruption: string | null;
  /** What is worth a line in the log. */
  readonly findings: readonly string[];
}

export interface Segment {
  readonly number: number;
  readonly path: string;
  readonly lastSeq: number;
  readonly lastWallMs: number;
}

const SEGMENT_NAME = /^(\d{6,9})\.log$/;
const READ_BYTES_MAX = 4 * 1024 * 1024; // four times a full segment: a file system may leave a long tail of zeros

/**
 * Reads all segments in order. The promise that makes this simple: healer never writes after damage within one file. It
 * gives the file up and begins a new one with the record that was not acknowledged, under the same seq. So damage at the
 * end of a file is harmless when the next file goes on without a gap, and everything else is corruption.
 */
export function recoverJournal(files: Files, dir: string, afterSeq: number): RecoveredJournal {
  const listed = files.list(dir);
  const scan = new Scan(afterSeq);
  if (!listed.ok) return scan.result(`${listed.error.message}; repair that and start healer again`);
  for (const number of segmentNumbers(listed.value)) {
    const path = segmentPath(dir, number);
    const read = files.read(path, READ_BYTES_MAX);
    if (!read.ok) return scan.result(`${read.error.message}; repair that and start healer again`);
    const corruption = scan.add(number, path, read.value);
    if (corruption !== null) return scan.result(`${corruption}; look into it, then move ${dir} away and start healer again`);
  }
  return scan.result(null);
}

export function segmentPath(dir: string, number: number): string {
  return join(dir, `${String(number).padStart(6, "0")}.log`);
}

function segmentNumbers(names: readonly string[]): number[] {
  const numbers = names.flatMap((name) => SEGMENT_NAME.exec(name)?.[1] ?? []).map(Number);
  return numbers.sort((one, other) => one - other);
}

class Scan {
  readonly #afterSeq: number;
  readonly #records: SequencedRecord[] = [];
  readonly #segments: Segment[] = [];
  #lastSeq = 0;
  /** About the last file only: of an earlier one it was said when it was the last. */
  #tornTail: string | null = null;

  constructor(afterSeq: number) {
    this.#afterSeq = afterSeq;
  }

  /** Returns what is corrupt, or null. */
  add(number: number, path: string, bytes: Buffer): string | null {
    const content = decodeSegment(bytes, this.#afterSeq);
    let first = true;
    for (const record of content.records) {
      const gap = this.#gapBefore(record.seq, first);
      if (gap !== null) return `${path}: ${gap}`;
      this.#keep(record);
      first = false;
    }
    this.#segments.push({ number, path, lastSeq: this.#lastSeq, lastWallMs: content.records.at(-1)?.wallMs ?? 0 });
    this.#tornTail = null;
    return content.damage === null ? null : this.#judge(content.damage, path, content.validBytes);
  }

  result(corruption: string | null): RecoveredJournal {
    return {
      records: this.#records,
      segments: this.#segments,
      lastSeq: this.#lastSeq,
      corruption,
      findings: this.#tornTail === null ? [] : [this.#tornTail],
    };
  }

  /** A file may begin with the seq that the file before it could not make durable; otherwise every seq follows its predecessor. */
  #gapBefore(seq: number, first: boolean): string | null {
    if (seq === this.#lastSeq + 1 || (first && seq === this.#lastSeq && seq > 0)) return null;
    if (seq <= this.#lastSeq) return `record ${seq} stands after record ${this.#lastSeq}`;
    const covered = seq - 1 <= this.#afterSeq; // what is missing is in the snapshot: pruned, or lost and not needed
    const pruned = this.#lastSeq === 0 && this.#afterSeq === 0; // no snapshot: nobody can say what went before
    return covered || pruned ? null : `records ${this.#lastSeq + 1} to ${seq - 1} are missing before it`;
  }

  #keep(record: SegmentContent["records"][number]): void {
    if (record.seq === this.#lastSeq && this.#records.at(-1)?.seq === record.seq) this.#records.pop();
    this.#lastSeq = record.seq;
    if (record.seq > this.#afterSeq && "kind" in record) this.#records.push(record);
  }

  #judge(damage: Damage, path: string, validBytes: number): string | null {
    switch (damage.kind) {
      case "torn":
        this.#tornTail = `${path}: the last ${damage.bytes} bytes are no whole record and were left out (after record ${this.#lastSeq})`;
        return null;
      case "corrupt":
        return `${path}: damaged at byte ${validBytes}, after record ${this.#lastSeq}, with valid records behind the damage`;
      case "alien":
        return `${path}: byte ${validBytes} begins a record that this version of healer does not understand`;
      default:
        return damage.kind satisfies never;
    }
  }
}
