import type { Heard, Pm2Notice } from "./pm2-notice.ts";
import { formatBytes } from "./quantities.ts";
import type { State } from "./state.ts";
import type { WorkerRow } from "./worker-row.ts";

const EXITS_MAX = 64; // of a row between two lists; a crash loop brings a few
const ROWS_MAX = 10_000;
const APPS_MAX = 1_000;
const WATCH_DELAY_MAX_MS = 10_000; // PM2's watch_delay lies between the change and the restart
const MEMORY_SLACK_MS = 1_500; // PM2 looks at the memory and restarts in one go

/** What PM2's daemon has said of its rows and no count has taken in yet. Decides nothing; not saved: after a restart nothing was heard. */
export interface Hearing {
  /** Until then something may have been said that nobody heard, reducer ms. */
  deafAtMs: number;
  /** When PM2's list was last taken in; null = never. */
  listedAtMs: number | null;
  /** This daemon tells its bus what it logs; with an empty PM2_LOG_DATE_FORMAT it does not. */
  speaks: boolean;
  readonly rows: Map<number, HeardOfRow>;
  /** By app, the newest change of a watched file. */
  readonly changes: Map<string, Why>;
}

export interface HeardOfRow {
  /** PM2 was told to stop it, and the exit has not come yet. */
  stoppingWallMs: number | null;
  memory: Why | null;
  /** The change of a file that has restarted it already. */
  changeWallMs: number | null;
  /** Oldest first. */
  exits: readonly HeardExit[];
}

export interface HeardExit {
  readonly wallMs: number;
  /** PM2 was told to stop it first. */
  readonly isCommanded: boolean;
  readonly exitCode: number;
  readonly signal: string | null;
  readonly oomKills: number | null;
}

/** Why PM2 itself restarts a row. */
export interface Why {
  readonly wallMs: number;
  readonly words: string;
}

export function newHearing(atMs: number): Hearing {
  return { deafAtMs: atMs, listedAtMs: null, speaks: false, rows: new Map(), changes: new Map() };
}

/** Before the list of the same turn: what PM2 said explains what it shows. */
export function hear({ hearing, nowMs }: State, heard: Heard | undefined): void {
  if (heard?.isComplete !== true) forgetHeard(hearing, nowMs);
  for (const notice of heard?.notices ?? []) {
    hearing.speaks = true;
    if (notice.kind === "watch") noteChange(hearing, notice);
    else noteRow(hearing, notice);
  }
}

/** Also of a daemon that was replaced: its numbers are others' now. */
export function forgetHeard(hearing: Hearing, nowMs: number): void {
  hearing.deafAtMs = nowMs;
  hearing.rows.clear();
  hearing.changes.clear();
}

/** The whole list has been taken in; what was heard of rows that are gone is forgotten. */
export function noteListed(hearing: Hearing, rows: readonly WorkerRow[], nowMs: number): void {
  hearing.listedAtMs = nowMs;
  if (hearing.rows.size === 0) return;
  const listed = new Set(rows.map(({ pmId }) => pmId));
  for (const pmId of hearing.rows.keys()) if (!listed.has(pmId)) hearing.rows.delete(pmId);
}

/** Whether everything was heard that PM2 said since the list before. */
export function heardAll({ deafAtMs, listedAtMs, speaks }: Hearing): boolean {
  return speaks && listedAtMs !== null && listedAtMs >= deafAtMs;
}

/** Why PM2 itself restarted this row at its `created_at`, as far as it said so. What explains one restart explains no other. */
export function takeWhy(
  { rows, changes }: Hearing,
  row: WorkerRow,
): { readonly cause: "memory_limit" | "watch"; readonly words: string } | null {
  const { createdWallMs } = row;
  if (createdWallMs === null) return null;
  const heard = rows.get(row.pmId);
  const memory = heard?.memory ?? null;
  if (heard !== undefined && memory !== null && Math.abs(createdWallMs - memory.wallMs) <= MEMORY_SLACK_MS) {
    heard.memory = null;
    return { cause: "memory_limit", words: memory.words };
  }
  const change = row.watch ? changes.get(row.name) : undefined;
  if (change === undefined || change.wallMs === heard?.changeWallMs) return null;
  if (change.wallMs > createdWallMs || createdWallMs - change.wallMs > WATCH_DELAY_MAX_MS) return null;
  rows.set(row.pmId, { ...(heard ?? NOTHING_HEARD), changeWallMs: change.wallMs });
  return { cause: "watch", words: change.words };
}

const NOTHING_HEARD: HeardOfRow = { stoppingWallMs: null, memory: null, changeWallMs: null, exits: [] };

/** PM2 brings it back by no restart of its own. */
export function isAtRest({ pid, status }: WorkerRow): boolean {
  return pid === null && (status === "stopped" || status === "errored");
}

/** They have been counted. */
export function forgetExits({ rows }: Hearing, pmId: number, counted: readonly HeardExit[]): void {
  const heard = rows.get(pmId);
  if (heard !== undefined) heard.exits = heard.exits.filter((exit) => !counted.includes(exit));
}

/**
 * Drops what the row has outlived: whatever ended before the process that runs now did, and everything of a row at rest. What
 * came after is of an exit that the list does not show yet.
 */
export function forgetOutlivedExits({ rows }: Hearing, row: WorkerRow): void {
  const heard = rows.get(row.pmId);
  if (heard === undefined) return;
  const sinceWallMs = isAtRest(row) ? Number.POSITIVE_INFINITY : (row.startedWallMs ?? 0);
  if (heard.exits.length > 0) heard.exits = heard.exits.filter(({ wallMs }) => wallMs > sinceWallMs);
  if (heard.stoppingWallMs !== null && heard.stoppingWallMs <= sinceWallMs) heard.stoppingWallMs = null;
}

function noteChange({ changes }: Hearing, { app, path, wallMs }: Extract<Pm2Notice, { kind: "watch" }>): void {
  changes.delete(app);
  const oldest = changes.keys().next();
  if (changes.size >= APPS_MAX && oldest.done !== true) changes.delete(oldest.value);
  changes.set(app, { wallMs, words: `PM2 watches its files, and ${path} changed` });
}

function noteRow({ rows }: Hearing, notice: Exclude<Pm2Notice, { kind: "watch" }>): void {
  if (rows.size >= ROWS_MAX && !rows.has(notice.pmId)) return;
  const heard = rows.get(notice.pmId) ?? { ...NOTHING_HEARD };
  rows.set(notice.pmId, heard);
  if (notice.kind === "stopping") heard.stoppingWallMs = notice.wallMs;
  else if (notice.kind === "memory_limit") heard.memory = { wallMs: notice.wallMs, words: memoryWords(notice) };
  else {
    const { wallMs, exitCode, signal, oomKills } = notice;
    heard.exits = [...heard.exits, { wallMs, isCommanded: heard.stoppingWallMs !== null, exitCode, signal, oomKills }].slice(-EXITS_MAX);
    heard.stoppingWallMs = null;
  }
}

function memoryWords({ memoryBytes, limitBytes }: { readonly memoryBytes: number; readonly limitBytes: number }): string {
  return `it had ${formatBytes(memoryBytes)} of memory, and PM2's max_memory_restart is ${formatBytes(limitBytes)}`;
}
