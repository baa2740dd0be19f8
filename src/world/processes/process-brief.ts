import { statSync } from "node:fs";
import { pm2Marks } from "./environment-marks.ts";
import { PROC_BYTES, readProc } from "./proc-file.ts";
import { readStat } from "./proc-stat.ts";
import type { ProcessBrief, ProcessGlance } from "./process-facts.ts";

const ARGV_BYTES_MAX = 64 * 1024;

/** One trip into the kernel, about 15 µs. null = no such process. */
export function readGlance(pid: number): ProcessGlance | null {
  const stat = readStat(pid);
  if (stat === null) return null;
  const { startTicks, parentPid, state, name, session, terminal } = stat;
  return { pid, startTicks, parentPid, state, name, session, terminal };
}

/** Four trips into the kernel, two of them into the memory of the process: 50 to 100 µs. null = no such process. */
export function readBrief(pid: number): ProcessBrief | null {
  const glance = readGlance(pid);
  const uid = ownerOf(pid);
  return glance === null || uid === null ? null : { ...glance, uid, argv: readArgv(pid), marks: pm2Marks(pid) };
}

/** A directory of `/proc` belongs to the effective user, also where its files belong to root (a process that may not be traced). */
function ownerOf(pid: number): number | null {
  try {
    return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid ?? null;
  } catch {
    return null;
  }
}

function readArgv(pid: number): readonly string[] {
  const length = readProc(`/proc/${pid}/cmdline`, ARGV_BYTES_MAX);
  if (length === 0) return [];
  const end = PROC_BYTES[length - 1] === 0 ? length - 1 : length; // each word ends in a NUL, unless a title was written over them
  return PROC_BYTES.toString("utf8", 0, end).split("\0");
}
