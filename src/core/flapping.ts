import type { Knobs } from "./strategy.ts";
import { plural } from "./words.ts";

/** A streak of failures stands beside it; flapping does not show there. */
export function sayWhyOpen(why: "failures" | "flapping"): string {
  return why === "failures" ? why : "flapping: healed too often, sick again each time";
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Row 4: each heal "helps" and it sickens again and again, which a streak of failures never notices. `healsAtMs` are the
 * heals before the one in question.
 */
export function whyFlapping(nowMs: number, healsAtMs: readonly number[], knobs: Knobs): string | null {
  const { maxHealsPerHour, circuit } = knobs;
  const within = (spanMs: number): number => healsAtMs.filter((atMs) => nowMs - atMs < spanMs).length;
  if (within(HOUR_MS) >= maxHealsPerHour)
    return `healed ${plural(within(HOUR_MS), "time")} within an hour and sick again (max_heals_per_hour ${maxHealsPerHour}): it flaps`;
  if (within(DAY_MS) >= circuit.maxHealsPerDay)
    return `healed ${plural(within(DAY_MS), "time")} within a day and sick again (max_heals_per_day ${circuit.maxHealsPerDay}): it flaps`;
  return null;
}
