import type { Observation } from "../../core/observation.ts";
import { inWords, plural } from "../../core/words.ts";
import type { TaskState } from "./task-state.ts";

/** What one visit brought. `atMs`: when the question was put, so that what was asked before a heal is no evidence after it. */
export type DeskNews =
  | { readonly kind: "nothing" }
  | { readonly kind: "seen" }
  | { readonly kind: "blind"; readonly reason: string }
  | ({ readonly kind: "answer" } & Pick<TaskAnswer, "atMs" | "ok" | "detail" | "tookMs" | "unanswered">);

type TaskAnswer = Extract<Observation, { kind: "probe" }>;

export interface SentTask {
  readonly id: string;
  readonly sentAtMs: number;
  /** Who ran when it was sent: with one of them it may have gone. */
  readonly pids: readonly (number | null)[];
  state: TaskState;
}

export interface Round {
  /** When its task was sent; without one, when it began. */
  askedAtMs: number;
  /** null = too many are out already, and their coming back is waited for. */
  task: SentTask | null;
}

/** Of a task that has ended. */
export function cameBack({ state, sentAtMs }: SentTask, nowMs: number): DeskNews {
  const tookWords = `within ${inWords(nowMs - sentAtMs)}`;
  const by = state.worker === null ? "" : ` by ${state.worker}`;
  if (state.name === "lost") return { kind: "blind", reason: `a task ended and nobody knows how (${state.word})` };
  const ok = state.name === "ok";
  const detail = ok ? `done${by} ${tookWords}` : `came back failed${state.word === "" ? "" : ` ("${state.word}")`}${by} ${tookWords}`;
  return { kind: "answer", atMs: sentAtMs, tookMs: nowMs - sentAtMs, ok, detail };
}

/** Of a round that ends without a result. `out`: all tasks of the subject that have not come back; `own`: of all subjects. */
export function unanswered(
  { askedAtMs, task }: Round,
  { out, own }: { readonly out: readonly SentTask[]; readonly own: number },
  nowMs: number,
): DeskNews {
  const asked = task === null ? out : [task];
  const sentAtMs = Math.min(...out.map((each) => each.sentAtMs));
  const taken = asked.every(({ state }) => state.name === "running");
  const holder = taken ? asked.find(({ state }) => state.worker !== null)?.state.worker : null;
  const what = taken ? `in hand${holder == null ? "" : ` of ${holder}`}, not done after` : "not back after";
  const rest = task === null ? ` (${plural(out.length, "task")} out, no more are sent)` : "";
  const detail = `${what} ${inWords(nowMs - (task?.sentAtMs ?? sentAtMs))}${rest}`;
  return { kind: "answer", atMs: askedAtMs, ok: false, detail, unanswered: { taken, sentAtMs, own } };
}
