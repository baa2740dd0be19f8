import { LOG_EVENTS, type LogEvent } from "../core/log-record.ts";
import { failure, success, type Outcome } from "../core/outcome.ts";
import { DURATION_EXPECTED, parseDurationMs } from "../core/quantities.ts";
import type { SealedRecord } from "../core/sealed-record.ts";
import { hint } from "../config/did-you-mean.ts";
import { followHealLog } from "../record/follow-heal-log.ts";
import { formatHuman, formatLine } from "../record/heal-line.ts";
import { readEvidenceOf } from "../record/read-evidence.ts";
import { newestRecords, readHealLog, type LogQuery } from "../record/read-heal-log.ts";
import { summarise } from "../record/summarise-heal-log.ts";
import { printableJson } from "../record/printable.ts";
import type { Files } from "../world/files/files.ts";
import { systemFiles } from "../world/files/system-files.ts";
import { evidencePage } from "./evidence-page.ts";
import { candidateHomes } from "./homes.ts";
import { EXIT } from "./io.ts";
import { summaryJson, summaryText } from "./log-summary.ts";
import { paint, plain, type Style, type Terminal } from "./terminal.ts";

export interface LogCommand {
  /** A duration back from now, or an instant. */
  readonly since?: string;
  readonly lines?: string;
  readonly target?: string;
  readonly event?: string;
  readonly follow?: boolean;
  readonly summary?: boolean;
  /** A heal: what was seen of its workers before they were ended. */
  readonly evidence?: string;
  /** The lines as they stand in the file. */
  readonly json?: boolean;
}

const LINES_DEFAULT = 50;
const LINES_MAX = 100_000;
const LEVEL_STYLES: Readonly<Record<SealedRecord["level"], Style | null>> = { info: null, warn: "yellow", error: "red" };

/** `healer log`: reads the heal log itself, so it works without a daemon. All since a time, or the newest lines. */
export async function runLog(command: LogCommand, terminal: Terminal): Promise<number> {
  const query = queryOf(command, Date.now());
  const lines = linesOf(command);
  if (!query.ok || !lines.ok) {
    terminal.err(plain(query.ok ? (lines.ok ? "" : lines.error) : query.error));
    return EXIT.usage;
  }
  const files = systemFiles();
  const homes = candidateHomes(terminal.env);
  const home = homes.find((candidate) => files.facts(`${candidate}/heal.log`).ok);
  if (home === undefined && command.follow !== true) {
    terminal.err(`no heal log in ${homes.join(" or ")} that ${terminal.user} may read`);
    return EXIT.unreachable;
  }
  const dir = home ?? homes[0] ?? "";
  if (command.evidence !== undefined) return showEvidence(files, dir, { ...command, evidence: command.evidence }, terminal);
  const print = (record: SealedRecord): void => terminal.out(lineOf(record, command, terminal));
  if (command.summary === true) {
    const summary = summarise(readHealLog(files, dir, query.value));
    terminal.out(command.json === true ? summaryJson(summary) : summaryText(summary));
    return EXIT.fine;
  }
  const records = lines.value === null ? readHealLog(files, dir, query.value) : newestRecords(files, dir, query.value, lines.value);
  for (const record of records) print(record);
  if (command.follow === true) await follow(dir, query.value, terminal, print);
  return EXIT.fine;
}

function showEvidence(files: Files, dir: string, { evidence, json }: LogCommand & { evidence: string }, terminal: Terminal): number {
  const read = readEvidenceOf(files, `${dir}/evidence`, evidence);
  if (!read.ok) {
    terminal.err(plain(read.error));
    return EXIT.usage;
  }
  for (const entry of read.value) terminal.out(json === true ? printableJson(entry) : evidencePage(entry, terminal.columns));
  return EXIT.fine;
}

async function follow(dir: string, query: LogQuery, terminal: Terminal, print: (record: SealedRecord) => void): Promise<void> {
  const stop = new AbortController();
  void terminal.untilSignal().then(() => stop.abort());
  for await (const record of followHealLog(systemFiles(), dir, { query, signal: stop.signal })) print(record);
}

function lineOf(record: SealedRecord, command: LogCommand, terminal: Terminal): string {
  return command.json === true ? formatLine(record) : paint(terminal, LEVEL_STYLES[record.level], formatHuman(record));
}

function queryOf(command: LogCommand, nowWallMs: number): Outcome<LogQuery, string> {
  const since = command.since === undefined ? success(null) : sinceOf(command.since, nowWallMs);
  if (!since.ok) return since;
  const { event, target } = command;
  if (event !== undefined && !isEvent(event))
    return failure(`--event ${event}: no such event${hint(event, LOG_EVENTS)}; events: ${LOG_EVENTS.join(", ")}`);
  return success({
    ...(since.value === null ? {} : { sinceWallMs: since.value }),
    ...(event === undefined ? {} : { event }),
    ...(target === undefined ? {} : { target }),
  });
}

function isEvent(text: string): text is LogEvent {
  return (LOG_EVENTS as readonly string[]).includes(text);
}

function sinceOf(text: string, nowWallMs: number): Outcome<number, string> {
  const duration = parseDurationMs(text);
  if (duration.ok) return success(nowWallMs - duration.value);
  const wallMs = Date.parse(text);
  return Number.isNaN(wallMs)
    ? failure(`--since ${text}: expected ${DURATION_EXPECTED}, or a time such as 2026-11-22T03:00`)
    : success(wallMs);
}

/** Null = all: what was asked for by time or to be summed up is not cut. */
function linesOf({ lines, since }: LogCommand): Outcome<number | null, string> {
  if (lines === undefined) return success(since === undefined ? LINES_DEFAULT : null);
  const count = /^\d{1,9}$/.test(lines) ? Number(lines) : null;
  return count === null || count > LINES_MAX ? failure(`-n ${lines}: expected a count up to ${LINES_MAX}`) : success(count);
}
