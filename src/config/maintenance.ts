import type { MaintenanceWindow, WindowEnd } from "../core/maintenance.ts";
import { calendarOf, openSpan, type Calendar } from "./calendar.ts";
import type { WindowBlock } from "./maintenance-schema.ts";
import { windowLabel } from "./window-words.ts";

/** One entry of `maintenance:`, bound to its calendar. */
export interface CompiledWindow extends MaintenanceWindow {
  /** "2026-11-29 02:00 Europe/Berlin"; null = it never opens again. */
  nextOpening(wallMs: number): string | null;
}

export function bindWindows(blocks: readonly WindowBlock[] | undefined): readonly CompiledWindow[] {
  return (blocks ?? []).map(bindWindow);
}

function bindWindow(block: WindowBlock): CompiledWindow {
  const calendar = calendarOf(block);
  let known = { fromMs: 0, toMs: 0, end: null as WindowEnd | null };
  return {
    label: windowLabel(block, calendar.timeZone),
    openAt(wallMs) {
      // Asking the calendar costs a fifth of a millisecond; between two edges of the window its answer stands.
      if (wallMs < known.fromMs || wallMs >= known.toMs) known = lookUp(calendar, block.for, wallMs);
      return known.end;
    },
    nextOpening(wallMs) {
      const nextMs = calendar.nextAfter(wallMs);
      return nextMs === null ? null : clockTime(nextMs, calendar.timeZone);
    },
  };
}

function lookUp(calendar: Calendar, forMs: number, wallMs: number): { fromMs: number; toMs: number; end: WindowEnd | null } {
  const span = openSpan(calendar, forMs, wallMs);
  if (span === null) return { fromMs: wallMs, toMs: calendar.nextAfter(wallMs) ?? Infinity, end: null };
  const end = { untilWallMs: span.endMs, until: clockTime(span.endMs, calendar.timeZone) };
  return { fromMs: span.sinceMs, toMs: span.endMs, end };
}

/** "2026-11-29 04:00 Europe/Berlin" */
function clockTime(wallMs: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat("en-GB", { ...DATE_AND_TIME, timeZone });
  const parts = Object.fromEntries(format.formatToParts(wallMs).map(({ type, value }) => [type, value]));
  return `${parts["year"]}-${parts["month"]}-${parts["day"]} ${parts["hour"]}:${parts["minute"]} ${timeZone}`;
}

const DATE_AND_TIME = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
