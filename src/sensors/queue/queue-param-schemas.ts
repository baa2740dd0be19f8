import { z } from "zod";
import { formatDuration, parseDurationMs } from "../../core/quantities.ts";
import type { WorkerKey } from "./worker-keys.ts";

/** What queues of several kinds are configured with. Durations come out as ms. */

const URL_EXPECTED = "expected an http or https URL such as http://127.0.0.1:8091/api/stats";
const WORKER_KEY_EXPECTED = "expected name, name-instance, pm_id, pid or env.NAME";

const HeaderName = z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, "expected the name of an HTTP header");
const HeaderValue = z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, "expected one line of text");

/** How often a server is asked, and how long it may take. */
export const ASKED = {
  every: duration({ minMs: 500, maxMs: 3_600_000 }, "how often to ask; 5s, or the interval where that is longer").optional(),
  timeout: duration({ minMs: 100, maxMs: 60_000 }, "for the whole answer").prefault("5s"),
};

export const HEADERS = { headers: z.record(HeaderName, HeaderValue).default({}).describe("sent with each request") };

/** And with which headers it is asked over HTTP, and whom its keys mean. */
export const ASKED_OVER_HTTP = {
  ...ASKED,
  ...HEADERS,
  worker_key: z
    .string(WORKER_KEY_EXPECTED)
    .regex(/^(name|name-instance|pm_id|pid|env\.[A-Za-z_][A-Za-z0-9_]*)$/, WORKER_KEY_EXPECTED)
    .transform((key) => key as WorkerKey)
    .optional()
    .describe("what the server's worker keys are; left out: the one reading that fits all of them"),
};

export function httpUrl(summary: string): z.ZodType<string, string> {
  return z
    .string(URL_EXPECTED)
    .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), URL_EXPECTED)
    .describe(summary);
}

function duration(range: { readonly minMs: number; readonly maxMs: number }, summary: string): z.ZodType<number, string | number> {
  return z
    .union([z.number(), z.string()])
    .transform((value, context) => {
      const parsed = parseDurationMs(value);
      if (parsed.ok && parsed.value >= range.minMs && parsed.value <= range.maxMs) return parsed.value;
      const inRange = `a duration from ${formatDuration(range.minMs)} to ${formatDuration(range.maxMs)}`;
      const bare = Number(value);
      const slip =
        bare > range.maxMs / 1000 && bare <= range.maxMs ? ` (a bare number is in seconds; did you mean ${formatDuration(bare)}?)` : "";
      context.addIssue({ code: "custom", message: parsed.ok ? `expected ${inRange}${slip}` : `expected ${parsed.error}` });
      return z.NEVER;
    })
    .describe(summary);
}
