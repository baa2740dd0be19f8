import { z } from "zod";
import {
  formatDuration,
  parseBytes,
  parseCorePercent,
  parseDurationMs,
  parseOf,
  parseStatusRanges,
  type Quantity,
  type StatusRange,
} from "../core/quantities.ts";

/** Parameters as people write them: durations become ms, sizes bytes, `3 of 5` a pair. Bounds are in the same units. */

interface Bounds {
  readonly minMs: number;
  readonly maxMs: number;
}

const DAY_MS = 86_400_000;
const CORES_MAX = 1024; // more than any machine has that runs PM2

export function duration(bounds: Partial<Bounds> = {}) {
  const { minMs, maxMs }: Bounds = { minMs: 1000, maxMs: 30 * DAY_MS, ...bounds };
  return written("a duration: seconds, or 90s, 3m, 24h", parseDurationMs).superRefine((durationMs, context) => {
    if (durationMs >= minMs && durationMs <= maxMs) return;
    const range = `expected a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
    context.addIssue({ code: "custom", message: range + secondsHint(durationMs, maxMs) });
  });
}

/** `timeout: 3000` was meant as milliseconds. */
function secondsHint(durationMs: number, maxMs: number): string {
  const meantMs = durationMs / 1000;
  return durationMs > maxMs && meantMs <= maxMs ? ` (plain numbers are seconds: did you mean ${formatDuration(meantMs)}?)` : "";
}

export function size(bounds: { readonly minBytes: number }) {
  return written("a size: 512MB, 512M, 1G, or bytes", parseBytes).superRefine((bytes, context) => {
    if (bytes >= bounds.minBytes) return;
    context.addIssue({ code: "custom", message: `expected at least ${bounds.minBytes / 1024 ** 2}MB (a plain number is bytes)` });
  });
}

/** `95%` → 95: a share of one core, and more than 100 where several are meant. */
export function corePercent() {
  return written("CPU as a percentage of one core: 95%, 250%", parseCorePercent).superRefine((percent, context) => {
    if (percent >= 1 && percent <= CORES_MAX * 100) return;
    context.addIssue({ code: "custom", message: `expected from 1% to ${CORES_MAX * 100}% (100% is one core)` });
  });
}

const FILES_EXPECTED = "a number of open files from 10 on, or a share of what the process may have: 5000, 80%";

/** `80%` of what the kernel lets the process have, or a plain count. */
export function filesLimit() {
  return z.union([z.number(), z.string().max(20)]).transform((value, context) => {
    const share = /^(\d+(?:\.\d+)?)\s*%$/.exec(String(value).trim());
    const number = Number(share?.[1] ?? value);
    if (share !== null && number >= 1 && number <= 99) return { percent: number };
    if (share === null && Number.isInteger(number) && number >= 10) return { count: number };
    context.addIssue({ code: "custom", message: `expected ${FILES_EXPECTED}` });
    return z.NEVER;
  });
}

/** `3 of 5` → three bad among the last five; `3` = 3 of 3. */
export function failuresOf() {
  return written("a count: 3, or 3 of 5", parseOf).transform(({ count, of }) => ({ bad: count, of }));
}

/** `200-399`, `204`, `200-299,401`, or a list of these. */
export function statusRanges() {
  const one = z.union([z.string().max(200), z.number()]);
  return z
    .union([one, z.array(one).min(1).max(20)])
    .meta({ description: "HTTP status codes: 200-399, 204, or 200-299,401" })
    .transform((value, context): readonly StatusRange[] => {
      const parsed = parseStatusRanges(value);
      if (parsed.ok) return parsed.value;
      context.addIssue({ code: "custom", message: `expected ${parsed.error}` });
      return z.NEVER;
    });
}

const PLACEHOLDER = /\{([^{}]*)\}/g;
const KNOWN_PLACEHOLDER = /^(name|instance|pm_id|env\.[A-Za-z_][A-Za-z0-9_]*)$/;

/** A URL with the worker's `{env.VAR}`, `{name}`, `{instance}`, `{pm_id}` in it. `also`: one more place, which has to be there. */
export function workerUrl(also: string | null = null) {
  return z
    .string()
    .max(2000)
    .meta({ description: "http:// or https:// address; {env.VAR} {name} {instance} {pm_id} are the worker's" })
    .superRefine((url, context) => {
      for (const [whole, name] of url.matchAll(PLACEHOLDER)) {
        if (name === also || KNOWN_PLACEHOLDER.test(name ?? "")) continue;
        context.addIssue({ code: "custom", message: `unknown placeholder ${whole}; expected {env.VAR}, {name}, {instance} or {pm_id}` });
        return;
      }
      if (also !== null && !url.includes(`{${also}}`)) {
        context.addIssue({ code: "custom", message: `expected {${also}} in it, where it differs from task to task` });
        return;
      }
      if (/^https?:\/\/[^\s/{}]+(:\d{1,5})?([/?#]\S*)?$/.test(url.replaceAll(PLACEHOLDER, "1"))) return;
      context.addIssue({ code: "custom", message: 'expected an address such as "http://127.0.0.1:{env.PORT}/health"' });
    });
}

function written<Value>(description: string, parse: (value: string | number) => Quantity<Value>) {
  return z
    .union([z.string().max(100), z.number()])
    .meta({ description })
    .transform((value, context): Value => {
      const parsed = parse(value);
      if (parsed.ok) return parsed.value;
      context.addIssue({ code: "custom", message: `expected ${parsed.error}` });
      return z.NEVER;
    });
}
