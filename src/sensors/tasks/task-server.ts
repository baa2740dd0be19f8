import { randomUUID } from "node:crypto";
import { z } from "zod";
import { failure, success, type Outcome } from "../../core/outcome.ts";
import type { WorkerRow } from "../../core/worker-row.ts";
import { expandForWorker, expandWordForWorker } from "../../core/worker-template.ts";
import { getBounded } from "../../world/http/get-bounded.ts";
import { postBounded } from "../../world/http/post-bounded.ts";
import { publicUrl } from "../../world/http/public-url.ts";
import { isObject, lookUp, parseJson } from "../queue/json-fields.ts";
import { readTaskState, type TaskState } from "./task-state.ts";

const Words = z.array(z.string()).optional();

/** What the sensor reads of the rule's parameters. */
export const TaskParams = z.object({
  url: z.string(),
  body: z.record(z.string(), z.unknown()),
  result_url: z.string().optional(),
  every: z.number(),
  timeout: z.number(),
  headers: z.record(z.string(), z.string()).default({}),
  fields: z.record(z.string(), z.string().optional()).default({}),
  statuses: z.object({ ok: Words, failed: Words, waiting: Words, running: Words }).default({}),
});

export type TaskParams = z.infer<typeof TaskParams>;

/** Where tasks are sent and their results asked for. A failure says why nothing was learnt, in words without secrets. */
export interface TaskServer {
  send(row: WorkerRow, signal: AbortSignal): Promise<Outcome<string, string>>;
  /** `isKnown`: the server has spoken of this task before. */
  look(task: { readonly id: string; readonly isKnown: boolean }, row: WorkerRow, signal: AbortSignal): Promise<Outcome<TaskState, string>>;
}

const ANSWER_MS_MAX = 5_000;
const ANSWER_BYTES_MAX = 256 * 1024; // a result may carry what the worker made
const ID_LENGTH_MAX = 200;
const NO_RESULT: TaskState = { name: "unknown", word: "", worker: null };

export function createTaskServer(params: TaskParams): TaskServer {
  const resultUrl = params.result_url ?? params.url.replace(/enqueue$/, "tasks/{id}");
  return {
    send: (row, signal) => send(params, row, signal),
    async look({ id, isKnown }, row, signal) {
      const url = expandForWorker(resultUrl.replaceAll("{id}", encodeURIComponent(id)), row);
      if (!url.ok) return failure(`${url.error}, which result_url needs`);
      const said = await look(url.value, params, { isKnown, signal });
      return said.ok ? said : failure(`${publicUrl(url.value)}: ${said.error}`);
    },
  };
}

async function send(params: TaskParams, row: WorkerRow, signal: AbortSignal): Promise<Outcome<string, string>> {
  const ownId = `healer-${randomUUID()}`;
  const url = expandForWorker(params.url, row);
  if (!url.ok) return failure(`${url.error}, which url needs`);
  const body = filledIn(params.body, ownId, row);
  if (!body.ok) return failure(`${body.error}, which body needs`);
  const options = { body: JSON.stringify(body.value), timeoutMs: ANSWER_MS_MAX, maxBytes: ANSWER_BYTES_MAX, signal };
  const answer = await postBounded(url.value, { ...options, headers: { "content-type": "application/json", ...params.headers } });
  const place = publicUrl(url.value);
  if (!answer.ok) return failure(`${place}: ${answer.error.message}`);
  const { status, body: text } = answer.value;
  if (status < 200 || status > 299) return failure(`${place}: HTTP ${status}, the task was not taken`);
  const given = idIn(text, params.fields["id"]);
  if (given !== null) return success(given);
  if (JSON.stringify(params.body).includes("{id}")) return success(ownId);
  return failure(`${place}: the answer has no ${params.fields["id"] ?? "id or task_id"} (fields: id), so the result cannot be asked for`);
}

function idIn(text: string, field: string | undefined): string | null {
  const json = parseJson(text, "");
  if (!json.ok || !isObject(json.value)) return null;
  const id = field === undefined ? (lookUp(json.value, "id") ?? lookUp(json.value, "task_id")) : lookUp(json.value, field);
  const isId = (typeof id === "string" && id !== "") || typeof id === "number";
  return isId && String(id).length <= ID_LENGTH_MAX ? String(id) : null;
}

/** The same JSON with the places in its texts filled in. */
function filledIn(value: unknown, ownId: string, row: WorkerRow): Outcome<unknown, string> {
  if (typeof value === "string") return expandWordForWorker(value.replaceAll("{id}", ownId), row);
  if (typeof value !== "object" || value === null) return success(value);
  const entries: [string, unknown][] = [];
  for (const [key, inner] of Object.entries(value)) {
    const filled = filledIn(inner, ownId, row);
    if (!filled.ok) return filled;
    entries.push([key, filled.value]);
  }
  return success(Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries));
}

/** Many servers know nothing of a task until it has ended: 404 is no result yet. Of one they have spoken of before it is a lost one. */
async function look(
  url: string,
  { headers, fields, statuses }: TaskParams,
  { isKnown, signal }: { readonly isKnown: boolean; readonly signal: AbortSignal },
): Promise<Outcome<TaskState, string>> {
  const accept = (status: number): boolean => (status >= 200 && status < 300) || status === 404;
  const answer = await getBounded(url, { timeoutMs: ANSWER_MS_MAX, maxBytes: ANSWER_BYTES_MAX, headers, signal, accept });
  if (!answer.ok) return failure(answer.error.message);
  const { status, body, contentType } = answer.value;
  if (status === 404 && isKnown) return success({ name: "lost", word: "HTTP 404 for a task that was there before", worker: null });
  if (status === 404 || body === "") return success(NO_RESULT);
  const json = parseJson(body, contentType);
  return json.ok ? readTaskState(json.value, fields, statuses) : json;
}
