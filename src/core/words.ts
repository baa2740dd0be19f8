/** Words for people: durations, counts. The core has no locale; the log is English. */

/** "4 s", "2 m 30 s", "1 h 5 m", "3 d 2 h": two units at most, rounded to the second. */
export function inWords(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return join(Math.floor(seconds / 60), "m", seconds % 60, "s");
  if (seconds < 86_400) return join(Math.floor(seconds / 3600), "h", Math.floor((seconds % 3600) / 60), "m");
  return join(Math.floor(seconds / 86_400), "d", Math.floor((seconds % 86_400) / 3600), "h");
}

/** "2026-11-25 14:02:11Z": wall ms as the log counts, without a locale. */
export function stamp(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19).replace("T", " ")}Z`;
}

/** "14:02:11Z", with the day in front where it is not within the next twelve hours. */
export function clock(wallMs: number, nowWallMs: number): string {
  return Math.abs(wallMs - nowWallMs) < 12 * 3_600_000 ? stamp(wallMs).slice(11) : stamp(wallMs);
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Of the heals since the last one that helped. */
export function sayStreak(failedHeals: number): string {
  return failedHeals === 1 ? "the last heal did not help" : `${failedHeals} heals in a row did not help`;
}

function join(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
