import type { OpenFiles } from "./open-files.ts";
import type { ProcessEvidence } from "./process-evidence.ts";
import type { ProcessBrief, ProcessDetails, ProcessGlance, ProcessPlace } from "./process-facts.ts";

/**
 * The door to operating-system processes: `/proc` on Linux, nothing elsewhere (`supported` is false and every reading
 * is null, so that what depends on it degrades with a clear line). No child processes; a reading costs microseconds.
 */
export interface Processes {
  readonly supported: boolean;
  /** null = no such process (or not supported). */
  pulse(pid: number): ProcessPulse | null;
  /** One scan of all processes: pid → parent, start, memory and CPU time. About 4 ms per hundred processes. */
  snapshot(): ProcessTable;
  /**
   * Sends a signal if, and only if, the pid still belongs to the process that started at `startTicks`; a reused pid is
   * never signalled. "gone" = no such process, "reused" = another one.
   */
  signal(process: ProcessIdentity, signal: EndSignal): "sent" | "gone" | "reused" | "forbidden";
  /** Start time of a process in clock ticks since boot; null = gone. */
  startTicks(pid: number): number | null;
  /** All processes there are. Half a millisecond for a thousand. */
  pids(): readonly number[];
  /** About 20 µs. null = gone. */
  glance(pid: number): ProcessGlance | null;
  /** About 100 µs. null = gone. */
  brief(pid: number): ProcessBrief | null;
  /** Two links, about 5 µs. */
  place(pid: number): ProcessPlace;
  /** About half a millisecond, more with hundreds of open files: only for the few that matter. null = gone. */
  details(pid: number): ProcessDetails | null;
  /** About 20 µs since Linux 6.2; before, as long as it takes to list them. null = gone, or not for us to see. */
  openFiles(pid: number): OpenFiles | null;
  /** Half a millisecond: before a process is ended. null = gone. */
  evidence(pid: number): ProcessEvidence | null;
  /** Wall-clock ms at which a process with this start time started. */
  startedWallMs(startTicks: number): number;
  /** Whether healer, being who it is, may signal processes of this user. */
  maySignal(uid: number): boolean;
}

/** SIGINT is what PM2 itself stops a worker with. */
export type EndSignal = "SIGTERM" | "SIGINT" | "SIGKILL";

export interface ProcessPulse {
  /** First letter as in /proc/PID/status: R S D T t Z X I. */
  readonly state: string;
  readonly voluntarySwitches: number;
}

export interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: number;
}

export interface ProcessTable {
  /** The process and all its descendants, root first; empty when it is gone. */
  tree(pid: number): readonly ProcessIdentity[];
  /** The process's parent, its parent, and so on; empty when it is gone. */
  ancestors(pid: number): readonly number[];
  /** Summed RSS of the tree, bytes; null when the root is gone. */
  treeMemoryBytes(pid: number): number | null;
  /**
   * CPU time of the tree since its processes started, ms, with that of ended children whose parent has collected them; null
   * when the root is gone. It becomes less where a process ends uncollected, or leaves the tree.
   */
  treeCpuMs(pid: number): number | null;
}
