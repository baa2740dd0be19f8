import { closeSync, openSync, readFileSync, readSync, readdirSync } from "node:fs";
import { processTable, type ProcessEntry } from "./process-table.ts";
import type { Processes, ProcessPulse } from "./processes.ts";

const PAGE_BYTES_USUAL = 4096;
const AUXV_PAGE_SIZE = 6n; // AT_PAGESZ of <elf.h>
const AUXV_END = 0n; // AT_NULL

/**
 * Processes as `/proc` shows them. Reads are synchronous on purpose: they come out of the kernel's memory in about ten
 * microseconds, a trip through the thread pool would cost more. Never reads `cmdline` or `environ`, where secrets are.
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
  };
}

/**
 * All of it stands in `status`, so that `stat` need not be read as well: twice the files are twice the cost of a turn.
 * Read in the buffer itself, without making a text of it: at hundreds of workers every few seconds that would be most
 * of healer's garbage. No process can forge a line: the kernel escapes line feeds in names.
 */
function readPulse(pid: number): ProcessPulse | null {
  const length = fill(`/proc/${pid}/status`);
  const state = SCRATCH[valueAt(STATE, length) ?? length];
  const switchesAt = valueAt(VOLUNTARY_SWITCHES, length);
  if (state === undefined || switchesAt === null) return null;
  return { state: String.fromCharCode(state), voluntarySwitches: numberAt(switchesAt, length) };
}

const STATE = Buffer.from("\nState:\t");
const VOLUNTARY_SWITCHES = Buffer.from("\nvoluntary_ctxt_switches:\t");

/** Where the value of a field begins; null = there is no such field. */
function valueAt(label: Buffer, length: number): number | null {
  const at = SCRATCH.indexOf(label);
  return at === -1 || at + label.length >= length ? null : at + label.length;
}

function numberAt(from: number, length: number): number {
  let number = 0;
  for (let at = from; at < length; at++) {
    const digit = (SCRATCH[at] ?? 0) - DIGIT_0;
    if (digit < 0 || digit > 9) break;
    number = 10 * number + digit;
  }
  return number;
}

const DIGIT_0 = 0x30;

function scan(pageBytes: number): ReadonlyMap<number, ProcessEntry> {
  const entries = new Map<number, ProcessEntry>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? readStat(pid) : null;
    if (stat === null) continue;
    entries.set(pid, { pid, parentPid: stat.parentPid, startTicks: stat.startTicks, memoryBytes: stat.pages * pageBytes });
  }
  return entries;
}

interface Stat {
  readonly state: string;
  readonly parentPid: number;
  readonly startTicks: number;
  readonly pages: number;
}

function readStat(pid: number): Stat | null {
  return parseStat(read(`/proc/${pid}/stat`));
}

/** `pid (name) S ppid …`: a name may hold blanks and brackets, so fields count from the last bracket (proc(5)). */
export function parseStat(text: string): Stat | null {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]); // numbers as in proc(5); 3 is the state
  const stat = {
    state: fields[0] ?? "",
    parentPid: field(4),
    startTicks: field(22),
    pages: Math.max(0, field(24)),
  };
  return /^[A-Za-z]$/.test(stat.state) && Number.isFinite(stat.startTicks + stat.pages + stat.parentPid) ? stat : null;
}

function send(pid: number, signal: "SIGTERM" | "SIGKILL"): "sent" | "gone" | "forbidden" {
  try {
    process.kill(pid, signal);
    return "sent";
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM" ? "forbidden" : "gone";
  }
}

/** `status` takes 1.5 KB, a few more with many supplementary groups. */
const SCRATCH = Buffer.alloc(32 * 1024);

/** Empty when the process is gone or hidden: between listing and reading any process may end. */
function read(path: string): string {
  return SCRATCH.toString("latin1", 0, fill(path));
}

/**
 * Reads a file into the scratch buffer and returns its length; 0 when it cannot be read. `readFileSync` would take three
 * times as long: it does not know the size of a file in `/proc`, and allocates 64 KB to find out.
 */
function fill(path: string): number {
  let file: number | null = null;
  try {
    file = openSync(path, "r");
    return readSync(file, SCRATCH, 0, SCRATCH.length, 0);
  } catch {
    return 0;
  } finally {
    if (file !== null) closeSync(file);
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
