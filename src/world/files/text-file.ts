import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { failure, success } from "../../core/outcome.ts";
import { asFailure } from "./attempt.ts";
import type { FileOutcome } from "./files.ts";

/**
 * Reads a text file as a whole without blocking the turn: for files that people edit, on disks that may be slow. Follows
 * symbolic links. Anything but a plain file is refused, so that a pipe or a device can neither hang nor flood the reader.
 */
export async function readTextFile(path: string, bytesMax: number): Promise<FileOutcome<string>> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK); // opening a pipe would wait for a writer
    const facts = await handle.stat();
    if (!facts.isFile()) return failure({ kind: "failed", message: `cannot read ${path}: it is no plain file` });
    const buffer = Buffer.alloc(Math.min(facts.size, bytesMax) + 1); // one more byte shows growth
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length > bytesMax) return failure({ kind: "too-large", message: `cannot read ${path}: larger than ${bytesMax} bytes` });
    return success(buffer.toString("utf8", 0, length).replace(/^\uFEFF/, ""));
  } catch (error) {
    return asFailure(`read ${path}`, error);
  } finally {
    await handle?.close().catch(() => undefined); // the descriptor is gone either way, and what mattered was read
  }
}
