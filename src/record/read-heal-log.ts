import { join } from "node:path";
import type { LogEvent } from "../core/log-record.ts";
import type { SealedRecord } from "../core/sealed-record.ts";
import type { FileFacts, Files, ReadFile } from "../world/files/files.ts";
import { parseLine } from "./heal-line.ts";
import { linesOf } from "./log-lines.ts";

/** Which records; all of it together. */
export interface LogQuery {
  readonly sinceWallMs?: number;
  readonly untilWallMs?: number;
  /** A target id; a group's name takes its workers in. */
  readonly target?: string;
  readonly event?: LogEvent;
  readonly healId?: string;
}

/** An open file of the log; reading goes on although it is renamed meanwhile. */
export interface LogFile {
  readonly file: ReadFile;
  readonly facts: FileFacts;
}

const NEWEST_MAX = 100_000;

/** Matching records of all files, oldest first, one in memory at a time. Torn and foreign lines are passed over. */
export function* readHealLog(files: Files, dir: string, query: LogQuery = {}): Generator<SealedRecord> {
  const opened = openLogFiles(files, dir);
  try {
    for (const log of opened.toReversed()) if (mayHold(log, query)) yield* matching(log.file, query);
  } finally {
    for (const { file } of opened) file.close();
  }
}

/** The newest `count` matching records, oldest of them first; reads only as many files as that takes. */
export function newestRecords(files: Files, dir: string, query: LogQuery, count: number): readonly SealedRecord[] {
  const wanted = Math.min(count, NEWEST_MAX);
  const opened = openLogFiles(files, dir);
  let found: SealedRecord[] = [];
  for (const log of opened) {
    if (found.length < wanted && mayHold(log, query)) found = [...lastOf(matching(log.file, query), wanted - found.length), ...found];
    log.file.close();
  }
  return found;
}

/** A file that was written last before the time asked for holds nothing of it. */
function mayHold({ facts }: LogFile, { sinceWallMs }: LogQuery): boolean {
  return sinceWallMs === undefined || facts.modifiedWallMs >= sinceWallMs;
}

/**
 * The files newest first. They are opened in that order, so that a rotation meanwhile shows one file under two names,
 * which the identity tells, and hides none.
 */
export function openLogFiles(files: Files, dir: string): readonly LogFile[] {
  const listed = files.list(dir);
  const names = listed.ok ? listed.value : [];
  const numbers = names.flatMap((name) => /^heal\.log\.(\d{1,4})$/.exec(name)?.[1] ?? []).map(Number);
  const rotated = numbers.sort((one, other) => one - other).map((number) => `heal.log.${number}`);
  const opened: LogFile[] = [];
  for (const name of ["heal.log", ...rotated]) {
    const file = openLogFile(files, join(dir, name));
    if (file === null) continue;
    if (opened.some((other) => other.facts.identity === file.facts.identity)) file.file.close();
    else opened.push(file);
  }
  return opened;
}

export function openLogFile(files: Files, path: string): LogFile | null {
  const opened = files.openRead(path);
  if (!opened.ok) return null;
  const facts = opened.value.facts();
  if (facts.ok) return { file: opened.value, facts: facts.value };
  opened.value.close();
  return null;
}

export function matches(record: SealedRecord, query: LogQuery): boolean {
  const atMs = Date.parse(record.ts);
  if (query.sinceWallMs !== undefined && atMs < query.sinceWallMs) return false;
  if (query.untilWallMs !== undefined && atMs > query.untilWallMs) return false;
  if (query.event !== undefined && record.event !== query.event) return false;
  if (query.healId !== undefined && record.heal_id !== query.healId) return false;
  return query.target === undefined || concerns(record.target, query.target);
}

function concerns(target: string, wanted: string): boolean {
  return target === wanted || target.startsWith(`${wanted}:`);
}

function* matching(file: ReadFile, query: LogQuery): Generator<SealedRecord> {
  for (const { text } of linesOf(file)) {
    const record = parseLine(text);
    if (record !== null && matches(record, query)) yield record;
  }
}

/** The last `count` of them, without keeping more than twice as many. */
function lastOf(records: Iterable<SealedRecord>, count: number): SealedRecord[] {
  let kept: SealedRecord[] = [];
  if (count <= 0) return kept;
  for (const record of records) {
    kept.push(record);
    if (kept.length >= 2 * count) kept = kept.slice(-count);
  }
  return kept.slice(-count);
}
