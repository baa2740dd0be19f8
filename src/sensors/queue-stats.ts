import { failure, success, type Outcome } from "../core/outcome.ts";
import { getBounded } from "../world/http/get-bounded.ts";
import { publicUrl } from "../world/http/public-url.ts";
import { HttpQueueParams } from "./queue/http-queue-params.ts";
import { parseJson } from "./queue/json-fields.ts";
import type { QueueLook } from "./queue/queue-observations.ts";
import { createQueueSensor, type NotSeen } from "./queue/queue-sensor.ts";
import { readResults } from "./queue/recent-results.ts";
import { readStats } from "./queue/stats-reading.ts";
import { envNamesOf } from "./queue/worker-keys.ts";
import type { QueueKind } from "./queue-kind.ts";

const BODY_BYTES_MAX = 4 * 1024 ** 2; // ten thousand workers fit; 200 MB of JSON would stop the event loop for seconds

/** `queues: {llm: {type: http, url: …}}`: any task server that publishes its counts, or its recent results, as JSON. */
export const httpQueue: QueueKind = {
  type: "http",
  summary: "a server that answers counts of tasks (and, better, counts or results by worker) as JSON",
  params: HttpQueueParams,
  envNames: (params) => envNamesOf((params as HttpQueueParams).worker_key),
  create(params, settings) {
    const asked = params as HttpQueueParams;
    const { url, timeout: timeoutMs, every: everyMs, worker_key: workerKey = null } = asked;
    return createQueueSensor({ look: (signal) => look(asked, signal), timeoutMs, everyMs, workerKey, place: publicUrl(url) }, settings);
  },
};

async function look(params: HttpQueueParams, signal: AbortSignal): Promise<Outcome<QueueLook, NotSeen>> {
  const [stats, results] = await Promise.all([
    ask(params, params.url, signal, (body) => readStats(body, params.fields)),
    params.results === undefined ? null : ask(params, params.results, signal, (body) => readResults(body, params.fields)),
  ]);
  if (!stats.ok) return stats;
  if (results !== null && !results.ok) return results;
  return success({ reading: stats.value, results: results?.value ?? null, isSilenceNoData: false });
}

async function ask<Value>(
  params: HttpQueueParams,
  url: string,
  signal: AbortSignal,
  read: (body: unknown) => Outcome<Value, string>,
): Promise<Outcome<Value, NotSeen>> {
  const { timeout: timeoutMs, headers } = params;
  const answer = await getBounded(url, { timeoutMs, maxBytes: BODY_BYTES_MAX, headers, signal });
  if (!answer.ok) return failure({ reason: `${publicUrl(url)}: ${answer.error.message}`, mayPass: answer.error.kind !== "too-large" });
  const json = parseJson(answer.value.body, answer.value.contentType);
  const value = json.ok ? read(json.value) : json;
  return value.ok ? value : failure({ reason: `${publicUrl(url)}: ${value.error}`, mayPass: false });
}
