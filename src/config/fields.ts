import { z } from "zod";
import { DURATION_EXPECTED, formatDuration, parseDurationMs, parseShare, SHARE_EXPECTED } from "../core/quantities.ts";

/** Zod fields for the quantities of the file. The text of an error says what was expected; the place is added later. */

interface Range {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Read as milliseconds. A bare number that only makes sense in milliseconds is taken for the slip it is. */
export function durationField(range: Range, summary: string): z.ZodType<number, string | number> {
  return z
    .union([z.number(), z.string()])
    .transform((value, context) => {
      const parsed = parseDurationMs(value);
      const wrong = parsed.ok ? whyOutOfRange(value, parsed.value, range) : `expected ${parsed.error}`;
      if (parsed.ok && wrong === null) return parsed.value;
      context.addIssue({ code: "custom", message: wrong ?? DURATION_EXPECTED });
      return z.NEVER;
    })
    .meta({ description: summary, examples: [180, "3m", "24h"] });
}

function whyOutOfRange(value: string | number, durationMs: number, range: Range): string | null {
  if (durationMs >= range.minMs && durationMs <= range.maxMs) return null;
  const bare = Number(value);
  const meantAsMs = durationMs > range.maxMs && bare >= range.minMs && bare <= range.maxMs;
  const slip = meantAsMs ? `; a bare number is in seconds, not milliseconds (did you mean ${formatDuration(bare)}?)` : "";
  return `expected a duration from ${formatDuration(range.minMs)} to ${formatDuration(range.maxMs)}${slip}`;
}

/** `70` or `70%`. A share of one where a percentage belongs is a trap: 0.7 would mean "never heal". */
export function percentField(range: { readonly min: number; readonly max: number }, summary: string): z.ZodType<number, string | number> {
  return z
    .union([z.number(), z.string()])
    .transform((value, context) => {
      const match = /^(\d+(?:\.\d+)?)\s*%?$/.exec(String(value).trim());
      const percent = Number(match?.[1]);
      if (match !== null && percent >= range.min && percent <= range.max) return percent;
      const slip = percent > 0 && percent < 1 ? ` (did you mean ${Math.round(percent * 100)}?)` : "";
      context.addIssue({ code: "custom", message: `expected a percentage from ${range.min} to ${range.max}${slip}` });
      return z.NEVER;
    })
    .meta({ description: summary, examples: [range.max > 50 ? 70 : 20] });
}

type Share = { readonly percent: number } | { readonly count: number };

export function shareField(summary: string): z.ZodType<Share, string | number> {
  return z
    .union([z.number(), z.string()])
    .transform((value, context) => {
      const parsed = parseShare(value);
      if (parsed.ok) return parsed.value;
      const expected = parsed.error === SHARE_EXPECTED ? SHARE_EXPECTED : `${parsed.error}`;
      context.addIssue({ code: "custom", message: `expected ${expected}` });
      return z.NEVER;
    })
    .meta({ description: summary, examples: ["20%", 2] });
}

export function countField(range: { readonly min: number; readonly max: number }, summary: string): z.ZodType<number, number> {
  const wrong = `expected a whole number from ${range.min} to ${range.max}`;
  return z.int(wrong).min(range.min, wrong).max(range.max, wrong).describe(summary);
}

export function numberField(range: { readonly min: number; readonly max: number }, summary: string): z.ZodType<number, number> {
  const wrong = `expected a number from ${range.min} to ${range.max}`;
  return z.number(wrong).min(range.min, wrong).max(range.max, wrong).describe(summary);
}
