import type { ProcessDetails } from "../../world/processes/process-facts.ts";
import type { Processes } from "../../world/processes/processes.ts";
import type { KnownProcess, ProcessSight } from "./known-process.ts";

const KEPT_MS = 60_000; // ports open and logs rotate, but nobody needs that by the second
const YOUNG_MS = 10_000; // a process that has just started has yet to open its ports

interface Kept {
  readonly startTicks: number;
  readonly commandHash: string;
  readonly readWallMs: number;
  readonly details: ProcessDetails;
}

/** Details of processes that are looked at again and again. Holds one entry for each living process asked about. */
export interface DetailsCache {
  of(pid: number): ProcessDetails | null;
  /** Whether asking costs a reading. */
  knows(pid: number): boolean;
  forgetEnded(): void;
}

export function createDetailsCache(processes: Processes, sight: ProcessSight, wallMs: () => number): DetailsCache {
  const kept = new Map<number, Kept>();
  const current = (pid: number): Kept | null => {
    const [entry, process] = [kept.get(pid), sight.get(pid)];
    return entry !== undefined && process !== undefined && holds(entry, process, wallMs()) ? entry : null;
  };
  return {
    of(pid) {
      const known = current(pid);
      if (known !== null) return known.details;
      const [process, details] = [sight.get(pid), processes.details(pid)];
      if (process === undefined || details === null) return details;
      kept.set(pid, { startTicks: process.startTicks, commandHash: process.commandHash, readWallMs: wallMs(), details });
      return details;
    },
    knows: (pid) => current(pid) !== null,
    forgetEnded() {
      for (const pid of kept.keys()) if (sight.get(pid) === undefined) kept.delete(pid);
    },
  };
}

function holds(entry: Kept, process: KnownProcess, wallMs: number): boolean {
  if (entry.startTicks !== process.startTicks || entry.commandHash !== process.commandHash) return false;
  return Math.abs(wallMs - entry.readWallMs) < KEPT_MS && entry.readWallMs - process.startedWallMs >= YOUNG_MS;
}
