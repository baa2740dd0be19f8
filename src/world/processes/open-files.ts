import { readdirSync, statSync } from "node:fs";
import { procText } from "./proc-file.ts";

export interface OpenFiles {
  readonly count: number;
  /** The most this process may have open; null = any number. */
  readonly limit: number | null;
}

/** Files, sockets and pipes a process has open. null = it is gone, or not for us to see. */
export function readOpenFiles(pid: number): OpenFiles | null {
  const count = countOf(pid);
  const limit = /^Max open files\s+(\d+|unlimited)/m.exec(procText(`/proc/${pid}/limits`))?.[1];
  if (count === null || limit === undefined) return null;
  return { count, limit: limit === "unlimited" ? null : Number(limit) };
}

/** Since Linux 6.2 the size of the folder is the count, whoever asks; before, its entries are counted, which another user may not. */
function countOf(pid: number): number | null {
  const folder = `/proc/${pid}/fd`;
  try {
    const { size } = statSync(folder);
    return size > 0 ? size : readdirSync(folder).length;
  } catch {
    return null;
  }
}
