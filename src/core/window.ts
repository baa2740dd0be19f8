/**
 * An exact rolling window of task outcomes: a ring of buckets with running totals, subtracting on eviction. The window
 * is the current, partly filled bucket plus the ones before it (decision-core §1.1). O(1) to add and to read.
 *
 * The evidence epoch (a heal starts a new one) costs two more counters instead of a second ring: what was in the window
 * when the epoch began is remembered in `before`, and shrinks as the oldest buckets fall out, so `total - before` is
 * always what happened since.
 */
export interface Window {
  readonly bucketMs: number;
  /** Length of both rings. */
  readonly buckets: number;
  /** Number of the current bucket: floor(atMs / bucketMs). */
  current: number;
  readonly ok: number[];
  readonly failed: number[];
  totalOk: number;
  totalFailed: number;
  beforeOk: number;
  beforeFailed: number;
}

/** Outcomes inside the window, all of them or only those since the epoch. */
export interface Outcomes {
  readonly ok: number;
  readonly failed: number;
}

export function createWindow(bucketMs: number, buckets: number, atMs: number): Window {
  return {
    bucketMs,
    buckets,
    current: Math.floor(atMs / bucketMs),
    ok: new Array<number>(buckets).fill(0),
    failed: new Array<number>(buckets).fill(0),
    totalOk: 0,
    totalFailed: 0,
    beforeOk: 0,
    beforeFailed: 0,
  };
}

/** Moves the window to `atMs`, dropping what has become too old. Time never goes back; an earlier instant changes nothing. */
export function advanceWindow(window: Window, atMs: number): void {
  const bucket = Math.floor(atMs / window.bucketMs);
  const steps = Math.min(bucket - window.current, window.buckets);
  for (let step = 1; step <= steps; step++) evict(window, (window.current + step) % window.buckets);
  if (bucket > window.current) window.current = bucket;
}

export function addOutcomes(window: Window, atMs: number, outcomes: Outcomes): void {
  advanceWindow(window, atMs);
  const slot = window.current % window.buckets;
  window.ok[slot] = (window.ok[slot] ?? 0) + outcomes.ok;
  window.failed[slot] = (window.failed[slot] ?? 0) + outcomes.failed;
  window.totalOk += outcomes.ok;
  window.totalFailed += outcomes.failed;
}

/** From now on `sinceEpoch` counts anew; the displayed window keeps its history. */
export function startWindowEpoch(window: Window): void {
  window.beforeOk = window.totalOk;
  window.beforeFailed = window.totalFailed;
}

export function allOutcomes(window: Window): Outcomes {
  return { ok: window.totalOk, failed: window.totalFailed };
}

/**
 * Outcomes of the last `lengthMs`: the current bucket and the whole ones before it, so up to one bucket less. Costs one
 * step a bucket; the full length costs nothing.
 */
export function outcomesWithin(window: Window, lengthMs: number): Outcomes {
  const count = Math.max(1, Math.ceil(lengthMs / window.bucketMs));
  if (count >= window.buckets) return allOutcomes(window);
  let ok = 0;
  let failed = 0;
  for (let age = 0; age < count && age <= window.current; age++) {
    const slot = (window.current - age) % window.buckets;
    ok += window.ok[slot] ?? 0;
    failed += window.failed[slot] ?? 0;
  }
  return { ok, failed };
}

export function outcomesSinceEpoch(window: Window): Outcomes {
  return { ok: window.totalOk - window.beforeOk, failed: window.totalFailed - window.beforeFailed };
}

function evict(window: Window, slot: number): void {
  const ok = window.ok[slot] ?? 0;
  const failed = window.failed[slot] ?? 0;
  window.totalOk -= ok;
  window.totalFailed -= failed;
  // The oldest bucket holds tasks from before the epoch for as long as any are left in the window.
  window.beforeOk -= Math.min(ok, window.beforeOk);
  window.beforeFailed -= Math.min(failed, window.beforeFailed);
  window.ok[slot] = 0;
  window.failed[slot] = 0;
}

/** Snapshot form: only the buckets that hold anything, so an idle worker costs a few bytes. */
export interface SavedWindow {
  readonly current: number;
  readonly before: readonly [ok: number, failed: number];
  /** [bucket number, ok, failed] */
  readonly filled: readonly (readonly [number, number, number])[];
}

export function saveWindow(window: Window): SavedWindow {
  const filled: [number, number, number][] = [];
  for (let age = window.buckets - 1; age >= 0; age--) {
    const bucket = window.current - age;
    if (bucket < 0) continue;
    const ok = window.ok[bucket % window.buckets] ?? 0;
    const failed = window.failed[bucket % window.buckets] ?? 0;
    if (ok > 0 || failed > 0) filled.push([bucket, ok, failed]);
  }
  return { current: window.current, before: [window.beforeOk, window.beforeFailed], filled };
}

/** Rebuilds a window. The time between `saved.current` and `atMs` is a hole, not zeros; buckets too old are dropped. */
export function loadWindow(saved: SavedWindow, size: { bucketMs: number; buckets: number }, atMs: number): Window {
  const window = createWindow(size.bucketMs, size.buckets, saved.current * size.bucketMs);
  for (const [bucket, ok, failed] of saved.filled) {
    if (bucket > saved.current || bucket <= saved.current - size.buckets) continue;
    window.ok[bucket % size.buckets] = ok;
    window.failed[bucket % size.buckets] = failed;
    window.totalOk += ok;
    window.totalFailed += failed;
  }
  window.beforeOk = Math.min(saved.before[0], window.totalOk);
  window.beforeFailed = Math.min(saved.before[1], window.totalFailed);
  advanceWindow(window, atMs);
  return window;
}
