import { closeSync, openSync, readSync, readlinkSync } from "node:fs";

/**
 * What a file of `/proc` says, in one buffer for all: valid until the next reading. `status` takes 1.5 KB, an
 * environment a few, that of a PM2 cluster worker twice a few.
 */
export const PROC_BYTES = Buffer.alloc(128 * 1024);

/**
 * Reads a file into the buffer and returns its length; 0 when it cannot be read: between listing and reading any process
 * may end. `readFileSync` would take three times as long: it does not know the size of a file in `/proc`, and allocates
 * 64 KB to find out.
 */
export function readProc(path: string, bytesMax = PROC_BYTES.length): number {
  let file: number | null = null;
  try {
    file = openSync(path, "r");
    return readSync(file, PROC_BYTES, 0, bytesMax, 0);
  } catch {
    return 0;
  } finally {
    if (file !== null) closeSync(file);
  }
}

/** The file as text, a byte a character; empty when it cannot be read. */
export function procText(path: string, bytesMax = PROC_BYTES.length): string {
  return PROC_BYTES.toString("latin1", 0, readProc(path, bytesMax));
}

/** Where a link of `/proc` points; null = gone, or not for us to see. */
export function procLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
