import { z } from "zod";
import { hint } from "./did-you-mean.ts";
import { durationField } from "./fields.ts";
import { calendarOf, isTimeZone, whyNeverHealed, whyNoCron } from "./calendar.ts";

const MINUTE_MS = 60_000;
const WEEK_MS = 7 * 24 * 60 * MINUTE_MS;
const WINDOWS_MAX = 20;
const TEXT_MAX = 100;

const CRON = z.string().superRefine((text, context) => {
  const why = text.length > TEXT_MAX ? `at most ${TEXT_MAX} characters` : whyNoCron(text);
  if (why !== null)
    context.addIssue({ code: "custom", message: `expected five fields, minute hour day month weekday, such as "0 2 * * 0": ${why}` });
});

const TIME_ZONE = z.string().superRefine((text, context) => {
  if (!isTimeZone(text))
    context.addIssue({ code: "custom", message: `expected a time zone such as Europe/Berlin or UTC${meantZone(text)}` });
});

function meantZone(text: string): string {
  const zones = ["UTC", ...Intl.supportedValuesOf("timeZone")];
  const city = zones.find((zone) => zone.toLowerCase().endsWith(`/${text.toLowerCase().trim().replaceAll(" ", "_")}`));
  return city === undefined ? hint(text, zones) : ` (did you mean ${city}?)`;
}

const WINDOW = z
  .strictObject({
    cron: CRON.describe('when it opens: five fields, minute hour day month weekday, such as "0 2 * * 0"'),
    for: durationField({ minMs: MINUTE_MS, maxMs: WEEK_MS }, "how long it stays open"),
    tz: TIME_ZONE.optional().describe("the time zone its times are in; that of the machine unless said"),
  })
  .superRefine((window, context) => {
    // Also asked where a field is wrong already; that has been said, and there is no calendar then.
    if (whyNoCron(window.cron) !== null || !isTimeZone(window.tz ?? "UTC") || !Number.isFinite(window.for)) return;
    const why = whyNeverHealed(calendarOf(window), window.for);
    if (why !== null) context.addIssue({ code: "custom", path: [why.at], message: why.message });
  });

export const MAINTENANCE = z.array(WINDOW).max(WINDOWS_MAX, `expected at most ${WINDOWS_MAX} maintenance windows`);

export type WindowBlock = z.output<typeof WINDOW>;
