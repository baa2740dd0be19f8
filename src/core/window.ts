/**
 * An exact rolling window of task outcomes: a ring of buckets with running totals, subtracting on eviction. The window
 * is the current, partly filled bucket plus the ones before it (decision-core §1.1). O(1) to add and to read. It knows
 * nothing of heals: what counts as evidence since one is the rule's own account.
 */
export interface Window {
  readonly bucketMs: number;
  /** Length of both rings. */
  readonly buckets: number;
  /** Number of the current bucket: floor(atMs / bucketMs). */
  current: number;
  ok: Counts;
  failed: Counts;
  totalOk: number;
  totalFailed: number;
}

/** 16 bits hold 6,500 tasks a second in a 10 s bucket; a ring in which one overflows is widened. */
type Counts = Uint16Array | Uint32Array;

const NARROW_MAX = 0xffff;

export interface Outcomes {
  readonly ok: number;
  readonly failed: number;
}

export function createWindow(bucketMs: number, buckets: number, atMs: number): Window {
  return {
    bucketMs,
    buckets,
    current: Math.floor(atMs / bucketMs),
    ok: new Uint16Array(buckets),
    failed: new Uint16Array(buckets),
    totalOk: 0,
    totalFailed: 0,
  };
}

export function copyWindow(window: Window): Window {
  return { ...window, ok: window.ok.slice(), failed: window.failed.slice() };
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
  window.ok = plus(window.ok, slot, outcomes.ok);
  window.failed = plus(window.failed, slot, outcomes.failed);
  window.totalOk += outcomes.ok;
  window.totalFailed += outcomes.failed;
}

function plus(counts: Counts, slot: number, added: number): Counts {
  const sum = (counts[slot] ?? 0) + added;
  const wide = sum > NARROW_MAX && counts instanceof Uint16Array ? Uint32Array.from(counts) : counts;
  wide[slot] = sum;
  return wide;
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

function evict(window: Window, slot: number): void {
  const ok = window.ok[slot] ?? 0;
  const failed = window.failed[slot] ?? 0;
  window.totalOk -= ok;
  window.totalFailed -= failed;
  window.ok[slot] = 0;
  window.failed[slot] = 0;
}

/** Snapshot form: only the buckets that hold anything, so an idle worker costs a few bytes. */
export interface SavedWindow {
  readonly current: number;
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
  return { current: window.current, filled };
}

/** Rebuilds a window. The time between `saved.current` and `atMs` is a hole, not zeros; buckets too old are dropped. */
export function loadWindow(saved: SavedWindow, size: { bucketMs: number; buckets: number }, atMs: number): Window {
  const window = createWindow(size.bucketMs, size.buckets, saved.current * size.bucketMs);
  for (const [bucket, ok, failed] of saved.filled) {
    if (bucket > saved.current || bucket <= saved.current - size.buckets) continue;
    window.ok = plus(window.ok, bucket % size.buckets, ok);
    window.failed = plus(window.failed, bucket % size.buckets, failed);
    window.totalOk += ok;
    window.totalFailed += failed;
  }
  advanceWindow(window, atMs);
  return window;
}
