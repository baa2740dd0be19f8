import type { Ancestor, Origin, OutsideCopy } from "./copy.ts";
import { inWords, plural, stamp } from "./words.ts";
import type { WorkerRow } from "./worker-row.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const ON_THE_MINUTE_MS = 3_000; // cron and timers start within seconds of the full minute
const TIMETABLE_STARTS_MIN = 3; // two may be chance
const PARENTS_SHOWN = 3;

/** What a person is to know of a start: when, beside what, by whom. */
export interface StartContext {
  readonly pid: number;
  readonly startedWallMs: number;
  /** PM2's rows of the same script. */
  readonly rows: readonly WorkerRow[];
  /** Wall ms of the starts of earlier copies that somebody else started, ascending. */
  readonly before: readonly number[];
}

/**
 * "started 14:02:11Z, 3 s after PM2's own row (pm_id 1), by deploy over SSH from 10.0.0.7, from `bash run.sh` (pid 4240) …":
 * what is known of a start, most telling first. Wall clock in UTC, as the log's own stamps.
 */
export function sayOrigin(origin: Origin, context: StartContext): string {
  const parts = [
    `started ${stamp(context.startedWallMs)}${besideRows(context)}`,
    ...sayStarter(origin, context.pid),
    ...sayPlace(origin),
    ...sayTimetable(context),
  ];
  return parts.join(", ");
}

function sayStarter({ ancestors, user, login, session, unit, marks }: Origin, pid: number): readonly string[] {
  const parents = ancestors.filter(({ pid }) => pid !== 1);
  const chain = parents.slice(0, PARENTS_SHOWN).map(sayAncestor).join(" ← ");
  const from = sshClient(marks);
  return [
    `as ${user}${login === null || login === user ? "" : ` (logged in as ${login})`}${from === null ? "" : ` over SSH from ${from}`}`,
    parents.length > 0 ? `by ${chain}` : "whoever started it has ended",
    ...(unit === null ? [] : [`in ${unit}`]),
    ...(parents.length > 0 || session.id === pid ? [] : [saySession(session)]),
    ...sayMarks(marks),
  ];
}

function sayAncestor({ pid, command }: Ancestor): string {
  return `\`${command}\` (pid ${pid})`;
}

function saySession({ id, leader, terminal }: Origin["session"]): string {
  const where = terminal === null ? "no terminal" : `terminal ${terminal}`;
  return `session ${id} of ${leader === null ? "a leader that has ended" : `\`${leader}\``}, ${where}`;
}

/** The address of `SSH_CONNECTION` ("10.0.0.7 51234 10.0.0.9 22"). */
function sshClient(marks: Origin["marks"]): string | null {
  return marks["SSH_CONNECTION"]?.split(" ")[0] ?? null;
}

const TELLING_MARKS: Readonly<Record<string, string>> = {
  SUDO_USER: "sudo by",
  BUILD_URL: "build",
  npm_lifecycle_event: "npm run",
  TMUX: "tmux",
  STY: "screen",
  name: "PM2 app",
};

function sayMarks(marks: Origin["marks"]): readonly string[] {
  return Object.entries(TELLING_MARKS).flatMap(([name, word]) => (marks[name] === undefined ? [] : [`${word} ${marks[name]}`]));
}

function sayPlace({ cwd, pwd, output, ports }: Origin): readonly string[] {
  return [
    ...(cwd === null ? [] : [`in ${cwd}`]),
    ...(pwd === null || pwd === cwd ? [] : [`from ${pwd}`]),
    ...(output === null || !output.startsWith("/") ? [] : [`writing to ${output}`]), // a pipe tells nothing
    ...(ports.length === 0 ? [] : [`listening on ${ports.length === 1 ? "port" : "ports"} ${ports.join(", ")}`]),
  ];
}

/** Beside the row whose start is nearest: a second start moments later is two callers racing. */
function besideRows({ startedWallMs, rows }: StartContext): string {
  const distances = rows.flatMap((row) => (row.startedWallMs === null ? [] : [{ row, ms: startedWallMs - row.startedWallMs }]));
  const nearest = distances.toSorted((one, other) => Math.abs(one.ms) - Math.abs(other.ms))[0];
  if (nearest === undefined) return "";
  const { row, ms } = nearest;
  return ` (${inWords(Math.abs(ms))} ${ms < 0 ? "before" : "after"} PM2's own row, pm_id ${row.pmId})`;
}

/** Starts seen before: how many, when, and whether they keep a timetable. */
function sayTimetable({ startedWallMs, before }: StartContext): readonly string[] {
  const day = before.filter((wallMs) => startedWallMs - wallMs < 24 * HOUR_MS && startedWallMs - wallMs >= MINUTE_MS);
  if (day.length === 0) return [];
  const starts = [...day, startedWallMs];
  const onTheMinute = starts.length >= TIMETABLE_STARTS_MIN && starts.every((wallMs) => wallMs % MINUTE_MS < ON_THE_MINUTE_MS);
  const newest = day.slice(-3).map(stamp).join(", ");
  return [
    `copy number ${starts.length} within 24 h (before: ${newest})`,
    ...(onTheMinute ? ["each within 3 s of a full minute: a timetable starts them, cron or a timer"] : []),
  ];
}

/** What it is, before where it comes from. */
export function sayCopy(copy: OutsideCopy): string {
  switch (copy.owner) {
    case "orphan":
      return `pid ${copy.pid} runs beside PM2: an orphan, its environment names this PM2 and whoever owned it has gone`;
    case "outside":
      return `pid ${copy.pid} runs beside PM2: the same command, started by somebody else`;
    case "other_daemon":
      return `pid ${copy.pid} runs under another PM2 daemon, which would bring it back`;
    default:
      copy.owner satisfies never;
      return "";
  }
}

export function sayTooMany(row: WorkerRow, count: number): string {
  return `pm_id ${row.pmId} (pid ${row.pid}) is one of ${plural(count, "row")} of PM2's, and not the one to keep`;
}
