/**
 * Whether a memory climbs, out of its lowest readings in equal spans of time. Lowest, because a collector lets memory rise and
 * fall by itself, and only what it leaves behind can leak.
 */

const LEVELS_OF_A_THIRD = 10;
/** Spans that a look takes: three thirds, of which each has to stand higher than the one before. */
export const LEVELS_MAX = 3 * LEVELS_OF_A_THIRD;
const CLIMB_SHARE_MIN = 0.02; // of the limit, over the whole look: less than that idle programs wander about

export interface Trend {
  /** Bytes a span of time. */
  readonly perSpan: number;
  /** Spans until the limit is reached; null = never, as it levels off before. */
  readonly spansAhead: number | null;
}

/**
 * null = it does not climb. The pace is the slowest of three, because each of them alone is deceived by something: the median
 * of the slopes between all pairs of levels (Theil–Sen: up to 29 % of the levels may be anything) by one long tooth of a saw, and
 * the rise of the floor from the first third to the second, and from the second to the third, by noise. After a step one of the
 * two rises is nothing, and the teeth of a saw that are shorter than a third have their floor in each.
 *
 * How far it gets: a rise that becomes smaller from third to third, as caches fill, goes on becoming smaller by the same
 * factor; for a memory that nears its plateau exponentially that is exact.
 */
export function trendOf(levels: readonly number[], limit: number): Trend | null {
  if (levels.length < LEVELS_MAX) return null;
  const newest = levels.slice(-LEVELS_MAX);
  const floorOf = (third: number): number => Math.min(...newest.slice(third * LEVELS_OF_A_THIRD, (third + 1) * LEVELS_OF_A_THIRD));
  const [before, after] = [floorOf(1) - floorOf(0), floorOf(2) - floorOf(1)];
  const rise = Math.min(before, after, medianSlope(newest) * LEVELS_OF_A_THIRD); // over a third
  if (3 * rise < CLIMB_SHARE_MIN * limit) return null;
  const missing = Math.max(0, limit - (newest.at(-1) ?? 0));
  const thirds = thirdsUntil(missing, rise, Math.min(1, after / before));
  return { perSpan: rise / LEVELS_OF_A_THIRD, spansAhead: thirds === null ? null : thirds * LEVELS_OF_A_THIRD };
}

/** `rise` × (fades + fades² + … ) reaches `missing` after so many thirds; null = it never does. */
function thirdsUntil(missing: number, rise: number, fades: number): number | null {
  if (fades > 0.999) return missing / rise; // the series is a line, and its closed form below divides by nothing
  const left = 1 - (missing * (1 - fades)) / (rise * fades);
  return left <= 0 ? null : Math.log(left) / Math.log(fades);
}

/** Theil (1950), Sen (1968). Of 30 levels, 435 slopes: a tenth of a millisecond, once a span. */
function medianSlope(levels: readonly number[]): number {
  const slopes: number[] = [];
  for (const [from, low] of levels.entries()) {
    for (const [distance, high] of levels.slice(from + 1).entries()) slopes.push((high - low) / (distance + 1));
  }
  slopes.sort((one, other) => one - other);
  const middle = Math.floor(slopes.length / 2);
  return slopes.length % 2 === 1 ? (slopes[middle] ?? 0) : ((slopes[middle - 1] ?? 0) + (slopes[middle] ?? 0)) / 2;
}
