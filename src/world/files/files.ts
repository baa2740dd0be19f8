import type { Outcome } from "../../core/outcome.ts";

/**
 * The door to files. Everything is synchronous: what healer writes is small, and an intent has to be on disk before the
 * next line of code runs. Files are made 0600 and folders 0700. A failure of the disk is a value.
 */
export interface Files {
  /** Makes the folder and those above it; fine when it is there already. */
  makeDir(path: string): FileOutcome<null>;
  /** Names in a folder, sorted. */
  list(path: string): FileOutcome<readonly string[]>;
  facts(path: string): FileOutcome<FileFacts>;
  /** The whole file; `too-large` instead of reading more than `bytesMax`. */
  read(path: string, bytesMax: number): FileOutcome<Buffer>;
  /**
   * Durable and atomic: a temporary file, fsync, rename, fsync of the folder. A reader sees the old or the new content,
   * also after a power cut. With `previousPath` the old content stays under that name.
   */
  replace(path: string, content: string, previousPath?: string): FileOutcome<null>;
  rename(from: string, to: string): FileOutcome<null>;
  remove(path: string): FileOutcome<null>;
  /** Makes creations, renames and removals in the folder survive a power cut. */
  syncDir(path: string): FileOutcome<null>;
  /** `new` fails with `exists` where there is a file already. */
  openAppend(path: string, wanted: "new" | "any"): FileOutcome<AppendFile>;
  openRead(path: string): FileOutcome<ReadFile>;
  /** The path with symbolic links resolved, as far as it exists. */
  realPath(path: string): string;
}

export interface AppendFile {
  /** Writes all bytes at the end of the file or fails; after a failure a part of them may be there. */
  write(bytes: Uint8Array): FileOutcome<null>;
  /** fsync. After a failure the kernel may have dropped the data and will not say so again: give up this file. */
  sync(): FileOutcome<null>;
  truncate(bytes: number): FileOutcome<null>;
  facts(): FileOutcome<FileFacts>;
  close(): void;
}

export interface ReadFile {
  /** Up to `buffer.length` bytes from `position`; 0 = end of file. */
  read(buffer: Uint8Array, position: number): FileOutcome<number>;
  facts(): FileOutcome<FileFacts>;
  close(): void;
}

export interface FileFacts {
  readonly bytes: number;
  readonly modifiedWallMs: number;
  /** Device and inode: equal = the same file, whatever it is called by now. */
  readonly identity: string;
  /** Permission bits, 0o600. */
  readonly mode: number;
  readonly ownerUid: number;
}

export type FileOutcome<Value> = Outcome<Value, FileError>;

export interface FileError {
  readonly kind: "absent" | "exists" | "forbidden" | "full" | "too-large" | "failed";
  /** "cannot write /home/app/.healer/heal.log: ENOSPC". */
  readonly message: string;
}
