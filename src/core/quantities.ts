import { failure, success, type Outcome } from "./outcome.ts";

/**
 * Durations, sizes, shares and counts as people write them in the configuration. A failure says what was expected; the
 * caller knows the place and the value. Pure, so that rules, queues and the configuration read them alike.
 */
export type Quantity<Value> = Outcome<Value, string>;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
// Binary multiples, as PM2's `max_memory_restart: 512M` and systemd's `MemoryMax=512M` mean them.
const UNIT_BYTES: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };
const SECONDS_MAX = 10 * 365 * 86_400; // ten years; anything longer is a slip, and far below what a double counts exactly

export const DURATION_EXPECTED = "a duration such as 180 (seconds), 90s, 3m, 1h30m or 24h";
export const SIZE_EXPECTED = "a size such as 512MB, 512M or 1G";
export const SHARE_EXPECTED = "a share such as 20% or a count such as 2";
export const CORES_EXPECTED = "a percentage of one core such as 95%, or 250% of two and a half";
export const STATUS_EXPECTED = "HTTP status codes such as 200-399, 204, or 200-299,401";
export const OF_EXPECTED = "a count such as 3, or 3 of 5";

/** `180` and `"180"` are seconds; `500ms`, `90s`, `3m`, `24h`, `1d` and `1h30m` carry their unit. Answers milliseconds. */
export function parseDurationMs(value: string | number): Quantity<number> {
  const text = String(value).trim();
  if (/^\d+(\.\d+)?$/.test(text)) return durationOf(Number(text) * 1000);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return failure(DURATION_EXPECTED);
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    totalMs += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  }
  return durationOf(totalMs);
}

function durationOf(durationMs: number): Quantity<number> {
  const rounded = Math.round(durationMs);
  return rounded <= SECONDS_MAX * 1000 ? success(rounded) : failure(`${DURATION_EXPECTED}, at most ten years`);
}

/** `512MB`, `512M`, `512MiB`, `1G`, or plain bytes. Answers bytes; multiples are of 1024, as PM2's own. */
export function parseBytes(value: string | number): Quantity<number> {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?$/i.exec(String(value).trim());
  const factor = UNIT_BYTES[(match?.[2] ?? "?").toUpperCase()];
  if (match === null || factor === undefined) return failure(SIZE_EXPECTED);
  const bytes = Math.round(Number(match[1]) * factor);
  return Number.isSafeInteger(bytes) ? success(bytes) : failure(SIZE_EXPECTED);
}

/** `20%` of a group, or a plain count. */
export function parseShare(value: string | number): Quantity<{ readonly percent: number } | { readonly count: number }> {
  const match = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(String(value).trim());
  if (match === null) return failure(SHARE_EXPECTED);
  const amount = Number(match[1]);
  if (match[2] === "%") return amount > 0 && amount <= 100 ? success({ percent: amount }) : failure("a share from 1% to 100%");
  if (amount > 0 && amount < 1) return failure(`a whole count or a share (did you mean ${Math.round(amount * 100)}%?)`);
  return Number.isInteger(amount) && amount >= 1 && amount <= 10_000 ? success({ count: amount }) : failure("a whole count of at least 1");
}

/** `95%` of one core; `250%` is two and a half of them. A plain number might be either, so that the unit has to be there. */
export function parseCorePercent(value: string | number): Quantity<number> {
  const match = /^(\d+(?:\.\d+)?)\s*%$/.exec(String(value).trim());
  if (match !== null) return success(Number(match[1]));
  const number = Number(value);
  if (String(value).trim() === "" || !Number.isFinite(number) || number <= 0) return failure(CORES_EXPECTED);
  return failure(`${CORES_EXPECTED} (did you mean ${Number((number <= 1 ? number * 100 : number).toFixed(2))}%?)`);
}

/** `3 of 5` = three of the last five; `3` = three of three. */
export function parseOf(value: string | number): Quantity<{ readonly count: number; readonly of: number }> {
  const match = /^(\d{1,4})(?:\s*(?:of|\/)\s*(\d{1,4}))?$/.exec(String(value).trim());
  if (match === null) return failure(OF_EXPECTED);
  const count = Number(match[1]);
  const of = match[2] === undefined ? count : Number(match[2]);
  if (count < 1 || of > 100) return failure(`${OF_EXPECTED}, from 1 to 100`);
  return count <= of ? success({ count, of }) : failure(`at most ${of} of ${of}`);
}

export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

/** `200-399`, `204`, `200-299,401`, or a list of these. */
export function parseStatusRanges(value: string | number | readonly (string | number)[]): Quantity<readonly StatusRange[]> {
  const parts = [value].flat().flatMap((part) => String(part).split(","));
  const ranges = parts.map(parseStatusRange).filter((range) => range !== null);
  return ranges.length === parts.length ? success(ranges) : failure(STATUS_EXPECTED);
}

function parseStatusRange(text: string): StatusRange | null {
  const match = /^\s*(\d{3})\s*(?:-\s*(\d{3}))?\s*$/.exec(text);
  if (match === null) return null;
  const from = Number(match[1]);
  const to = Number(match[2] ?? match[1]);
  return from >= 100 && to >= from && to <= 599 ? { from, to } : null;
}

const SPOKEN_MS: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
];

/** The way back, for people: `1h30m`, `45s`, `500ms`. Exact, so that what is shown can be written into the file. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return "0s";
  let rest = Math.round(durationMs);
  let text = "";
  for (const [unit, size] of SPOKEN_MS) {
    const amount = Math.floor(rest / size);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * size;
  }
  return rest > 0 ? `${text}${rest}ms` : text;
}

/** The same in a sentence: "1 h 30 m", "2 s", "150 ms". */
export function spokenDuration(durationMs: number): string {
  return formatDuration(durationMs)
    .replaceAll(/(\d)([a-z]+)/g, "$1 $2 ")
    .trimEnd();
}

/** `512MB` where it divides evenly, else one decimal of the nearest unit. */
export function formatBytes(bytes: number): string {
  for (const [unit, size] of [
    ["GB", 1024 ** 3],
    ["MB", 1024 ** 2],
    ["KB", 1024],
  ] as const) {
    if (bytes >= size) return `${Number((bytes / size).toFixed(1))}${unit}`;
  }
  return `${bytes}B`;
}
