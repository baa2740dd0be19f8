/** Virtual time: what is due is run in order of its time, and of its entry where two are due at once. */
export interface Timeline {
  readonly nowMs: number;
  /** When the next thing is due; infinite = nothing is. */
  readonly nextAtMs: number;
  at(atMs: number, run: () => void): void;
  /** Moves time to `atMs` and runs everything due until then, what it plans meanwhile included. */
  runUntil(atMs: number): void;
}

interface Planned {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export function createTimeline(startMs = 0): Timeline {
  const heap: Planned[] = [];
  let nowMs = startMs;
  let planned = 0;
  return {
    get nowMs() {
      return nowMs;
    },
    get nextAtMs() {
      return heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
    },
    at(atMs, run) {
      push(heap, { atMs: Math.max(atMs, nowMs), order: planned++, run });
    },
    runUntil(atMs) {
      for (let next = heap[0]; next !== undefined && next.atMs <= atMs; next = heap[0]) {
        pop(heap);
        nowMs = next.atMs;
        next.run();
      }
      nowMs = Math.max(nowMs, atMs);
    },
  };
}

function isBefore(one: Planned, other: Planned): boolean {
  return one.atMs !== other.atMs ? one.atMs < other.atMs : one.order < other.order;
}

function push(heap: Planned[], planned: Planned): void {
  let index = heap.length;
  for (; index > 0; index = (index - 1) >> 1) {
    const parent = heap[(index - 1) >> 1];
    if (parent === undefined || !isBefore(planned, parent)) break;
    heap[index] = parent;
  }
  heap[index] = planned;
}

function pop(heap: Planned[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    const leftOne = heap[left];
    if (leftOne === undefined) break;
    const rightOne = heap[left + 1];
    const [child, at] = rightOne !== undefined && isBefore(rightOne, leftOne) ? [rightOne, left + 1] : [leftOne, left];
    if (!isBefore(child, last)) break;
    heap[index] = child;
    index = at;
  }
  heap[index] = last;
}
