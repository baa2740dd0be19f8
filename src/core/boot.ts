import type { Observation, TargetId } from "./observation.ts";
import type { State, Target } from "./state.ts";

/** What shows that a worker has started: it finished a task, answered a probe, or merely lives. The first known is the best. */
export type BootSign = "task" | "probe" | "life";
const SIGNS: readonly BootSign[] = ["task", "probe", "life"];

/** How long the newest starts of a group took from ready to each sign, ms, oldest first. Decides nothing: `check` advises by it. */
export type Boots = Record<BootSign, readonly number[]>;

/** What has been seen of the start of the process that runs now. */
export interface BootWatch {
  startedWallMs: number | null;
  seen: readonly BootSign[];
  /** Of the last pulse: a process that has gone to sleep since then has begun to work. */
  switches: number | null;
}

export interface BootStatus {
  readonly sign: BootSign;
  readonly starts: number;
  readonly min_ms: number;
  readonly median_ms: number;
  readonly max_ms: number;
}

const STARTS_KEPT = 8;
const GROUPS_MAX = 1000;
const LATE_TURNS = 2; // a start that much before healer met the worker is as good as watched

export function newBootWatch(): BootWatch {
  return { startedWallMs: null, seen: [], switches: null };
}

/** Takes an observation for a sign of life, the first of its kind after a start that healer has watched. */
export function noteBoot(state: State, target: Target, observation: Observation): void {
  const { row, view, boot } = target;
  const { readyAtMs, startedAtMs } = view;
  if (row === null || row.pid === null || readyAtMs === null || startedAtMs === null) return;
  if (boot.startedWallMs !== row.startedWallMs) Object.assign(boot, newBootWatch(), { startedWallMs: row.startedWallMs });
  const sign = signOf(target, observation);
  if (sign === null || boot.seen.includes(sign)) return;
  boot.seen = [...boot.seen, sign];
  const wasWatched = startedAtMs >= target.metAtMs - LATE_TURNS * state.policy.intervalMs;
  const tookMs = observation.kind === "probe" ? (observation.tookMs ?? 0) : 0;
  if (wasWatched) addStart(state, target.group, sign, Math.max(0, Math.round(observation.atMs + tookMs - readyAtMs)));
}

function signOf(target: Target, observation: Observation): BootSign | null {
  switch (observation.kind) {
    case "tasks":
      return observation.ok + observation.failed > 0 && isOwnTask(target, observation.atMs) ? "task" : null;
    case "probe":
      return observation.ok ? "probe" : null;
    case "pulse":
      return hasBeaten(target, observation) ? "life" : null;
    default:
      return null;
  }
}

/**
 * Not one of the process before: the queue was read since the start, so that this reading counts from then on. And tasks
 * were pending all the while: of a worker that nobody gave work the first task says nothing.
 */
function isOwnTask({ view, epoch }: Target, atMs: number): boolean {
  const { readyAtMs, startedAtMs, queues } = view;
  if (readyAtMs === null || startedAtMs === null || atMs < epoch.ignoreTasksUntilMs) return false;
  return queues.some((read) => read.atMs >= startedAtMs && read.pendingSinceMs !== null && read.pendingSinceMs <= readyAtMs);
}

function hasBeaten({ boot, row }: Target, pulse: Extract<Observation, { kind: "pulse" }>): boolean {
  if (pulse.pid !== row?.pid) return false;
  const before = boot.switches;
  boot.switches = pulse.voluntarySwitches;
  return before !== null && pulse.voluntarySwitches > before;
}

function addStart({ boots }: State, group: TargetId, sign: BootSign, tookMs: number): void {
  const known = boots.get(group) ?? noBoots();
  boots.set(group, { ...known, [sign]: [...known[sign], tookMs].slice(-STARTS_KEPT) });
  const [oldest] = boots.keys();
  if (boots.size > GROUPS_MAX && oldest !== undefined) boots.delete(oldest);
}

function noBoots(): Boots {
  return { task: [], probe: [], life: [] };
}

/** Of the best sign that was seen; null = no start was watched yet. */
export function bootStatusOf({ boots }: State, group: TargetId): BootStatus | null {
  const known = boots.get(group);
  const sign = SIGNS.find((each) => (known?.[each] ?? []).length > 0);
  if (known === undefined || sign === undefined) return null;
  const sorted = known[sign].toSorted((one, other) => one - other);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  return { sign, starts: sorted.length, min_ms: at(0), median_ms: at(0.5), max_ms: at(1) };
}

/** From `state.json`, which may be of an older version or have been edited: what is not recognised is left out. */
export function readBoots(saved: unknown): Map<TargetId, Boots> {
  const groups = typeof saved === "object" && saved !== null && !Array.isArray(saved) ? Object.entries(saved) : [];
  const readable = groups.slice(-GROUPS_MAX).map(([group, boots]): [TargetId, Boots] => {
    const times = (sign: BootSign): readonly number[] => numbersIn(boots, sign).slice(-STARTS_KEPT);
    return [group, { task: times("task"), probe: times("probe"), life: times("life") }];
  });
  return new Map(readable);
}

function numbersIn(boots: unknown, sign: BootSign): readonly number[] {
  const list = typeof boots === "object" && boots !== null && Object.hasOwn(boots, sign) ? (boots as Record<string, unknown>)[sign] : [];
  return Array.isArray(list)
    ? list.filter((value): value is number => typeof value === "number" && Number.isFinite(value) && value >= 0)
    : [];
}
