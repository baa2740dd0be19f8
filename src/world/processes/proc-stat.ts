import { procText } from "./proc-file.ts";

export interface ProcStat {
  /** The kernel's name of the process, at most 15 bytes. */
  readonly name: string;
  readonly state: string;
  readonly parentPid: number;
  readonly session: number;
  /** Device number of the terminal; 0 = none. */
  readonly terminal: number;
  readonly startTicks: number;
  /** CPU time so far, user and kernel, of all its threads, and of the children it has collected. */
  readonly cpuTicks: number;
  readonly pages: number;
}

export function readStat(pid: number): ProcStat | null {
  return parseStat(procText(`/proc/${pid}/stat`, 4096));
}

/** `pid (name) S ppid …`: a name may hold blanks and brackets, so fields count from the last bracket (proc(5)). */
export function parseStat(text: string): ProcStat | null {
  const nameEnd = text.lastIndexOf(")");
  const fields = text.slice(nameEnd + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]); // numbers as in proc(5); 3 is the state
  const stat = {
    name: text.slice(text.indexOf("(") + 1, nameEnd),
    state: fields[0] ?? "",
    parentPid: field(4),
    session: field(6),
    terminal: field(7),
    startTicks: field(22),
    cpuTicks: field(14) + field(15) + field(16) + field(17),
    pages: Math.max(0, field(24)),
  };
  return /^[A-Za-z]$/.test(stat.state) && Number.isFinite(stat.startTicks + stat.cpuTicks + stat.pages + stat.parentPid) ? stat : null;
}
