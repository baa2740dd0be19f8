import { constants, type Stats } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { failure, success } from "../../core/outcome.ts";
import { asFailure } from "./attempt.ts";
import type { FileOutcome } from "./files.ts";

/** How far a file that grows has been read. */
export interface TailPlace {
  /** Device and inode; null = there was no file. */
  readonly identity: string | null;
  readonly offset: number;
}

export interface TailRead {
  readonly bytes: Buffer;
  readonly place: TailPlace;
  /** What was passed over, because more had been written than may be read. */
  readonly skippedBytes: number;
  /** The bytes go on where the read before ended. */
  readonly goesOn: boolean;
  /** There is more to read already. */
  readonly hasMore: boolean;
}

export interface TailBounds {
  /** What one read brings at most. */
  readonly bytesMax: number;
  /** What may lie unread before the read begins nearer to the end. */
  readonly behindMax: number;
}

/**
 * Reads what has been added to a file since `place`, without blocking the turn; null = from its end, which is nothing yet. A
 * file that was replaced (renamed away, as logrotate does) or cut (copied and truncated, as pm2-logrotate does) is read from
 * its beginning. Keeps nothing open, so that a deleted file gives its disk space back. Anything but a plain file is refused.
 */
export async function readTail(path: string, place: TailPlace | null, bounds: TailBounds): Promise<FileOutcome<TailRead>> {
  let handle: FileHandle | null = null;
  try {
    const before = await stat(path);
    if (!before.isFile()) return failure({ kind: "failed", message: `cannot read ${path}: it is no plain file` });
    const unread = planRead(before, place, bounds);
    if (unread.wanted === 0) return success({ bytes: Buffer.alloc(0), ...unread, place: unread.at, hasMore: false });
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK); // it may be a pipe by now, which would wait for a writer
    const facts = await handle.stat();
    const { at, wanted, skippedBytes, goesOn } = planRead(facts, place, bounds);
    const buffer = Buffer.allocUnsafe(facts.isFile() ? wanted : 0);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at.offset);
    const end = at.offset + bytesRead;
    const hasMore = bytesRead > 0 && end < facts.size;
    return success({ bytes: buffer.subarray(0, bytesRead), place: { ...at, offset: end }, skippedBytes, goesOn, hasMore });
  } catch (error) {
    return asFailure(`read ${path}`, error);
  } finally {
    await handle?.close().catch(() => undefined); // the descriptor is gone either way, and what mattered was read
  }
}

interface Plan {
  readonly at: TailPlace;
  readonly wanted: number;
  readonly skippedBytes: number;
  readonly goesOn: boolean;
}

function planRead({ dev, ino, size }: Stats, place: TailPlace | null, bounds: TailBounds): Plan {
  const identity = `${dev}:${ino}`;
  const isSame = place !== null && place.identity === identity && place.offset <= size;
  const from = place === null ? size : isSame ? place.offset : 0;
  const offset = Math.max(from, size - bounds.behindMax);
  return {
    at: { identity, offset },
    wanted: Math.min(bounds.bytesMax, size - offset),
    skippedBytes: offset - from,
    goesOn: isSame && offset === from,
  };
}
