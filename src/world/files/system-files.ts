import nodeFs from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { attempt, codeOf, WorldFailure } from "./attempt.ts";
import type { AppendFile, FileFacts, FileOutcome, Files, ReadFile } from "./files.ts";

/** The system calls this door makes, so that a test can make one of them fail. */
export type FileCalls = Pick<
  typeof nodeFs,
  | "closeSync"
  | "fstatSync"
  | "fsyncSync"
  | "ftruncateSync"
  | "mkdirSync"
  | "openSync"
  | "readSync"
  | "readdirSync"
  | "realpathSync"
  | "renameSync"
  | "statSync"
  | "unlinkSync"
  | "writeSync"
>;

const FILE_MODE = 0o600;
const DIR_MODE = 0o700;

export function systemFiles(calls: FileCalls = nodeFs): Files {
  return {
    makeDir: (path) => makeDir(calls, path),
    list: (path) => attempt(`list ${path}`, () => calls.readdirSync(path).sort()),
    facts: (path) => attempt(`look at ${path}`, () => factsOf(calls.statSync(path))),
    read: (path, bytesMax) => readWhole(calls, path, bytesMax),
    replace: (path, content, previousPath) => replace(calls, { path, content, previousPath: previousPath ?? null }),
    rename: (from, to) =>
      attempt(`rename ${from}`, () => {
        calls.renameSync(from, to);
        return null;
      }),
    remove: (path) =>
      attempt(`remove ${path}`, () => {
        calls.unlinkSync(path);
        return null;
      }),
    syncDir: (path) => attempt(`fsync folder ${path}`, () => syncDir(calls, path)),
    openAppend: (path, wanted) =>
      attempt(`open ${path}`, () => appendFile(calls, calls.openSync(path, wanted === "new" ? "ax" : "a", FILE_MODE), path)),
    openRead: (path) => attempt(`open ${path}`, () => readFile(calls, calls.openSync(path, "r"), path)),
    realPath: (path) => realPath(calls, resolve(path)),
  };
}

/** Not `recursive: true`: with that Node 20 spins for ever where a parent exists but takes no children, as in /proc. */
function makeDir(calls: FileCalls, path: string): FileOutcome<null> {
  const made = makeOneDir(calls, path);
  const parent = dirname(path);
  if (made.ok || made.error.kind !== "absent" || parent === path) return made;
  const above = makeDir(calls, parent);
  return above.ok ? makeOneDir(calls, path) : above;
}

function makeOneDir(calls: FileCalls, path: string): FileOutcome<null> {
  return attempt(`make folder ${path}`, () => {
    try {
      calls.mkdirSync(path, { mode: DIR_MODE });
    } catch (error) {
      if (codeOf(error) !== "EEXIST" || !calls.statSync(path).isDirectory()) throw error;
    }
    return null;
  });
}

function appendFile(calls: FileCalls, fd: number, path: string): AppendFile {
  return {
    write: (bytes) => attempt(`write ${path}`, () => writeFully(calls, fd, bytes)),
    sync: () =>
      attempt(`fsync ${path}`, () => {
        calls.fsyncSync(fd);
        return null;
      }),
    truncate: (bytes) =>
      attempt(`truncate ${path}`, () => {
        calls.ftruncateSync(fd, bytes);
        return null;
      }),
    facts: () => attempt(`look at ${path}`, () => factsOf(calls.fstatSync(fd))),
    close: () => closeQuietly(calls, fd),
  };
}

function readFile(calls: FileCalls, fd: number, path: string): ReadFile {
  return {
    read: (buffer, position) => attempt(`read ${path}`, () => calls.readSync(fd, buffer, 0, buffer.length, position)),
    facts: () => attempt(`look at ${path}`, () => factsOf(calls.fstatSync(fd))),
    close: () => closeQuietly(calls, fd),
  };
}

function readWhole(calls: FileCalls, path: string, bytesMax: number): FileOutcome<Buffer> {
  const opened = attempt(`open ${path}`, () => calls.openSync(path, "r"));
  if (!opened.ok) return opened;
  try {
    return attempt(`read ${path}`, () => {
      const buffer = Buffer.alloc(Math.min(calls.fstatSync(opened.value).size, bytesMax) + 1); // one more byte shows growth
      const length = fill(calls, opened.value, buffer);
      if (length > bytesMax) throw new WorldFailure({ kind: "too-large", message: `larger than ${bytesMax} bytes` });
      return buffer.subarray(0, length);
    });
  } finally {
    closeQuietly(calls, opened.value);
  }
}

function fill(calls: FileCalls, fd: number, buffer: Buffer): number {
  let length = 0;
  while (length < buffer.length) {
    const count = calls.readSync(fd, buffer, length, buffer.length - length, length);
    if (count === 0) break;
    length += count;
  }
  return length;
}

function replace(calls: FileCalls, job: { path: string; content: string; previousPath: string | null }): FileOutcome<null> {
  const temporary = `${job.path}.tmp`;
  const replaced = attempt(`replace ${job.path}`, () => {
    const fd = calls.openSync(temporary, "w", FILE_MODE);
    try {
      writeFully(calls, fd, Buffer.from(job.content));
      calls.fsyncSync(fd);
    } finally {
      closeQuietly(calls, fd);
    }
    if (job.previousPath !== null) keepPrevious(calls, job.path, job.previousPath);
    calls.renameSync(temporary, job.path);
    return syncDir(calls, dirname(job.path));
  });
  if (!replaced.ok) attempt("remove", () => calls.unlinkSync(temporary)); // best effort: the next replace overwrites it
  return replaced;
}

/** Between the two renames only the previous file exists; whoever reads has to fall back on it. */
function keepPrevious(calls: FileCalls, path: string, previousPath: string): void {
  const kept = attempt("keep", () => calls.renameSync(path, previousPath));
  if (!kept.ok && kept.error.kind !== "absent") throw new WorldFailure(kept.error);
}

/** `write` may take fewer bytes than it was given, when the disk is nearly full or a signal comes. */
function writeFully(calls: FileCalls, fd: number, bytes: Uint8Array): null {
  let written = 0;
  while (written < bytes.length) {
    const count = calls.writeSync(fd, bytes, written, bytes.length - written);
    if (count === 0) throw new WorldFailure({ kind: "failed", message: "the disk took no bytes" });
    written += count;
  }
  return null;
}

function syncDir(calls: FileCalls, path: string): null {
  const fd = calls.openSync(path, "r");
  try {
    calls.fsyncSync(fd);
  } catch (error) {
    if (codeOf(error) !== "EINVAL") throw error; // some network file systems cannot sync folders; there is no more to do
  } finally {
    closeQuietly(calls, fd);
  }
  return null;
}

function realPath(calls: FileCalls, path: string): string {
  const resolved = attempt("resolve", () => calls.realpathSync(path));
  if (resolved.ok) return resolved.value;
  const parent = dirname(path);
  return parent === path ? path : join(realPath(calls, parent), basename(path));
}

function factsOf(stat: nodeFs.Stats): FileFacts {
  return {
    bytes: stat.size,
    modifiedWallMs: stat.mtimeMs,
    identity: `${stat.dev}:${stat.ino}`,
    mode: stat.mode & 0o777,
    ownerUid: stat.uid,
  };
}

/** After a close that fails the descriptor is gone all the same, and what mattered was synced before. */
function closeQuietly(calls: FileCalls, fd: number): void {
  attempt("close", () => calls.closeSync(fd));
}
