import { failure, success, type Outcome } from "../core/outcome.ts";
import { getBounded } from "../world/http/get-bounded.ts";
import { publicUrl } from "../world/http/public-url.ts";
import { readInstantAnswer, type InstantAnswer, type Series } from "./queue/prometheus-answer.ts";
import { readFigures } from "./queue/prometheus-figures.ts";
import { FIGURES, PrometheusQueueParams, type Figure } from "./queue/prometheus-queue-params.ts";
import type { QueueLook } from "./queue/queue-observations.ts";
import { createQueueSensor, type NotSeen } from "./queue/queue-sensor.ts";
import { envNamesOf } from "./queue/worker-keys.ts";
import type { QueueKind } from "./queue-kind.ts";

const BODY_BYTES_MAX = 4 * 1024 ** 2; // ten thousand series fit; 200 MB of JSON would stop the event loop for seconds
const SERVER_SHARE = 0.9; // Prometheus gives up a little before we do, so that it can say why

/** Counters of processes begin anew with them: summed over all of them, every restart is a decrease. */
const IMPLAUSIBLE =
  "its counters went down three times in thirty readings; expected counters that only grow: no rate() or increase(), and by worker, since each restart of one lowers a sum over all";

/** `queues: {orders: {type: prometheus, url: …, completed: …, failed: …}}`: figures that Prometheus has scraped already. */
export const prometheusQueue: QueueKind = {
  type: "prometheus",
  summary: "queries to a Prometheus server: counters of completed and failed tasks (best by worker), and what waits",
  params: PrometheusQueueParams,
  envNames: (params) => envNamesOf((params as PrometheusQueueParams).worker_key),
  create(params, settings) {
    const asked = params as PrometheusQueueParams;
    const { url, timeout, every: everyMs, worker_key: workerKey = null } = asked;
    const place = publicUrl(url);
    const timeoutMs = 2 * timeout; // the server's clock first, then everything else at once
    return createQueueSensor(
      { look: (signal) => look(asked, place, signal), timeoutMs, everyMs, workerKey, place, implausibleWords: IMPLAUSIBLE },
      settings,
    );
  },
};

/**
 * All figures are of one instant, by the server's own clock: ours may be wrong by more than the five minutes for which
 * Prometheus looks back, and would then find nothing, or what has long been over.
 */
async function look(params: PrometheusQueueParams, place: string, signal: AbortSignal): Promise<Outcome<QueueLook, NotSeen>> {
  const told = (figure: string, { reason, mayPass }: NotSeen) => failure({ reason: `${place}: ${figure}${reason}`, mayPass });
  const clock = await ask(params, { query: "time()" }, signal);
  if (!clock.ok) return told("", clock.error);
  if (clock.value.atS === null) return told("", { reason: "its time() is not a scalar, as Prometheus' is", mayPass: false });
  const time = String(clock.value.atS);
  const asked = FIGURES.flatMap((figure) => (params[figure] === undefined ? [] : [{ figure, query: params[figure] }]));
  const found = await Promise.all(asked.map(async ({ figure, query }) => ({ figure, answer: await ask(params, { query, time }, signal) })));
  const answers: Partial<Record<Figure, readonly Series[]>> = {};
  for (const { figure, answer } of found) {
    if (!answer.ok) return told(`${figure}: `, answer.error);
    answers[figure] = answer.value.series;
  }
  const reading = readFigures(answers, params.worker_label ?? null);
  if (!reading.ok) return told("", { reason: reading.error, mayPass: false });
  return success({ reading: reading.value, results: null, isSilenceNoData: true });
}

async function ask(
  params: PrometheusQueueParams,
  asked: { readonly query: string; readonly time?: string },
  signal: AbortSignal,
): Promise<Outcome<InstantAnswer, NotSeen>> {
  const { timeout: timeoutMs, headers } = params;
  const url = new URL(params.url);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/api/v1/query`;
  const all = { ...asked, timeout: `${Math.floor(timeoutMs * SERVER_SHARE)}ms` };
  for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value);
  // Every status is an answer: what was wrong with a query stands in the body of a 400.
  const answer = await getBounded(url.href, { timeoutMs, maxBytes: BODY_BYTES_MAX, headers, signal, accept: () => true });
  return answer.ok
    ? readInstantAnswer(answer.value)
    : failure({ reason: answer.error.message, mayPass: answer.error.kind !== "too-large" });
}
