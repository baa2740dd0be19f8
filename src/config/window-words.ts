import { formatDuration } from "../core/quantities.ts";
import type { Compiled } from "./compiled.ts";
import type { CompiledWindow } from "./maintenance.ts";
import type { WindowBlock } from "./maintenance-schema.ts";

const DAYS = ["Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays"];
const NAMES = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const DAY_MS = 24 * 3_600_000;

/** "Sundays 02:00–04:00 Europe/Berlin" where the entry is that plain; else as written: 'cron "0 2 1 * *" for 2h Europe/Berlin'. */
export function windowLabel({ cron, for: forMs }: WindowBlock, timeZone: string): string {
  const [minute = "", hour = "", day, month, weekday = ""] = cron.trim().split(/\s+/);
  const days = day === "*" && month === "*" ? daysInWords(weekday) : null;
  const isPlain = /^[0-5]?\d$/.test(minute) && /^([01]?\d|2[0-3])$/.test(hour) && forMs <= DAY_MS && forMs % 60_000 === 0;
  if (days === null || !isPlain) return `cron "${cron.trim().replaceAll(/\s+/g, " ")}" for ${formatDuration(forMs)} ${timeZone}`;
  const opens = Number(hour) * 60 + Number(minute);
  return `${days} ${clock(opens)}–${clock((opens + forMs / 60_000) % 1440)} ${timeZone}`;
}

function daysInWords(field: string): string | null {
  if (field === "*") return "daily";
  const range = /^(\w+)-(\w+)$/.exec(field);
  if (range !== null) {
    const [first, last] = [dayName(range[1] ?? ""), dayName(range[2] ?? "")];
    return first === null || last === null ? null : `${first} to ${last}`;
  }
  const days = field.split(",").map(dayName);
  return days.includes(null) ? null : days.join(", ");
}

/** 0 and 7 are Sunday. */
function dayName(text: string): string | null {
  const number = /^[0-7]$/.test(text) ? Number(text) % 7 : NAMES.indexOf(text.toLowerCase());
  return DAYS[number] ?? null;
}

function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

/** Everybody's windows and its own. */
export function windowLines(
  compiled: Pick<Compiled, "maintenance">,
  strategy: Pick<Compiled, "maintenance">,
  wallMs: number,
): readonly (readonly [string, string])[] {
  return [...compiled.maintenance, ...strategy.maintenance].map((window) => ["maintenance", windowWords(window, wallMs)]);
}

/** With the next time it opens, or with its end while it is open. */
function windowWords(window: CompiledWindow, wallMs: number): string {
  const open = window.openAt(wallMs);
  if (open !== null) return `${window.label}, open now until ${open.until}`;
  return `${window.label}, next ${window.nextOpening(wallMs) ?? "never again"}`;
}
