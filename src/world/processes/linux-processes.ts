import { readFileSync, readdirSync } from "node:fs";
import { readOpenFiles } from "./open-files.ts";
import { readEvidence } from "./process-evidence.ts";
import { PROC_BYTES, procLink, procText, readProc } from "./proc-file.ts";
import { readStat } from "./proc-stat.ts";
import { readBrief, readGlance } from "./process-brief.ts";
import { readDetails } from "./process-details.ts";
import { processTable, type ProcessEntry } from "./process-table.ts";
import type { EndSignal, Processes, ProcessPulse } from "./processes.ts";

const PAGE_BYTES_USUAL = 4096;
const AUXV_PAGE_SIZE = 6n; // AT_PAGESZ of <elf.h>
const AUXV_END = 0n; // AT_NULL
const TICK_MS = 10; // USER_HZ is 100 on every architecture Node runs on, whatever the kernel's own clock

/**
 * Processes as `/proc` shows them. Reads are synchronous on purpose: they come out of the kernel's memory in about ten
 * microseconds, a trip through the thread pool would cost more.
 *
 * Where secrets are, in `cmdline` and `environ`, only `brief` and `details` look. Command lines leave here as they stand,
 * to be compared, and whoever shows them masks them. Of environments only the variables on the two lists of
 * `process-facts.ts` leave; the rest is not even made a text. Neither is kept here.
 */
export function linuxProcesses(): Processes {
  const pageBytes = readPageBytes();
  return {
    supported: true,
    pulse: readPulse,
    snapshot: () => processTable(scan(pageBytes)),
    signal(target, signal) {
      const startTicks = readStat(target.pid)?.startTicks;
      if (startTicks === undefined) return "gone";
      return startTicks === target.startTicks ? send(target.pid, signal) : "reused";
    },
    startTicks: (pid) => readStat(pid)?.startTicks ?? null,
    pids: listPids,
    glance: readGlance,
    brief: readBrief,
    place: (pid) => ({ exe: procLink(`/proc/${pid}/exe`), cwd: procLink(`/proc/${pid}/cwd`) }),
    details: readDetails,
    openFiles: readOpenFiles,
    evidence: readEvidence,
    startedWallMs: (startTicks) => Math.round(Date.now() - uptimeMs() + startTicks * TICK_MS),
    maySignal: (uid) => process.geteuid?.() === 0 || process.geteuid?.() === uid,
  };
}

function listPids(): readonly number[] {
  const pids: number[] = [];
  for (const name of readdirSync("/proc")) {
    const first = name.charCodeAt(0) - DIGIT_0;
    if (first >= 0 && first <= 9) pids.push(Number(name));
  }
  return pids;
}

/** Suspension included, as in start times: both come from the kernel's boottime clock. */
function uptimeMs(): number {
  return Number.parseFloat(procText("/proc/uptime")) * 1000;
}

/**
 * All of it stands in `status`, so that `stat` need not be read as well: twice the files are twice the cost of a turn.
 * Read in the buffer itself, without making a text of it: at hundreds of workers every few seconds that would be most
 * of healer's garbage. No process can forge a line: the kernel escapes line feeds in names.
 */
function readPulse(pid: number): ProcessPulse | null {
  const length = readProc(`/proc/${pid}/status`);
  const state = PROC_BYTES[valueAt(STATE, length) ?? length];
  const switchesAt = valueAt(VOLUNTARY_SWITCHES, length);
  if (state === undefined || switchesAt === null) return null;
  return { state: String.fromCharCode(state), voluntarySwitches: numberAt(switchesAt, length) };
}

const STATE = Buffer.from("\nState:\t");
const VOLUNTARY_SWITCHES = Buffer.from("\nvoluntary_ctxt_switches:\t");

/** Where the value of a field begins; null = there is no such field. */
function valueAt(label: Buffer, length: number): number | null {
  const at = PROC_BYTES.indexOf(label);
  return at === -1 || at + label.length >= length ? null : at + label.length;
}

function numberAt(from: number, length: number): number {
  let number = 0;
  for (let at = from; at < length; at++) {
    const digit = (PROC_BYTES[at] ?? 0) - DIGIT_0;
    if (digit < 0 || digit > 9) break;
    number = 10 * number + digit;
  }
  return number;
}

const DIGIT_0 = 0x30;

function scan(pageBytes: number): ReadonlyMap<number, ProcessEntry> {
  const entries = new Map<number, ProcessEntry>();
  for (const pid of listPids()) {
    const stat = readStat(pid);
    if (stat === null) continue;
    const { parentPid, startTicks, cpuTicks, pages } = stat;
    entries.set(pid, { pid, parentPid, startTicks, cpuMs: cpuTicks * TICK_MS, memoryBytes: pages * pageBytes });
  }
  return entries;
}

function send(pid: number, signal: EndSignal): "sent" | "gone" | "forbidden" {
  try {
    process.kill(pid, signal);
    return "sent";
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM" ? "forbidden" : "gone";
  }
}

/** Memory in `stat` counts pages, 4 KB mostly, 16 or 64 KB on some ARM kernels. The kernel tells it in our own auxv. */
function readPageBytes(): number {
  try {
    const vector = readFileSync("/proc/self/auxv");
    for (let at = 0; at + 16 <= vector.length && vector.readBigUInt64LE(at) !== AUXV_END; at += 16) {
      if (vector.readBigUInt64LE(at) === AUXV_PAGE_SIZE) return Number(vector.readBigUInt64LE(at + 8));
    }
  } catch {
    // Hidden or of another word size; nearly every kernel has the usual size.
  }
  return PAGE_BYTES_USUAL;
}
