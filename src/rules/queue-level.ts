import type { Judgement, RuleVerdict, TargetView } from "../core/judgement.ts";
import type { Observation } from "../core/observation.ts";

/**
 * What rules about the depth of a queue share: a figure of each reading, compared with a limit it may be above for a while.
 * Such a figure is nobody's own. It says that tasks come faster than a group works them off, never which worker is to blame.
 */
export interface QueueLevels {
  readonly epochAtMs: number;
  /** By queue; only those whose newest reading had the figure. */
  levels: Record<string, QueueLevel>;
  /** Readings with the figure since the epoch. */
  count: number;
}

interface QueueLevel {
  readonly value: number;
  readonly atMs: number;
  /** First of the unbroken readings above the limit; null = the newest is not above. */
  readonly aboveSinceMs: number | null;
  /** Of the first reading since the epoch: whether a heal has made it less. */
  readonly first: number;
}

/** The queue whose figure has stood above for longest; where none is above, the one with the highest. */
export interface StandingLevel extends QueueLevel {
  readonly queue: string;
  /** From when it counts as above without a break; null = it is not above. */
  readonly sinceMs: number | null;
}

export interface Limit {
  readonly above: number;
  readonly forMs: number;
}

type QueueReading = Extract<Observation, { kind: "queue" }>;

const GAP_MS_MAX = 60_000; // after a longer hole nobody can say that it stayed above; also: an older reading is no news
const READINGS_MIN = 3; // one low reading may be luck

/** `value` null = this reading does not say: no data is neither a backlog nor the end of one, and what stood before is broken. */
export function fileLevel(memory: QueueLevels, { queue, atMs }: QueueReading, value: number | null, { above }: Limit): void {
  const before = levelOf(memory, queue);
  if (value === null) {
    delete memory.levels[queue];
    return;
  }
  const isUnbroken = before !== undefined && atMs - before.atMs <= GAP_MS_MAX;
  const aboveSinceMs = value <= above ? null : isUnbroken ? (before.aboveSinceMs ?? atMs) : atMs;
  memory.levels[queue] = { value, atMs, aboveSinceMs, first: before?.first ?? value };
  memory.count++;
}

export function judgeLevels(memory: QueueLevels, view: TargetView, limit: Limit): Pick<Judgement, "state" | "sustained" | "sinceMs"> {
  const level = standingLevel(memory, view);
  const isSick = level !== null && level.sinceMs !== null && level.atMs - level.sinceMs >= limit.forMs;
  return { state: isSick ? "sick" : level === null ? "unknown" : "fine", sustained: isSick, sinceMs: isSick ? level.sinceMs : null };
}

/** null = no queue has told its figure lately, or one cannot be read. */
export function standingLevel(memory: QueueLevels, view: TargetView): StandingLevel | null {
  let standing: StandingLevel | null = null;
  if (view.blind !== null) return null;
  for (const { queue, seenSinceMs } of view.queues) {
    const level = levelOf(memory, queue);
    if (level === undefined || seenSinceMs === null || view.nowMs - level.atMs > GAP_MS_MAX) continue;
    const sinceMs = level.aboveSinceMs === null ? null : Math.max(level.aboveSinceMs, seenSinceMs, memory.epochAtMs);
    const found = { ...level, queue, sinceMs };
    if (standing === null || isWorse(found, standing)) standing = found;
  }
  return standing;
}

/** Names come from the configuration: one may be called `constructor`. */
function levelOf({ levels }: QueueLevels, queue: string): QueueLevel | undefined {
  return Object.hasOwn(levels, queue) ? levels[queue] : undefined;
}

function isWorse(one: StandingLevel, other: StandingLevel): boolean {
  if (one.sinceMs === null || other.sinceMs === null) return one.sinceMs !== null || (other.sinceMs === null && one.value > other.value);
  return one.sinceMs < other.sinceMs;
}

/** A heal has helped when nothing is above any more. While it grows less, work goes on, and it is too early to say. */
export function verdictOfLevels(memory: QueueLevels, view: TargetView, limit: Limit): RuleVerdict {
  const level = standingLevel(memory, view);
  if (level === null) return "undecided";
  if (level.sinceMs === null) return memory.count >= READINGS_MIN ? "recovered" : "undecided";
  return judgeLevels(memory, view, limit).state === "sick" && level.value >= level.first ? "failed" : "undecided";
}
