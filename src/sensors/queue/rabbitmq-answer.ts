import { failure, success, type Outcome } from "../../core/outcome.ts";
import { clipTo, describe, isObject, lookUp, parseJson, readCount, type JsonObject } from "./json-fields.ts";
import type { NotSeen } from "./queue-sensor.ts";

/** What the management API says of one queue. null = it does not say. */
export interface RabbitmqFigures {
  readonly messages: number | null;
  readonly ready: number | null;
  readonly unacknowledged: number | null;
  readonly consumers: number | null;
  /** Acknowledged, or sent to who acknowledges nothing, since RabbitMQ began to count. */
  readonly done: number | null;
  readonly oldestMs: number | null;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const COUNTS = { messages: "messages", ready: "messages_ready", unacknowledged: "messages_unacknowledged", consumers: "consumers" };
/** With automatic acknowledgement a message is done when it is sent, to a consumer (deliver) or to who asked for it (get). */
const DONE = ["message_stats.ack", "message_stats.deliver_no_ack", "message_stats.get_no_ack"];
const HEAD_AT = "head_message_timestamp";

/** The rest of an answer is long: a queue lists each of its consumers. */
export const QUEUE_COLUMNS = ["type", "state", ...Object.values(COUNTS), ...DONE, HEAD_AT].join(",");

const WORDS_SHOWN = 200;
const AGE_MS_MAX = 10 * 365 * 86_400_000; // nobody waits for ten years: the timestamp is not in seconds
const AHEAD_MS_MAX = 60_000; // publishers' clocks differ; by more, it is no time of publishing, or in ms
const LOGIN = "expected username and password of a user with the tag monitoring or management, and any permission in the virtual host";

export function readQueueAnswer(answer: Answer): Outcome<RabbitmqFigures, NotSeen> {
  const body = readManagementAnswer(answer, "there is no such queue, or no such virtual host");
  if (!body.ok) return body;
  const { type, state } = body.value;
  if (type === "stream") return failure({ reason: "it is a stream, which keeps what was read; expected a queue", mayPass: false });
  if (state === "down" || state === "stopped" || state === "crashed")
    return failure({ reason: `RabbitMQ says that the queue is ${state}`, mayPass: true });
  const figures = readFigures(body.value, Date.parse(answer.headers["date"] ?? ""));
  return figures.ok ? figures : failure({ reason: figures.error, mayPass: false });
}

/** The body of a good answer. A refused login is ours to mend and told at once; everything else may pass. */
export function readManagementAnswer(answer: Answer, notFound: string): Outcome<JsonObject, NotSeen> {
  const json = parseJson(answer.body, answer.contentType);
  const body = json.ok && isObject(json.value) ? json.value : null;
  const isRabbitmqs = typeof body?.["error"] === "string" && typeof body["reason"] === "string";
  const said = isRabbitmqs ? ` (${clipTo(WORDS_SHOWN, String(body["reason"]))})` : "";
  if (answer.status === 401) return failure({ reason: `RabbitMQ refuses the login${said}; ${LOGIN}`, mayPass: false });
  if (answer.status === 404)
    return failure({ reason: isRabbitmqs ? notFound : "HTTP 404; expected RabbitMQ's management API", mayPass: true });
  if (answer.status < 200 || answer.status > 299) return failure({ reason: `HTTP ${answer.status}${said}`, mayPass: true });
  if (body !== null) return success(body);
  return failure({ reason: json.ok ? `expected an object, got ${describe(json.value)}` : json.error, mayPass: false });
}

function readFigures(body: JsonObject, serverAtMs: number): Outcome<RabbitmqFigures, string> {
  const counts: Partial<Record<keyof typeof COUNTS, number | null>> = {};
  for (const [figure, field] of Object.entries(COUNTS)) {
    const count = readCount(body[field], field);
    if (!count.ok) return count;
    counts[figure as keyof typeof COUNTS] = count.value;
  }
  const done = readDone(body);
  if (!done.ok) return done;
  const { messages = null, ready = null, unacknowledged = null, consumers = null } = counts;
  return success({ messages, ready, unacknowledged, consumers, done: done.value, oldestMs: ageOf(body[HEAD_AT], serverAtMs) });
}

/** All three counts come with the first message that is taken. */
function readDone(body: JsonObject): Outcome<number | null, string> {
  let sum: number | null = null;
  for (const field of DONE) {
    const count = readCount(lookUp(body, field), field);
    if (!count.ok) return count;
    if (count.value !== null) sum = (sum ?? 0) + count.value;
  }
  return success(sum);
}

/** Of the message that is next, where its publisher gave it a timestamp (in seconds, as AMQP has it), by the server's clock. */
function ageOf(headAtS: unknown, serverAtMs: number): number | null {
  if (typeof headAtS !== "number") return null;
  const ageMs = serverAtMs - headAtS * 1000;
  return ageMs > -AHEAD_MS_MAX && ageMs < AGE_MS_MAX ? Math.max(0, ageMs) : null;
}
