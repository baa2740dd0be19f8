import { failure, success, type Outcome } from "../../core/outcome.ts";
import { clip, describe, isObject, lookUp, type JsonObject } from "../queue/json-fields.ts";
import { BAD, ENDED_BY_WILL, GOOD, IN_HAND, WAITING } from "../queue/status-words.ts";

/** What the server says of one task. `unknown`: no result yet, and no more than that. `lost`: ended, and nobody knows how. */
export interface TaskState {
  readonly name: "ok" | "failed" | "lost" | "waiting" | "running" | "unknown";
  /** The server's word for it; why, where it is lost. */
  readonly word: string;
  /** Who has or had it, as the server names workers. */
  readonly worker: string | null;
}

export interface TaskNames {
  readonly status?: string | undefined;
  readonly success?: string | undefined;
  readonly worker?: string | undefined;
}

export type TaskStatuses = Readonly<Partial<Record<"ok" | "failed" | "waiting" | "running", readonly string[] | undefined>>>;

/** A worker's own answer to `health_check` may be all the result there is. */
const KNOWN = [
  ["ok", [...GOOD, "healthy"]],
  ["failed", [...BAD, "unhealthy"]],
  ["waiting", WAITING],
  ["running", IN_HAND],
  ["lost", ENDED_BY_WILL],
] as const;
const OWN_KEYS = ["ok", "failed", "waiting", "running"] as const;

/** A word nobody knows is a failure, and no task that has not come back: by that somebody would be restarted. */
export function readTaskState(body: unknown, names: TaskNames, statuses: TaskStatuses): Outcome<TaskState, string> {
  if (!isObject(body)) return failure(`expected an object with the state of the task, got ${describe(body)}`);
  const field = names.status ?? "status";
  const status = lookUp(body, field);
  const word = typeof status === "string" ? status.toLowerCase() : "";
  const said = stateNamed(word, statuses);
  const succeeded = names.success === undefined ? undefined : lookUp(body, names.success);
  const found = (name: TaskState["name"]): Outcome<TaskState, string> => success({ name, word: clip(word), worker: workerOf(body, names) });
  if (typeof succeeded === "boolean" && (said === null || said === "ok")) return found(succeeded ? "ok" : "failed");
  if (said !== null) return found(said);
  if (names.success !== undefined && word === "") return found("unknown");
  return failure(`${field}: got ${describe(status)}, expected a word such as completed, failed, pending or running (own words: statuses)`);
}

/** null = no word for it. The configuration's words come first. */
function stateNamed(word: string, statuses: TaskStatuses): TaskState["name"] | null {
  const own = OWN_KEYS.find((key) => statuses[key]?.some((text) => text.toLowerCase() === word));
  return own ?? KNOWN.find(([, words]) => words.includes(word))?.[0] ?? null;
}

function workerOf(body: JsonObject, { worker }: TaskNames): string | null {
  const value = worker === undefined ? (lookUp(body, "worker") ?? lookUp(body, "worker_id")) : lookUp(body, worker);
  return typeof value === "string" || typeof value === "number" ? clip(String(value)) : null;
}
