import { Cron } from "croner";

/** When windows open. All times are wall ms; how a cron entry behaves over a change to or from summer time is croner's. */
export interface Calendar {
  readonly timeZone: string;
  /** The newest opening at or before an instant; null = none. */
  latestUpTo(wallMs: number): number | null;
  /** The first opening after an instant; null = it never opens again. */
  nextAfter(wallMs: number): number | null;
}

const NICKNAMES = /^@(hourly|daily|midnight|weekly|monthly|yearly|annually)$/i;
const FIELDS = 5;
const OPENINGS_MAX = 500; // without a gap between them; one a minute is more than eight hours
const DAYS_MAX_MS = 8 * 24 * 3_600_000;
const A_YEAR_WITH_ALL_DAYS = Date.UTC(2024, 0, 1); // 29 February too; which year it is decides nothing

export function calendarOf({ cron, tz }: { readonly cron: string; readonly tz?: string | undefined }): Calendar {
  const timeZone = tz ?? new Intl.DateTimeFormat("en").resolvedOptions().timeZone;
  const job = cronJob(cron, timeZone);
  return {
    timeZone,
    latestUpTo: (wallMs) => job.previousRuns(1, new Date(wallMs + 1))[0]?.getTime() ?? null, // it answers with runs before that
    nextAfter: (wallMs) => job.nextRun(new Date(wallMs))?.getTime() ?? null,
  };
}

/**
 * Nothing is ever run by it. `no-wildcard`: an opening in the hour that a change to summer time leaves out is moved to the end
 * of that hour and not left out with it.
 */
function cronJob(cron: string, timezone: string): Cron {
  return new Cron(cron.trim(), { timezone, mode: "5-part", paused: true, fixedTimeRule: "no-wildcard" });
}

export function whyNoCron(cron: string): string | null {
  const fields = cron
    .trim()
    .split(/\s+/)
    .filter((field) => field !== "").length;
  const isNickname = NICKNAMES.test(cron.trim());
  if (!isNickname && fields !== FIELDS) return `it has ${fields === 6 ? "six; seconds do not exist here" : fields}`;
  try {
    cronJob(cron, "UTC");
    return null;
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error);
    const words = told.replace(/^\w+: /, "");
    return `${words.charAt(0).toLowerCase()}${words.slice(1)}`;
  }
}

export function isTimeZone(text: string): boolean {
  try {
    return text !== "" && new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** A window that never opens is a slip; one that never closes would end all healing. */
export function whyNeverHealed(calendar: Calendar, forMs: number): { readonly at: "cron" | "for"; readonly message: string } | null {
  const first = calendar.nextAfter(A_YEAR_WITH_ALL_DAYS);
  if (first === null) return { at: "cron", message: "never opens: there is no such day" };
  let endMs = first + forMs;
  for (let openings = 1; openings < OPENINGS_MAX && endMs - first < DAYS_MAX_MS; openings++) {
    const later = extended(calendar, endMs, forMs);
    if (later === endMs) return null;
    endMs = later;
  }
  return { at: "for", message: "never closes: it opens again before it is over, on and on, and nothing would ever be healed" };
}

/** The end that an opening before this end moves it to; the same where there is none. */
function extended(calendar: Calendar, endMs: number, forMs: number): number {
  return Math.max(endMs, (calendar.latestUpTo(endMs) ?? -Infinity) + forMs);
}

/** When what is open at an instant closes: openings that overlap are one window. null = closed. `sinceMs`: true from then on. */
export function openSpan(calendar: Calendar, forMs: number, wallMs: number): { readonly sinceMs: number; readonly endMs: number } | null {
  const sinceMs = calendar.latestUpTo(wallMs);
  if (sinceMs === null || sinceMs + forMs <= wallMs) return null;
  let endMs = sinceMs + forMs;
  for (let openings = 1; openings < OPENINGS_MAX; openings++) {
    const later = extended(calendar, endMs, forMs);
    if (later === endMs) break;
    endMs = later;
  }
  return { sinceMs, endMs };
}
