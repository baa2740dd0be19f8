import { crc32 } from "node:zlib";
import type { JournalRecord } from "../core/journal-record.ts";

/** A journal record with its place in the order of all records. */
export interface SequencedRecord extends JournalRecord {
  /** Counts from 1, without gaps. */
  readonly seq: number;
}

/** Of a record whose effect is in the snapshot nothing else is wanted. */
type RecordHead = Pick<SequencedRecord, "seq" | "wallMs">;

/** What a segment file holds, read as far as it can be trusted. */
export interface SegmentContent {
  /** In order; those after `afterSeq` whole. */
  readonly records: readonly (SequencedRecord | RecordHead)[];
  /** Length of the longest valid prefix, in bytes. */
  readonly validBytes: number;
  /** Why reading stopped before the end; null = it did not. */
  readonly damage: Damage | null;
}

/**
 * `torn`: nothing valid follows, as after a crash in mid-write · `corrupt`: records follow, so the disk changed what it
 * held · `alien`: the checksum holds, the content is not ours.
 */
export interface Damage {
  readonly kind: "torn" | "corrupt" | "alien";
  readonly bytes: number;
}

const LF = 0x0a;
const CRC_DIGITS = 8;
const FRAME_START = /[0-9a-f]{8} \{"seq":/g;
const KINDS: ReadonlySet<unknown> = new Set(["intent", "step", "outcome", "control"]);

/** `crc32hex SP json LF`, the checksum over the JSON's bytes. JSON text never holds a line feed. */
export function encodeFrame(seq: number, record: JournalRecord): Buffer {
  const json = Buffer.from(JSON.stringify({ seq, ...record }));
  return Buffer.concat([Buffer.from(`${checksum(json)} `), json, Buffer.of(LF)]);
}

/** Reading what is not needed would make up most of healer's start: a segment holds a thousand records. */
export function decodeSegment(bytes: Buffer, afterSeq = 0): SegmentContent {
  const records: (SequencedRecord | RecordHead)[] = [];
  let validBytes = 0;
  while (validBytes < bytes.length) {
    const frame = frameAt(bytes, validBytes);
    if (frame === null)
      return { records, validBytes, damage: { kind: tornOrCorrupt(bytes, validBytes), bytes: bytes.length - validBytes } };
    const record = headUpTo(afterSeq, frame.json) ?? parseRecord(frame.json);
    if (record === null) return { records, validBytes, damage: { kind: "alien", bytes: bytes.length - validBytes } };
    records.push(record);
    validBytes = frame.end;
  }
  return { records, validBytes, damage: null };
}

/** A whole frame with a checksum that holds; null = not one. A frame without its line feed was never acknowledged. */
function frameAt(bytes: Buffer, start: number): { json: Buffer; end: number } | null {
  const end = bytes.indexOf(LF, start);
  const jsonStart = start + CRC_DIGITS + 1;
  if (end <= jsonStart || bytes[jsonStart - 1] !== 0x20) return null;
  const json = bytes.subarray(jsonStart, end);
  return bytes.toString("latin1", start, start + CRC_DIGITS) === checksum(json) ? { json, end: end + 1 } : null;
}

/** Looks for a valid frame at every byte after the damage: a changed line feed glues two frames into one line. */
function tornOrCorrupt(bytes: Buffer, from: number): "torn" | "corrupt" {
  for (const match of bytes.toString("latin1", from + 1).matchAll(FRAME_START)) {
    if (frameAt(bytes, from + 1 + match.index) !== null) return "corrupt";
  }
  return "torn";
}

const HEAD_BYTES = 512; // room for the longest names; where it is not, the record is read whole
const HEAD = /^\{"seq":(\d+),"kind":"(?:intent|step|outcome|control)",.*"wallMs":(\d+),"atMs":/;

/** null: a later record, or none that this version writes. */
function headUpTo(afterSeq: number, json: Buffer): RecordHead | null {
  if (afterSeq === 0) return null;
  const [, seq, wallMs] = HEAD.exec(json.toString("latin1", 0, HEAD_BYTES)) ?? [];
  return seq === undefined || Number(seq) > afterSeq ? null : { seq: Number(seq), wallMs: Number(wallMs) };
}

function parseRecord(json: Buffer): SequencedRecord | null {
  try {
    const value: unknown = JSON.parse(json.toString());
    return isSequencedRecord(value) ? value : null;
  } catch {
    return null; // the checksum holds, so another program wrote this on purpose
  }
}

function isSequencedRecord(value: unknown): value is SequencedRecord {
  if (typeof value !== "object" || value === null) return false;
  const record = value as Partial<Record<keyof SequencedRecord, unknown>>;
  return (
    Number.isSafeInteger(record.seq) &&
    Number(record.seq) >= 1 &&
    KINDS.has(record.kind) &&
    (record.healId === null || typeof record.healId === "string") &&
    typeof record.target === "string" &&
    Number.isFinite(record.wallMs) &&
    Number.isFinite(record.atMs) &&
    record.control !== undefined &&
    record.globals !== undefined
  );
}

function checksum(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(CRC_DIGITS, "0");
}
