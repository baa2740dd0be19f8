import type { ProcessIdentity, ProcessTable } from "./processes.ts";

export interface ProcessEntry extends ProcessIdentity {
  readonly parentPid: number;
  readonly memoryBytes: number;
  /** Its own, and that of children it has collected. */
  readonly cpuMs: number;
}

/** What one scan found, as trees. Children are indexed on the first question: a scan nobody asks costs no index. */
export function processTable(entries: ReadonlyMap<number, ProcessEntry>): ProcessTable {
  let children: ReadonlyMap<number, readonly ProcessEntry[]> | null = null;
  const entriesOf = (pid: number): readonly ProcessEntry[] => {
    children ??= childrenOf(entries);
    return treeOf(pid, entries, children);
  };
  const sumOf = (pid: number, figure: "memoryBytes" | "cpuMs"): number | null =>
    entries.has(pid) ? entriesOf(pid).reduce((sum, entry) => sum + entry[figure], 0) : null;
  return {
    tree: (pid) => entriesOf(pid).map((entry) => ({ pid: entry.pid, startTicks: entry.startTicks })),
    ancestors: (pid) => ancestorsOf(pid, entries),
    treeMemoryBytes: (pid) => sumOf(pid, "memoryBytes"),
    treeCpuMs: (pid) => sumOf(pid, "cpuMs"),
  };
}

/** `found` ends a walk that a reused pid has bent into a ring. */
function ancestorsOf(pid: number, entries: ReadonlyMap<number, ProcessEntry>): readonly number[] {
  const found = new Set<number>();
  for (
    let entry = entries.get(pid);
    entry !== undefined && entry.parentPid > 0 && !found.has(entry.parentPid);
    entry = entries.get(entry.parentPid)
  ) {
    found.add(entry.parentPid);
  }
  return [...found];
}

/**
 * A scan is no instant: a pid may be reused while it runs. A process older than its parent is such a mix-up and belongs
 * to nobody's tree; `found` ends a walk that such mix-ups have bent into a ring.
 */
function treeOf(
  pid: number,
  entries: ReadonlyMap<number, ProcessEntry>,
  children: ReadonlyMap<number, readonly ProcessEntry[]>,
): readonly ProcessEntry[] {
  const root = entries.get(pid);
  const found = new Set<ProcessEntry>(root === undefined ? [] : [root]);
  for (const parent of found) {
    for (const child of children.get(parent.pid) ?? []) if (child.startTicks >= parent.startTicks) found.add(child);
  }
  return [...found];
}

function childrenOf(entries: ReadonlyMap<number, ProcessEntry>): ReadonlyMap<number, readonly ProcessEntry[]> {
  const children = new Map<number, ProcessEntry[]>();
  for (const entry of entries.values()) {
    const siblings = children.get(entry.parentPid);
    if (siblings === undefined) children.set(entry.parentPid, [entry]);
    else siblings.push(entry);
  }
  return children;
}
