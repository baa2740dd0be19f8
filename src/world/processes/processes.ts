/**
 * The door to operating-system processes: `/proc` on Linux, nothing elsewhere (`supported` is false and every reading
 * is null, so that what depends on it degrades with a clear line). No child processes; a reading costs microseconds.
 */
export interface Processes {
  readonly supported: boolean;
  /** null = no such process (or not supported). */
  pulse(pid: number): ProcessPulse | null;
  /** One scan of all processes: pid → parent, start and memory. About 4 ms per hundred processes. */
  snapshot(): ProcessTable;
  /**
   * Sends a signal if, and only if, the pid still belongs to the process that started at `startTicks`; a reused pid is
   * never signalled. "gone" = no such process, "reused" = another one.
   */
  signal(process: ProcessIdentity, signal: "SIGTERM" | "SIGKILL"): "sent" | "gone" | "reused" | "forbidden";
  /** Start time of a process in clock ticks since boot; null = gone. */
  startTicks(pid: number): number | null;
}

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
}
