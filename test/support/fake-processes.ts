import { processTable, type ProcessEntry } from "../../src/world/processes/process-table.ts";
import type { ProcessBrief, ProcessDetails, ProcessGlance, ProcessPlace } from "../../src/world/processes/process-facts.ts";
import type { Processes, ProcessPulse } from "../../src/world/processes/processes.ts";

/** When the fake machine started: a process of tick 100 one second later. */
export const FAKE_BOOT_WALL_MS = 1_700_000_000_000;

export interface FakeProcess {
  readonly pid: number;
  readonly parentPid?: number;
  readonly startTicks?: number;
  readonly memoryBytes?: number;
  readonly cpuMs?: number;
  readonly pulse?: Partial<ProcessPulse>;
  readonly brief?: Partial<Omit<ProcessBrief, "pid" | "parentPid" | "startTicks" | "state">>;
  readonly place?: Partial<ProcessPlace>;
  readonly details?: Partial<ProcessDetails>;
}

/** Processes in a map: `put` starts one or changes it, `end` ends it, `signals` is what was sent. */
export interface FakeProcesses extends Processes {
  put(process: FakeProcess): void;
  end(pid: number): void;
  /** Processes that may not be signalled, as those of another user. */
  readonly forbidden: Set<number>;
  /** Users whose processes healer may signal; empty = everybody's, as for root. */
  readonly ownUids: Set<number>;
  readonly signals: { readonly pid: number; readonly signal: string }[];
}

const IDLE: ProcessPulse = { state: "S", voluntarySwitches: 100 };
const QUIET = {
  brief: { name: "sleep", session: 1, terminal: 0, uid: 0, argv: ["sleep", "60"], marks: {} },
  place: { exe: "/usr/bin/sleep", cwd: "/" },
  details: {
    ...{ marks: {}, unit: null, loginUid: null, output: null, ports: [], catches: [] },
    ...{ pidNamespace: "pid:[1]", mountNamespace: "mnt:[1]", pidNamespaceDepth: 1 },
  },
};

interface Entry extends ProcessEntry {
  readonly pulse: ProcessPulse;
  readonly brief: Omit<ProcessBrief, "pid" | "parentPid" | "startTicks" | "state">;
  readonly place: ProcessPlace;
  readonly details: ProcessDetails;
}

export function fakeProcesses(...initial: readonly FakeProcess[]): FakeProcesses {
  const entries = new Map<number, Entry>();
  const forbidden = new Set<number>();
  const ownUids = new Set<number>();
  const signals: { pid: number; signal: string }[] = [];
  const put = (process: FakeProcess): void => void entries.set(process.pid, entryOf(process));
  for (const process of initial) put(process);
  return {
    supported: true,
    put,
    end: (pid) => void entries.delete(pid),
    forbidden,
    ownUids,
    signals,
    pulse: (pid) => entries.get(pid)?.pulse ?? null,
    snapshot: () => processTable(new Map(entries)),
    startTicks: (pid) => entries.get(pid)?.startTicks ?? null,
    pids: () => [...entries.keys()],
    glance: (pid) => glanceOf(entries.get(pid)),
    brief: (pid) => briefOf(entries.get(pid)),
    place: (pid) => entries.get(pid)?.place ?? { exe: null, cwd: null },
    details: (pid) => entries.get(pid)?.details ?? null,
    openFiles: (pid) => (entries.has(pid) ? { count: 20, limit: 1024 } : null),
    evidence: (pid) => (entries.has(pid) ? { status: { State: "S (sleeping)" }, waitsIn: null, openFiles: null, files: [] } : null),
    startedWallMs: (startTicks) => FAKE_BOOT_WALL_MS + 10 * startTicks,
    maySignal: (uid) => ownUids.size === 0 || ownUids.has(uid),
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

function entryOf({
  pid,
  parentPid = 1,
  startTicks = pid,
  memoryBytes = 50e6,
  cpuMs = 40,
  pulse,
  brief,
  place,
  details,
}: FakeProcess): Entry {
  return {
    ...{ pid, parentPid, startTicks, memoryBytes, cpuMs },
    pulse: { ...IDLE, ...pulse },
    brief: { ...QUIET.brief, ...brief },
    place: { ...QUIET.place, ...place },
    details: { ...QUIET.details, ...details },
  };
}

function glanceOf(entry: Entry | undefined): ProcessGlance | null {
  if (entry === undefined) return null;
  const { pid, parentPid, startTicks, pulse, brief } = entry;
  return { pid, parentPid, startTicks, state: pulse.state, name: brief.name, session: brief.session, terminal: brief.terminal };
}

/** A zombie has no command line and no environment any more. */
function briefOf(entry: Entry | undefined): ProcessBrief | null {
  if (entry === undefined) return null;
  const { pid, parentPid, startTicks, pulse, brief } = entry;
  return { ...brief, pid, parentPid, startTicks, state: pulse.state, ...(pulse.state === "Z" ? { argv: [], marks: null } : {}) };
}
