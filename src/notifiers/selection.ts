import { z } from "zod";
import { LOG_EVENTS, PAGE_EVENTS, type LogEvent, type LogRecord } from "../core/log-record.ts";

const VERDICTS = ["heal_verdict:recovered", "heal_verdict:failed", "heal_verdict:inconclusive", "heal_verdict:aborted"] as const;
const selector = z.enum(["pages", "all", ...LOG_EVENTS, ...VERDICTS]);

/** The parameter `on` of every notifier: `pages` (what wakes a person), `all`, event names, `heal_verdict:failed`, or a list. */
export const selection = z
  .union([selector, z.array(selector).min(1)])
  .default("pages")
  .meta({ description: "pages (what wakes a person), all, event names, heal_verdict:failed, or a list of these" });

export type Selection = z.output<typeof selection>;

/** A failure to notify is told only to who names it: in `all` it would answer every lost message with another one. */
export function selects(on: Selection, record: LogRecord): boolean {
  const wanted: readonly string[] = typeof on === "string" ? [on] : on;
  const verdict = record.more?.["verdict"];
  return (
    wanted.includes(record.event) ||
    (wanted.includes("all") && record.event !== "notify_failed") ||
    (wanted.includes("pages") && isPage(record)) ||
    (record.event === "heal_verdict" && typeof verdict === "string" && wanted.includes(`heal_verdict:${verdict}`))
  );
}

/** Wakes a person; an alert does so only as an error. */
export function isPage({ event, level }: Pick<LogRecord, "event" | "level">): boolean {
  const pages: readonly LogEvent[] = PAGE_EVENTS;
  return pages.includes(event) && !(event === "alert" && level !== "error");
}
