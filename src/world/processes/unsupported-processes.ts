import type { Processes } from "./processes.ts";

/** Where there is no `/proc`: nothing is read and nothing is signalled, so that nothing is guessed. */
export function unsupportedProcesses(): Processes {
  return {
    supported: false,
    pulse: () => null,
    snapshot: () => ({ tree: () => [], ancestors: () => [], treeMemoryBytes: () => null, treeCpuMs: () => null }),
    signal: () => "gone", // without a start time nobody could prove that the pid is still the same process
    startTicks: () => null,
    pids: () => [],
    glance: () => null,
    brief: () => null,
    place: () => ({ exe: null, cwd: null }),
    details: () => null,
    openFiles: () => null,
    evidence: () => null,
    startedWallMs: () => 0,
    maySignal: () => false,
  };
}
