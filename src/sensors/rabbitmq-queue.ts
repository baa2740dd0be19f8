import { failure, success, type Outcome } from "../core/outcome.ts";
import { plural } from "../core/words.ts";
import { getBounded, type HttpAnswer } from "../world/http/get-bounded.ts";
import { publicUrl } from "../world/http/public-url.ts";
import { createDeadLetters, type DeadLetters } from "./queue/dead-letters.ts";
import type { QueueLook } from "./queue/queue-observations.ts";
import { createQueueSensor, type NotSeen } from "./queue/queue-sensor.ts";
import { QUEUE_COLUMNS, readManagementAnswer, readQueueAnswer, type RabbitmqFigures } from "./queue/rabbitmq-answer.ts";
import { RabbitmqQueueParams } from "./queue/rabbitmq-queue-params.ts";
import type { QueueKind } from "./queue-kind.ts";

const BODY_BYTES_MAX = 4 * 1024 ** 2;

/** `queues: {orders: {type: rabbitmq, url: …, queue: orders}}`: a queue of RabbitMQ, as its management plugin shows it. */
export const rabbitmqQueue: QueueKind = {
  type: "rabbitmq",
  summary: "a queue of RabbitMQ: what waits and is in hand, what its workers together acknowledged, and what was dead-lettered",
  params: RabbitmqQueueParams,
  envNames: () => [],
  remark: (params) => ((params as RabbitmqQueueParams).dead_letter_queue === undefined ? NO_OUTCOMES : null),
  create(params, settings) {
    const asked = params as RabbitmqQueueParams;
    const { url, vhost, queue, timeout, every: everyMs } = asked;
    const place = `${publicUrl(url)} queue ${queue} in ${vhost}`;
    const deadLetters = createDeadLetters();
    const told = ({ reason, mayPass }: NotSeen) => failure({ reason: `${place}: ${reason}`, mayPass });
    const source = {
      async look(signal: AbortSignal) {
        const found = await look(asked, deadLetters, signal);
        return found.ok ? found : told(found.error);
      },
    };
    const timeoutMs = 2 * timeout; // the queues at once, then perhaps why they have no figures
    return createQueueSensor({ ...source, timeoutMs, everyMs, workerKey: null, place }, settings);
  },
};

const NO_OUTCOMES = {
  message: "RabbitMQ does not tell what failed: without dead_letter_queue there is no success rate, only a stall is seen",
  write: "dead_letter_queue: NAME",
};

async function look(params: RabbitmqQueueParams, deadLetters: DeadLetters, signal: AbortSignal): Promise<Outcome<QueueLook, NotSeen>> {
  const { dead_letter_queue: deadName } = params;
  const [work, dead] = await Promise.all([
    askQueue(params, params.queue, signal),
    deadName === undefined ? null : askQueue(params, deadName, signal),
  ]);
  if (!work.ok) return work;
  const lacking = work.value.ready === null || work.value.done === null ? await whatIsLacking(params, work.value, signal) : null;
  if (lacking !== null) return failure(lacking);
  const failed = dead === null ? success(null) : dead.ok ? arrivedIn(dead.value, deadLetters) : dead;
  if (!failed.ok) return failure({ ...failed.error, reason: `dead_letter_queue ${deadName}: ${failed.error.reason}` });
  const { ready: pending, unacknowledged: running, oldestMs, done } = work.value;
  const totals = { completed: done ?? 0, failed: failed.value ?? 0 };
  const reading = { pending, running, oldestMs, totals, workers: null, inHand: new Map<string, number>() };
  return success({ reading, results: null, isSilenceNoData: true, isProgressOnly: failed.value === null });
}

/** What a consumer takes out of it hides what comes in: the success rate would be a good one for that alone. */
function arrivedIn({ messages, consumers }: RabbitmqFigures, deadLetters: DeadLetters): Outcome<number, NotSeen> {
  if (messages === null) return failure(NO_FIGURES);
  if (consumers === null || consumers === 0) return success(deadLetters.arrivedBy(messages));
  const reason = `it has ${plural(consumers, "consumer")}, so that what failed leaves it uncounted; expected a queue that keeps it`;
  return failure({ reason, mayPass: true });
}

const NO_FIGURES: NotSeen = { reason: "RabbitMQ has no figures of this queue yet", mayPass: true };

/**
 * Figures come some seconds after a queue does, or its server, and counts with the first message that is taken: until then
 * nothing was done. Of a server that does not count at all that would be a lie. null = nothing is lacking.
 */
async function whatIsLacking(params: RabbitmqQueueParams, { ready }: RabbitmqFigures, signal: AbortSignal): Promise<NotSeen | null> {
  const answer = await ask(params, ["overview"], "disable_stats,rates_mode", signal);
  if (!answer.ok) return answer.error;
  const overview = readManagementAnswer(answer.value, "HTTP 404 for its overview");
  if (!overview.ok) return overview.error;
  const { disable_stats: isOff, rates_mode: rates } = overview.value;
  if (isOff === true) return off("management.disable_stats or management_agent.disable_metrics_collector");
  if (rates === "none") return off("management.rates_mode = none");
  return ready === null ? NO_FIGURES : null;
}

function off(setting: string): NotSeen {
  return { reason: `RabbitMQ does not count, because of ${setting} in its configuration`, mayPass: false };
}

async function askQueue(params: RabbitmqQueueParams, queue: string, signal: AbortSignal): Promise<Outcome<RabbitmqFigures, NotSeen>> {
  const answer = await ask(params, ["queues", params.vhost, queue], QUEUE_COLUMNS, signal);
  return answer.ok ? readQueueAnswer(answer.value) : answer;
}

async function ask(
  params: RabbitmqQueueParams,
  path: readonly string[],
  columns: string,
  signal: AbortSignal,
): Promise<Outcome<HttpAnswer, NotSeen>> {
  const { username, password, timeout: timeoutMs } = params;
  const url = new URL(params.url);
  url.pathname = [url.pathname.replace(/\/+$/, ""), "api", ...path.map(encodeURIComponent)].join("/");
  url.searchParams.set("columns", columns);
  const login = username === undefined ? {} : { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` };
  const headers = { ...login, ...params.headers };
  // Every status is an answer: which login or queue it does not like, RabbitMQ says in the body.
  const answer = await getBounded(url.href, { timeoutMs, maxBytes: BODY_BYTES_MAX, headers, signal, accept: () => true });
  return answer.ok ? answer : failure({ reason: answer.error.message, mayPass: answer.error.kind !== "too-large" });
}
