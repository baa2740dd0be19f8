import { failure } from "../core/outcome.ts";
import type { FileError, FileFacts, FileOutcome } from "../world/files/files.ts";
import type { Random } from "./random.ts";

/** A file as the kernel holds it, and as the platter does. */
export interface Inode {
  readonly id: number;
  content: Buffer;
  /** `content` is its beginning, and nobody else knows what comes after that: there the next bytes go. null = make one. */
  room: Buffer | null;
  /** What a power cut leaves for certain: the first so many bytes of this. */
  durable: Buffer;
  /** Where an fsync has failed: the kernel forgot these bytes, from and to, and will not say so again (fsyncgate). */
  lost: (readonly [number, number])[];
}

export function newInode(id: number): Inode {
  return { id, content: Buffer.alloc(0), room: null, durable: Buffer.alloc(0), lost: [] };
}

export function append(inode: Inode, bytes: Uint8Array): void {
  const { content } = inode;
  const length = content.length + bytes.length;
  if (inode.room === null || inode.room.length < length) {
    inode.room = Buffer.alloc(2 * length);
    content.copy(inode.room);
  }
  inode.room.set(bytes, content.length);
  inode.content = inode.room.subarray(0, length);
}

/** What is cut off may still be on the platter: it is not written over. */
export function truncate(inode: Inode, bytes: number): void {
  inode.content = inode.content.subarray(0, bytes);
  inode.room = null;
}

/** An fsync that went well: everything is on the platter but what an earlier one has lost, of which zeros are left. */
export function makeDurable(inode: Inode): void {
  inode.durable = inode.content;
  if (inode.lost.length === 0) return;
  inode.durable = Buffer.from(inode.content);
  for (const [from, to] of inode.lost) inode.durable.fill(0, from, to);
}

/** A power cut: of what was not synced a part may be there, as it was or as zeros (ext4). */
export function loseUnsynced(inode: Inode, random: Random): void {
  const unsynced = inode.content.length - inode.durable.length;
  const kept = inode.lost.length === 0 && unsynced > 0 ? random.int(0, unsynced) : 0;
  const isExtended = inode.content.subarray(0, inode.durable.length).equals(inode.durable);
  const tail = isExtended ? inode.content.subarray(inode.durable.length, inode.durable.length + kept) : Buffer.alloc(0);
  inode.content = Buffer.concat([inode.durable, random.chance(0.2) ? Buffer.alloc(tail.length) : tail]);
  inode.durable = inode.content;
  inode.room = null;
  inode.lost = [];
}

export function factsOf(inode: Inode): FileFacts {
  return { bytes: inode.content.length, modifiedWallMs: 0, identity: `sim:${inode.id}`, mode: 0o600, ownerUid: 0 };
}

export function absent(path: string): FileOutcome<never> {
  return failure<FileError>({ kind: "absent", message: `${path} is absent` });
}

export function failed(path: string, code: string): FileOutcome<never> {
  return failure<FileError>({ kind: "failed", message: `cannot use ${path}: ${code}` });
}

/** What the disk does wrong now. */
export interface DiskTrouble {
  /** Writes stop in the middle: no room (`full`), or the disk fails (`failed`). */
  writes: "full" | "failed" | null;
  /** fsync fails, and what was not on the platter by then never will be. */
  syncs: boolean;
  /** Nothing can be read. */
  reads: boolean;
}
