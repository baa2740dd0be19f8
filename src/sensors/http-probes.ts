import { z } from "zod";
import { failure, success, type Outcome } from "../core/outcome.ts";
import { expandForWorker } from "../core/worker-template.ts";
import { startDeadline } from "../world/clock/deadline.ts";
import { getBounded, type HttpAnswer } from "../world/http/get-bounded.ts";
import { saysNothingOfServer } from "../world/http/http-failure.ts";
import { createBodyCheck, sayHeaders, sayTime, type BodyCheck } from "./http-answer.ts";
import { createProbeSensor, type ProbeAnswer, type ProbeRule } from "./probe-rounds.ts";
import type { Sensor, WatchedWorker } from "./sensor.ts";

const AT_ONCE_MAX = 16;
const BODY_BYTES_MAX = 64 * 1024; // enough to see that an answer comes to its end, and for any health answer
const ABORT_AFTER_MS = 1_000;

const ProbeParams = z.object({
  url: z.string(),
  every: z.number(),
  timeout: z.number(),
  expect: z.array(z.object({ from: z.number(), to: z.number() })),
  headers: z.record(z.string(), z.string()).default({}),
  expect_header: z.record(z.string(), z.string()).default({}),
  body: z.string().nullable().default(null),
  slower_than: z.number().nullable().default(null),
});

/** Asks each worker's url, and looks at the answer as closely as the rule `http-probe` wants. */
export function createHttpProbeSensor(rule: ProbeRule): Sensor {
  const params = ProbeParams.parse(rule.params);
  const bodyCheck = params.body === null ? null : createBodyCheck(params.body);
  return createProbeSensor(rule, {
    everyMs: params.every,
    timeoutMs: params.timeout,
    atOnceMax: AT_ONCE_MAX,
    endsWithinMs: ABORT_AFTER_MS,
    async ask(worker, signal) {
      const url = expandUrl(params.url, worker);
      return url.ok ? ask(url.value, { params, bodyCheck, signal }) : { blind: url.error };
    },
  });
}

interface Probe {
  readonly params: z.infer<typeof ProbeParams>;
  readonly bodyCheck: BodyCheck | null;
  readonly signal: AbortSignal;
}

async function ask(url: string, { params, bodyCheck, signal }: Probe): Promise<ProbeAnswer> {
  const watch = watchTime(params.slower_than);
  const answer = await getBounded(url, {
    timeoutMs: params.timeout,
    maxBytes: BODY_BYTES_MAX,
    overflow: "cut",
    headers: params.headers,
    signal,
    accept: (status) => params.expect.some(({ from, to }) => status >= from && status <= to),
  });
  const late = watch.end();
  if (answer.ok) return judgeAnswer(answer.value, { params, bodyCheck, late });
  if (answer.error.kind === "stopped") return null;
  return saysNothingOfServer(answer.error) ? { blind: answer.error.message } : { ok: false, detail: answer.error.message };
}

type Expected = Pick<Probe, "params" | "bodyCheck"> & { readonly late: string | null };

/** The first thing that is wrong is told. */
function judgeAnswer(answer: HttpAnswer, { params, bodyCheck, late }: Expected): ProbeAnswer {
  const said = `HTTP ${answer.status}`;
  const header = sayHeaders(answer.headers, params.expect_header);
  if (header !== null) return { ok: false, detail: `${said}, ${header}` };
  const body = bodyCheck?.(answer.body) ?? success(null);
  if (!body.ok) return { blind: body.error };
  if (body.value !== null) return { ok: false, detail: `${said}, ${body.value}` };
  return late === null ? { ok: true, detail: said } : { ok: false, detail: `${said} ${late}` };
}

/**
 * Says at the end whether it was too late: "after 3.2 s, slower than 1s". A deadline and not a stopwatch, because time
 * during which healer itself stood still is not the worker's.
 */
function watchTime(limitMs: number | null): { end(): string | null } {
  if (limitMs === null) return { end: () => null };
  const startedAtMs = performance.now();
  let isLate = false;
  const deadline = startDeadline(limitMs, () => (isLate = true));
  return {
    end() {
      deadline.cancel();
      return isLate ? sayTime(performance.now() - startedAtMs, limitMs) : null;
    },
  };
}

function expandUrl(template: string, worker: WatchedWorker): Outcome<string, string> {
  const url = expandForWorker(template, worker.row);
  if (!url.ok) return failure(`${url.error}, which its url needs`);
  return URL.canParse(url.value) ? success(url.value) : failure("its url, with this worker's values put in, is no URL");
}
