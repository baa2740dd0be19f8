import { LOG_EVENTS, type Json } from "../core/log-record.ts";
import { flatten, type SealedRecord } from "../core/sealed-record.ts";
import { printable, printableJson } from "./printable.ts";

/** One line of `heal.log`, without the line feed. */
export function formatLine(record: SealedRecord): string {
  return printableJson(flatten(record));
}

const EVENTS: ReadonlySet<unknown> = new Set(LOG_EVENTS);
const LEVELS: ReadonlySet<unknown> = new Set(["info", "warn", "error"]);
const OPTIONAL = { heal_id: "string", app: "string", instance: "string", pm_id: "number", pid: "number" } as const;
const FIXED: ReadonlySet<string> = new Set([
  "ts",
  "level",
  "event",
  "target",
  "strategy",
  "reason",
  "host",
  "config",
  "v",
  ...Object.keys(OPTIONAL),
]);

/** A line read back; null = torn, or not a line of this version. */
export function parseLine(line: string): SealedRecord | null {
  const fields = parseObject(line);
  if (fields === null || !isSealed(fields)) return null;
  const more = Object.entries(fields).filter(([name]) => !FIXED.has(name));
  const fixed = Object.entries(fields).filter(([name]) => FIXED.has(name));
  const record = Object.fromEntries(fixed) as unknown as SealedRecord; // `isSealed` checked every fixed field
  return more.length === 0 ? record : { ...record, more: Object.fromEntries(more) };
}

function parseObject(line: string): Readonly<Record<string, Json>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, Json>) : null;
  } catch {
    return null;
  }
}

function isSealed(fields: Readonly<Record<string, Json>>): boolean {
  const texts = [fields["ts"], fields["target"], fields["reason"], fields["host"], fields["config"]];
  return (
    fields["v"] === 1 &&
    LEVELS.has(fields["level"]) &&
    EVENTS.has(fields["event"]) &&
    texts.every((text) => typeof text === "string") &&
    (fields["strategy"] === null || typeof fields["strategy"] === "string") &&
    Object.entries(OPTIONAL).every(([name, type]) => fields[name] === undefined || typeof fields[name] === type)
  );
}

const LEVEL_MARKS = { info: "  ", warn: "! ", error: "!!" } as const;
const EVENT_WIDTH = 19; // the longest event, dependency_failing, and a space

/** One line for a person: local time, what happened to whom, why. Nothing in it can steer a terminal. */
export function formatHuman(record: SealedRecord): string {
  const healId = record.heal_id === undefined ? "" : ` [${record.heal_id}]`;
  const text = `${record.event.padEnd(EVENT_WIDTH)}${record.target}: ${record.reason}${healId}`;
  return `${localTime(record.ts)} ${LEVEL_MARKS[record.level]} ${printable(text)}`;
}

/** "2026-11-22 03:12:45" where the reader is. */
function localTime(ts: string): string {
  const at = new Date(ts);
  if (Number.isNaN(at.getTime())) return printable(ts);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
