import { setMaxListeners } from "node:events";
import type { Observation, TargetId } from "../core/observation.ts";
import { hash32 } from "../core/text-hash.ts";
import { createEyesight, type Eyesight, type Sensor, type SensorContext, type WatchedWorker } from "./sensor.ts";

const SPREAD_MS_MAX = 2_000;
/** After so many timeouts no more probes begin in this reading; who was left out comes first in the next one. */
const READING_TIMEOUTS = 4;

/** One bound rule that wants probes, as the configuration gives it. */
export interface ProbeRule {
  readonly strategy: string;
  /** The bound rule's key: `http-probe`, or `http-probe#2` for the second of a kind. */
  readonly key: string;
  /** As the schema of the rule gives them; durations are ms. */
  readonly params: unknown;
}

/** `blind`: what went wrong says nothing of the worker. null = the probe was stopped before it ended. */
export type ProbeAnswer = { readonly ok: boolean; readonly detail: string } | { readonly blind: string } | null;

export interface ProbePlan {
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly atOnceMax: number;
  /** What a reading may take beyond its probes until it has ended by itself. */
  readonly endsWithinMs: number;
  /** One probe of one worker; never throws. */
  ask(worker: WatchedWorker, signal: AbortSignal): Promise<ProbeAnswer>;
  /** Why no worker can be probed at all; null = nothing known against it. */
  whyBlind?(): string | null;
}

/**
 * One sensor per rule, so that a slow rule never delays a fast one. Each reading asks every online worker of the strategy
 * once, at most `atOnceMax` at a time, spread over a quarter of `every` in an order that stays the same. Failures that say
 * nothing of the worker (no such host, no such program, healer out of files) make the sensor blind for it.
 */
export function createProbeSensor(rule: ProbeRule, plan: ProbePlan): Sensor {
  const name = `${rule.key}:${rule.strategy}`;
  const spreadMs = Math.min(plan.everyMs / 4, SPREAD_MS_MAX);
  const startsForMs = spreadMs + READING_TIMEOUTS * plan.timeoutMs;
  const eyesight = createEyesight(name);
  let leftOut: ReadonlySet<TargetId> = new Set();
  return {
    name,
    everyMs: plan.everyMs,
    timeoutMs: startsForMs + plan.timeoutMs + plan.endsWithinMs,
    async read(context) {
      const workers = workersOf(rule, context);
      const gone = eyesight.looksOnlyAt(new Set(workers.map(({ id }) => id)), context.now());
      const reason = plan.whyBlind?.() ?? null;
      if (reason !== null) return [...gone, eyesight.blind(null, context.now(), reason)];
      const observations: Observation[] = [...gone];
      const round: Round = { planned: planRound(workers, leftOut, spreadMs), startsForMs, atOnceMax: plan.atOnceMax };
      const skipped = await runRound(round, context.signal, async (worker) => {
        observations.push(...observed(await plan.ask(worker, context.signal), { worker, rule, eyesight, atMs: context.now() }));
      });
      leftOut = new Set(skipped.map(({ id }) => id));
      const atMs = context.now();
      if (!context.signal.aborted) return [...eyesight.sees(null, atMs), ...observations];
      return [...observations, eyesight.blind(null, atMs, "the probes were stopped before all had been answered")];
    },
  };
}

function workersOf(rule: ProbeRule, { workers }: SensorContext): readonly WatchedWorker[] {
  return workers.filter(({ strategy, row }) => strategy === rule.strategy && row.status === "online" && row.pid !== null);
}

interface Asked {
  readonly worker: WatchedWorker;
  readonly rule: ProbeRule;
  readonly eyesight: Eyesight;
  readonly atMs: number;
}

function observed(answer: ProbeAnswer, { worker, rule, eyesight, atMs }: Asked): readonly Observation[] {
  if (answer === null) return [];
  if ("blind" in answer) return [eyesight.blind(worker.id, atMs, `${rule.key} of ${worker.id}: ${answer.blind}`)];
  return [...eyesight.sees(worker.id, atMs), { kind: "probe", target: worker.id, rule: rule.key, atMs, ...answer }];
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

interface Round {
  readonly planned: readonly Planned[];
  readonly startsForMs: number;
  readonly atOnceMax: number;
}

/** Runs the round in its order and answers who was left out because the time for starting was over. */
async function runRound(
  { planned, startsForMs, atOnceMax }: Round,
  signal: AbortSignal,
  probe: (worker: WatchedWorker) => Promise<void>,
): Promise<readonly WatchedWorker[]> {
  setMaxListeners(2 * atOnceMax, signal); // each probe listens; Node takes more than ten listeners for a leak
  const startedAtMs = performance.now();
  const waiting = [...planned];
  const takeNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await pause(next.afterMs - (performance.now() - startedAtMs), signal);
      if (signal.aborted || performance.now() - startedAtMs > startsForMs) return void waiting.push(next);
      await probe(next.worker);
    }
  };
  await Promise.all(Array.from({ length: atOnceMax }, takeNext));
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

/** A number from 0 to below 1 that is always the same for the same id. */
function shareOf(id: TargetId): number {
  return hash32(id) / 2 ** 32;
}
