import { setMaxListeners } from "node:events";
import { z } from "zod";
import type { Observation, TargetId } from "../core/observation.ts";
import { failure, success, type Outcome } from "../core/outcome.ts";
import { expandForWorker } from "../core/worker-template.ts";
import { getBounded } from "../world/http/get-bounded.ts";
import { saysNothingOfServer } from "../world/http/http-failure.ts";
import { createEyesight, type Eyesight, type Sensor, type SensorContext, type WatchedWorker } from "./sensor.ts";

const AT_ONCE_MAX = 16;
const BODY_BYTES_MAX = 64 * 1024; // enough to see that an answer comes to its end
const SPREAD_MS_MAX = 2_000;
/** After so many timeouts no more probes begin in this reading; who was left out comes first in the next one. */
const READING_TIMEOUTS = 4;
const ABORT_AFTER_MS = 1_000;

export interface HttpProbeRule {
  readonly strategy: string;
  /** The bound rule's key. */
  readonly key: string;
  /** As the schema of the rule `http-probe` gives them; durations are ms. */
  readonly params: unknown;
}

const ProbeParams = z.object({
  url: z.string(),
  every: z.number(),
  timeout: z.number(),
  expect: z.array(z.object({ from: z.number(), to: z.number() })),
});

/**
 * One sensor per http-probe rule, so that a slow rule never delays a fast one. Each reading asks every online worker of
 * the strategy once, at most 16 at a time, spread over a quarter of `every` in an order that stays the same. Failures
 * that say nothing of the worker (no such host, healer out of files) make the sensor blind for it.
 */
export function createHttpProbeSensors(rules: readonly HttpProbeRule[]): readonly Sensor[] {
  return rules.map(createHttpProbeSensor);
}

function createHttpProbeSensor(rule: HttpProbeRule): Sensor {
  const params = ProbeParams.parse(rule.params);
  const name = `${rule.key}:${rule.strategy}`;
  const spreadMs = Math.min(params.every / 4, SPREAD_MS_MAX);
  const startsForMs = spreadMs + READING_TIMEOUTS * params.timeout;
  const probe: Probe = { rule, params, eyesight: createEyesight(name) };
  let leftOut: ReadonlySet<TargetId> = new Set();
  return {
    name,
    everyMs: params.every,
    timeoutMs: startsForMs + params.timeout + ABORT_AFTER_MS,
    async read(context) {
      const workers = context.workers.filter(
        ({ strategy, row }) => strategy === rule.strategy && row.status === "online" && row.pid !== null,
      );
      const round = planRound(workers, leftOut, spreadMs);
      const observations: Observation[] = [...probe.eyesight.looksOnlyAt(new Set(workers.map(({ id }) => id)), context.now())];
      const skipped = await runRound(round, startsForMs, context.signal, async (worker) => {
        observations.push(...(await probeWorker(probe, worker, context)));
      });
      leftOut = new Set(skipped.map(({ id }) => id));
      const atMs = context.now();
      if (!context.signal.aborted) return [...probe.eyesight.sees(null, atMs), ...observations];
      return [...observations, probe.eyesight.blind(null, atMs, "the probes were stopped before all had been answered")];
    },
  };
}

interface Probe {
  readonly rule: HttpProbeRule;
  readonly params: z.infer<typeof ProbeParams>;
  readonly eyesight: Eyesight;
}

async function probeWorker(
  { rule, params, eyesight }: Probe,
  worker: WatchedWorker,
  context: SensorContext,
): Promise<readonly Observation[]> {
  const url = expandUrl(params.url, worker);
  if (!url.ok) return [eyesight.blind(worker.id, context.now(), `${rule.key} of ${worker.id}: ${url.error}`)];
  const answer = await getBounded(url.value, {
    timeoutMs: params.timeout,
    maxBytes: BODY_BYTES_MAX,
    overflow: "cut",
    signal: context.signal,
    accept: (status) => params.expect.some(({ from, to }) => status >= from && status <= to),
  });
  const atMs = context.now();
  if (!answer.ok && answer.error.kind === "stopped") return [];
  if (!answer.ok && saysNothingOfServer(answer.error)) {
    return [eyesight.blind(worker.id, atMs, `${rule.key} of ${worker.id}: ${answer.error.message}`)];
  }
  const detail = answer.ok ? `HTTP ${answer.value.status}` : answer.error.message;
  return [...eyesight.sees(worker.id, atMs), { kind: "probe", target: worker.id, rule: rule.key, atMs, ok: answer.ok, detail }];
}

function expandUrl(template: string, worker: WatchedWorker): Outcome<string, string> {
  const url = expandForWorker(template, worker.row);
  if (!url.ok) return failure(`${url.error}, which its url needs`);
  return URL.canParse(url.value) ? success(url.value) : failure("its url, with this worker's values put in, is no URL");
}

interface Planned {
  readonly worker: WatchedWorker;
  /** Counted from the start of the reading. */
  readonly afterMs: number;
}

function planRound(workers: readonly WatchedWorker[], leftOut: ReadonlySet<TargetId>, spreadMs: number): readonly Planned[] {
  return workers
    .map((worker) => ({ worker, afterMs: leftOut.has(worker.id) ? 0 : shareOf(worker.id) * spreadMs }))
    .sort((one, other) => one.afterMs - other.afterMs);
}

/** Runs the round in its order and answers who was left out because the time for starting was over. */
async function runRound(
  round: readonly Planned[],
  startsForMs: number,
  signal: AbortSignal,
  probe: (worker: WatchedWorker) => Promise<void>,
): Promise<readonly WatchedWorker[]> {
  setMaxListeners(2 * AT_ONCE_MAX, signal); // each probe listens; Node takes more than ten listeners for a leak
  const startedAtMs = performance.now();
  const waiting = [...round];
  const takeNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await pause(next.afterMs - (performance.now() - startedAtMs), signal);
      if (signal.aborted || performance.now() - startedAtMs > startsForMs) return void waiting.push(next);
      await probe(next.worker);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE_MAX }, takeNext));
  return waiting.map(({ worker }) => worker);
}

function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  if (durationMs <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, durationMs);
    signal.addEventListener("abort", end);
  });
}

/**
 * A number from 0 to below 1 that is always the same for the same id: FNV-1a, then MurmurHash3's finish, without which
 * `app:0`, `app:1`, `app:2` would fall side by side.
 */
function shareOf(id: TargetId): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
