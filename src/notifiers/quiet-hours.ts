import { z } from "zod";

const CLOCK = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time of day such as "22:00"');
const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

/** `from` and `to` on the clocks of `tz`; over midnight where `to` is the earlier. */
export const QUIET_HOURS = z
  .strictObject({
    from: CLOCK,
    to: CLOCK,
    tz: z
      .string()
      .refine(isTimeZone, "expected a time zone such as Europe/Berlin or UTC")
      .optional()
      .describe("that of the machine unless said"),
    except: z.enum(["pages", "nothing"]).default("pages").describe("what comes through all the same"),
  })
  .refine(({ from, to }) => from !== to, { path: ["to"], message: "expected another time than from" })
  .describe("nothing is sent meanwhile; what came in arrives as one message at the end");

export type QuietHours = z.output<typeof QUIET_HOURS>;

/** Answers when the quiet hours end that an instant lies in; null = it lies in none. On days of a clock change an hour off. */
export function quietEnd({ from, to, tz }: QuietHours): (wallMs: number) => number | null {
  const format = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: tz });
  const [begin, end] = [minuteOf(from), minuteOf(to)];
  return (wallMs) => {
    const now = minuteOf(format.format(wallMs));
    const isQuiet = begin < end ? now >= begin && now < end : now >= begin || now < end;
    if (!isQuiet) return null;
    const minutes = (end - now + DAY_MINUTES) % DAY_MINUTES;
    return Math.floor(wallMs / MINUTE_MS) * MINUTE_MS + minutes * MINUTE_MS;
  };
}

function minuteOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
}

function isTimeZone(text: string): boolean {
  try {
    return text !== "" && new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
