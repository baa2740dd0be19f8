import type { KnownProcess, ProcessSight } from "./known-process.ts";

const ANCESTORS_MAX = 100; // no tree is so deep; ends a walk bent into a ring

/** Its living ancestors, nearest first. A process older than its parent is a mix-up of a reused pid, and the walk ends. */
export function ancestorsOf(process: KnownProcess, sight: Pick<ProcessSight, "get">): readonly KnownProcess[] {
  const found: KnownProcess[] = [];
  for (let child = process; found.length < ANCESTORS_MAX;) {
    const parent = child.parentPid > 0 ? sight.get(child.parentPid) : undefined;
    if (parent === undefined || parent.startTicks > child.startTicks) return found;
    found.push(parent);
    child = parent;
  }
  return found;
}
