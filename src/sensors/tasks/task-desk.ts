import type { WorkerRow } from "../../core/worker-row.ts";
import { cameBack, unanswered, type DeskNews, type Round, type SentTask } from "./task-news.ts";
import type { TaskServer } from "./task-server.ts";
import type { TaskState } from "./task-state.ts";

/** Whose work is asked for: one worker, or a group any of whose workers may take the task. */
export interface TaskSubject {
  readonly id: string;
  /** Its running workers; the first stands for all in what a task is filled in with. */
  readonly rows: readonly [WorkerRow, ...WorkerRow[]];
}

export interface TaskDesk {
  visit(subject: TaskSubject, at: { readonly nowMs: number; readonly signal: AbortSignal }): Promise<DeskNews>;
  /** Tasks that have not come back. */
  out(): number;
}

interface Desk {
  readonly server: TaskServer;
  readonly pace: { readonly every: number; readonly timeout: number };
  /** Of all desks of the rule. */
  readonly ownOut: () => number;
  tasks: SentTask[];
  round: Round | null;
  dueAtMs: number;
  lookAtMs: number;
}

/** So many may be in the queue at once: a queue that stands still is not to be filled with questions. */
export const TASKS_OUT_MAX = 2;
const LOOK_MS_MIN = 1_000;
const LOST_AFTER_ROUNDS = 10; // a task the server does not say is waiting has been lost by somebody by then
const LOST_AFTER_MS_MIN = 600_000;
const SENT: TaskState = { name: "unknown", word: "", worker: null };

/**
 * The tasks of one subject. A round begins every `every`: it sends a task, unless two are out, looks for its result ever less often,
 * and ends with the result, or without one after `timeout`. What comes back later only makes room for another.
 */
export function createTaskDesk(options: Pick<Desk, "server" | "pace" | "ownOut"> & { readonly firstAtMs: number }): TaskDesk {
  const { firstAtMs, ...rest } = options;
  const desk: Desk = { ...rest, tasks: [], round: null, dueAtMs: firstAtMs, lookAtMs: firstAtMs };
  return { out: () => desk.tasks.length, visit: (subject, at) => visit(desk, subject, at) };
}

type At = Parameters<TaskDesk["visit"]>[1];

async function visit(desk: Desk, subject: TaskSubject, at: At): Promise<DeskNews> {
  const { nowMs, signal } = at;
  forgetLost(desk, subject, nowMs);
  if (desk.round === null && nowMs < desk.dueAtMs) return { kind: "nothing" };
  desk.round ??= beginRound(desk, nowMs);
  if (nowMs < desk.lookAtMs) return { kind: "nothing" };
  const problem = await lookAtAll(desk, subject, signal);
  if (signal.aborted) return { kind: "nothing" };
  const isOver = nowMs - desk.round.askedAtMs >= desk.pace.timeout;
  if (problem !== null) return blind(desk, problem, { isOver, nowMs });
  const ended = desk.tasks.filter(({ state }) => state.name === "ok" || state.name === "failed" || state.name === "lost");
  desk.tasks = desk.tasks.filter((task) => !ended.includes(task));
  const own = ended.find((task) => task === desk.round?.task);
  if (own !== undefined) return endRound(desk, cameBack(own, nowMs));
  if (desk.round.task === null && desk.tasks.length < TASKS_OUT_MAX) return send(desk, subject, at);
  if (isOver) return endRound(desk, unanswered(desk.round, { out: desk.tasks, own: desk.ownOut() }, nowMs));
  desk.lookAtMs = nextLookMs(desk, desk.round, nowMs);
  return { kind: "seen" };
}

function beginRound(desk: Desk, nowMs: number): Round {
  desk.dueAtMs = nowMs + desk.pace.every;
  desk.lookAtMs = nowMs;
  return { askedAtMs: nowMs, task: null };
}

/** A worker that ended took along what it had in hand; what still waits does not belong to anybody. */
function forgetLost(desk: Desk, { rows }: TaskSubject, nowMs: number): void {
  const lostAfterMs = Math.max(LOST_AFTER_MS_MIN, LOST_AFTER_ROUNDS * Math.max(desk.pace.every, desk.pace.timeout));
  const isLost = ({ state, pids, sentAtMs }: SentTask): boolean =>
    state.name !== "waiting" && (nowMs - sentAtMs > lostAfterMs || pids.some((pid) => !rows.some((row) => row.pid === pid)));
  const lost = desk.tasks.filter(isLost);
  desk.tasks = desk.tasks.filter((task) => !lost.includes(task));
  if (lost.some((task) => task === desk.round?.task)) desk.round = null;
}

/** What is wrong with the server; null = it has spoken of every task. */
async function lookAtAll(desk: Desk, { rows }: TaskSubject, signal: AbortSignal): Promise<string | null> {
  const problems = await Promise.all(
    desk.tasks.map(async (task) => {
      const isKnown = task.state.name !== "unknown";
      const state = await desk.server.look({ id: task.id, isKnown }, rows[0], signal);
      if (state.ok) task.state = state.value;
      return state.ok ? null : state.error;
    }),
  );
  return problems.find((problem) => problem !== null) ?? null;
}

async function send(desk: Desk, { rows }: TaskSubject, { nowMs, signal }: At): Promise<DeskNews> {
  const id = await desk.server.send(rows[0], signal);
  if (signal.aborted || !id.ok) return blind(desk, id.ok ? "it was stopped" : id.error, { isOver: true, nowMs });
  const task: SentTask = { id: id.value, sentAtMs: nowMs, pids: rows.map(({ pid }) => pid), state: SENT };
  desk.tasks.push(task);
  desk.round = { askedAtMs: nowMs, task };
  desk.dueAtMs = nowMs + desk.pace.every;
  desk.lookAtMs = nowMs + LOOK_MS_MIN;
  return { kind: "seen" };
}

/** Nothing is learnt. A round whose time is over ends with that. */
function blind(desk: Desk, reason: string, { isOver, nowMs }: { readonly isOver: boolean; readonly nowMs: number }): DeskNews {
  if (desk.round !== null && !isOver) desk.lookAtMs = nextLookMs(desk, desk.round, nowMs);
  else desk.round = null;
  return { kind: "blind", reason };
}

function endRound(desk: Desk, news: DeskNews): DeskNews {
  desk.round = null;
  return news;
}

/** Quick answers are seen quickly, slow ones looked for ever less often; always once more when the time is over. */
function nextLookMs({ pace }: Desk, { askedAtMs }: Round, nowMs: number): number {
  return Math.min(nowMs + Math.max(LOOK_MS_MIN, (nowMs - askedAtMs) / 2), Math.max(nowMs, askedAtMs + pace.timeout));
}
