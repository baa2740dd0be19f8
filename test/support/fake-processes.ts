import { processTable, type ProcessEntry } from "../../src/world/processes/process-table.ts";
import type { Processes, ProcessPulse } from "../../src/world/processes/processes.ts";

export interface FakeProcess {
  readonly pid: number;
  readonly parentPid?: number;
  readonly startTicks?: number;
  readonly memoryBytes?: number;
  readonly pulse?: Partial<ProcessPulse>;
}

/** Processes in a map: `put` starts one or changes it, `end` ends it, `signals` is what was sent. */
export interface FakeProcesses extends Processes {
  put(process: FakeProcess): void;
  end(pid: number): void;
  /** Processes that may not be signalled, as those of another user. */
  readonly forbidden: Set<number>;
  readonly signals: { readonly pid: number; readonly signal: string }[];
}

const IDLE: ProcessPulse = { state: "S", voluntarySwitches: 100 };

export function fakeProcesses(...initial: readonly FakeProcess[]): FakeProcesses {
  const entries = new Map<number, ProcessEntry & { readonly pulse: ProcessPulse }>();
  const forbidden = new Set<number>();
  const signals: { pid: number; signal: string }[] = [];
  const put = ({ pid, parentPid = 1, startTicks = pid, memoryBytes = 50e6, pulse = {} }: FakeProcess): void => {
    entries.set(pid, { pid, parentPid, startTicks, memoryBytes, pulse: { ...IDLE, ...pulse } });
  };
  for (const process of initial) put(process);
  return {
    supported: true,
    put,
    end: (pid) => void entries.delete(pid),
    forbidden,
    signals,
    pulse: (pid) => entries.get(pid)?.pulse ?? null,
    snapshot: () => processTable(new Map(entries)),
    startTicks: (pid) => entries.get(pid)?.startTicks ?? null,
    signal({ pid, startTicks }, signal) {
      const entry = entries.get(pid);
      if (entry === undefined) return "gone";
      if (entry.startTicks !== startTicks) return "reused";
      if (forbidden.has(pid)) return "forbidden";
      signals.push({ pid, signal });
      entries.delete(pid);
      return "sent";
    },
  };
}
