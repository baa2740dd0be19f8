import { z } from "zod";
import { formatDuration, parseDurationMs } from "../core/quantities.ts";
import { QUIET_HOURS, type QuietHours } from "./quiet-hours.ts";
import { selection, type Selection } from "./selection.ts";

/** The keys that every notifier has besides its own. */
export interface ChannelKeys {
  readonly name?: string | undefined;
  readonly on: Selection;
  readonly quiet_hours?: QuietHours | undefined;
  /** Ms; 0 = each record by itself. */
  readonly group: number;
  readonly max_per_hour: number;
}

const GROUP_DEFAULT = "5m"; // a worker that is held says so again and again; five minutes later is soon enough
const PER_HOUR_DEFAULT = 30; // one every two minutes: more is read by nobody
const PER_HOUR_MAX = 3_600;

export const CHANNEL_KEYS = {
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$/, "expected a name of letters, digits, dashes and underscores")
    .optional()
    .describe("for healer notify test and the log; with it, what waits stays when the address is edited"),
  on: selection,
  quiet_hours: QUIET_HOURS.optional(),
  group: duration({ maxMs: 86_400_000 })
    .prefault(GROUP_DEFAULT)
    .describe("records of the same event and target within this time are one message; pages never wait"),
  max_per_hour: z
    .int("expected a whole number")
    .min(2, "expected at least 2")
    .max(PER_HOUR_MAX, `expected at most ${PER_HOUR_MAX}`)
    .default(PER_HOUR_DEFAULT)
    .describe("messages an hour, pages and others counted apart; what is more comes as one"),
};

/** As written: a number of seconds, `5m`, `1h`. Read as milliseconds. */
function duration({ maxMs }: { readonly maxMs: number }) {
  return z.union([z.string().max(100), z.number()]).transform((value, context): number => {
    const read = parseDurationMs(value);
    if (read.ok && read.value <= maxMs) return read.value;
    context.addIssue({ code: "custom", message: `expected ${read.ok ? `at most ${formatDuration(maxMs)}` : read.error}` });
    return z.NEVER;
  });
}
