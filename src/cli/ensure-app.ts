import { failure, success, type Outcome } from "../core/outcome.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { inWords } from "../core/words.ts";
import { pause } from "../world/clock/pause.ts";
import type { Pm2 } from "../world/pm2/pm2.ts";
import { inWordsOf, namedBy, standingOf } from "./app-rows.ts";
import type { Refusal } from "./daemon-answers.ts";
import { EXIT } from "./io.ts";

export interface EnsureParts {
  readonly app: string;
  readonly pm2: Pick<Pm2, "list" | "start" | "restart">;
  /** Why nothing may be started; rows are those of the app, all of them down. */
  readonly whyNot: (rows: readonly WorkerRow[]) => Promise<string | null>;
  /** Makes PM2 list the app, from its dump or an ecosystem file; answers where it found it. */
  readonly addToPm2: () => Promise<Outcome<string, Refusal>>;
  readonly settleMs?: number;
  readonly pollMs?: number;
}

export interface Ensured {
  /** pm_ids. */
  readonly started: readonly number[];
  readonly running: readonly number[];
  readonly text: string;
}

/**
 * A caller that was killed may have sent PM2 a start that PM2 is about to carry out, and the lock is free all the same. Two
 * looks so far apart see what comes of it: PM2 lists a worker some milliseconds after it was told to start it.
 */
const SETTLE_MS = 300;
const POLL_MS = 100;
/** As long as the door waits beyond a worker's own limits. */
const SLACK_MS = 5_000;

/** Starts the app where nothing of it runs. To be called by one at a time: it looks first and acts afterwards. */
export async function ensureApp(parts: EnsureParts): Promise<Outcome<Ensured, Refusal>> {
  const first = await look(parts);
  if (!first.ok) return first;
  if (first.value.some(runs)) return success(runsAlready(parts.app, first.value));
  const [refused] = await Promise.all([parts.whyNot(first.value), pause(parts.settleMs ?? SETTLE_MS)]);
  if (refused !== null) return failure({ code: EXIT.refused, text: refused });
  const second = await look(parts);
  if (!second.ok) return second;
  if (second.value.some(runs)) return success(runsAlready(parts.app, second.value));
  if (second.value.length > 0) return startRows(parts, second.value, "");
  const added = await parts.addToPm2();
  if (!added.ok) return added;
  const third = await look(parts);
  if (!third.ok) return third;
  if (third.value.length === 0) return failed(`PM2 was to start ${parts.app} from ${added.value}, and lists no such app`);
  return startRows(parts, third.value, ` from ${added.value}`);
}

/** The app's rows once nothing passes any more, or something of it runs. */
async function look(parts: EnsureParts): Promise<Outcome<readonly WorkerRow[], Refusal>> {
  for (const sinceMs = performance.now(); ; await pause(parts.pollMs ?? POLL_MS)) {
    const listed = await parts.pm2.list();
    if (!listed.ok) return failure({ code: EXIT.unreachable, text: listed.error.message });
    const named = namedBy(parts.app, listed.value.rows);
    if (!named.ok) return failure({ code: EXIT.usage, text: named.error });
    const rows = named.value;
    const passing = rows.filter((row) => standingOf(row) === "passing");
    if (passing.length === 0 || rows.some(runs)) return named;
    const waitedMs = performance.now() - sinceMs;
    if (waitedMs > limitMs(passing, ({ killTimeoutMs }) => 2 * killTimeoutMs))
      return failed(`${parts.app} (${inWordsOf(passing)}): no change within ${inWords(waitedMs)}; nothing was started`);
  }
}

/** All at once: half of an app would pass for a running one at the next call. */
async function startRows(parts: EnsureParts, rows: readonly WorkerRow[], source: string): Promise<Outcome<Ensured, Refusal>> {
  const down = rows.filter((row) => standingOf(row) === "down");
  const outcomes = await Promise.all(down.map((row) => parts.pm2[row.status === "stopped" ? "start" : "restart"](row.pmId, row)));
  const errors = outcomes.flatMap((outcome, at) => (outcome.ok ? [] : [`pm_id ${down[at]?.pmId ?? "?"}: ${outcome.error.message}`]));
  if (errors.length > 0) return failed(`PM2 did not start ${parts.app}: ${errors.join("; ")}`);
  const online = await untilOnline(parts, rows);
  if (!online.ok) return online;
  const ids = rows.map(({ pmId }) => pmId);
  return success({ started: ids, running: ids, text: `started ${parts.app} (${inWordsOf(online.value)})${source}` });
}

async function untilOnline(parts: EnsureParts, started: readonly WorkerRow[]): Promise<Outcome<readonly WorkerRow[], Refusal>> {
  const patienceMs = limitMs(started, ({ listenTimeoutMs }) => listenTimeoutMs);
  for (const sinceMs = performance.now(); ; await pause(parts.pollMs ?? POLL_MS)) {
    const listed = await parts.pm2.list();
    if (!listed.ok) return failed(`PM2 was told to start ${parts.app}, and then: ${listed.error.message}`);
    const rows = listed.value.rows.filter(({ pmId }) => started.some((row) => row.pmId === pmId));
    if (rows.length < started.length) return failed(`somebody removed ${parts.app} from PM2 while it was started`);
    const missing = rows.filter(({ status, pid }) => status !== "online" || pid === null);
    if (missing.length === 0) return success(rows);
    const waitedMs = performance.now() - sinceMs;
    if (missing.some(({ status }) => status === "errored") || waitedMs > patienceMs) return failed(notOnline(parts.app, missing, waitedMs));
  }
}

function notOnline(app: string, missing: readonly WorkerRow[], waitedMs: number): string {
  const why = missing.map(({ pmId, status }) => `pm_id ${pmId} is ${status === "online" ? "online without a process" : status}`).join("; ");
  return `PM2 was told to start ${app}, and ${inWords(waitedMs)} later ${why}; look with: pm2 logs ${missing[0]?.pmId ?? ""}`;
}

function runsAlready(app: string, rows: readonly WorkerRow[]): Ensured {
  const running = rows.filter(runs);
  return { started: [], running: running.map(({ pmId }) => pmId), text: `${app} runs already (${inWordsOf(running)})` };
}

function runs(row: WorkerRow): boolean {
  return standingOf(row) === "runs";
}

function limitMs(rows: readonly WorkerRow[], of: (row: WorkerRow) => number): number {
  return Math.max(...rows.map(of)) + SLACK_MS;
}

function failed(text: string): Outcome<never, Refusal> {
  return failure({ code: EXIT.failed, text });
}
