import { formatDuration } from "../core/quantities.ts";
import { inWords, plural } from "../core/words.ts";
import type { Remark } from "./advice.ts";
import type { Compiled } from "./compiled.ts";
import type { CompiledStrategy } from "./compile-strategies.ts";
import type { ConfigPath } from "./config-error.ts";
import { backoffSpan } from "./heal-times.ts";
import { whyIdleTrim } from "./instance-limits.ts";
import { reckonRules } from "./rule-cases.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Knobs of one strategy that do not go well together, or undo one another. */
export function knobRemarks(compiled: Compiled, strategy: CompiledStrategy): readonly Remark[] {
  const judgesRate = strategy.boundRules.some(({ name }) => name === "success-rate");
  const remarks = [
    ...graceRemarks(strategy, judgesRate),
    ...(judgesRate ? evidenceRemarks(strategy) : []),
    ...limitRemarks(compiled, strategy),
    ...drainRemarks(strategy),
  ];
  const idle = whyIdleTrim(strategy);
  const seesLittle =
    strategy.boundRules.every(({ path }) => path === null) && strategy.queues.length === 0 && strategy.knobs.maxWorkers === null;
  const little = `${strategy.name} has neither a queue nor rules: only crash loops and workers that are down are seen`;
  return [
    ...remarks.map((remark) => ({ ...remark, path: [...strategy.path, ...remark.path] })),
    ...(idle === null ? [] : [{ path: [...strategy.path, "trim_outside"], message: idle, write: "max_workers: 1" }]),
    ...(seesLittle ? [{ path: strategy.path, message: little, write: "rules: [frozen]" }] : []),
  ];
}

function graceRemarks({ knobs }: CompiledStrategy, judgesRate: boolean): readonly Remark[] {
  const { gracePeriodMs, sustainMs } = knobs;
  const path = ["grace_period_seconds"];
  if (gracePeriodMs === 0)
    return [
      { path, message: "0 leaves a worker no time to start: it may be healed while it still loads", write: "grace_period_seconds: 180" },
    ];
  if (!judgesRate || gracePeriodMs >= sustainMs) return [];
  const times = `${formatDuration(gracePeriodMs)} is shorter than advanced.sustain_seconds (${formatDuration(sustainMs)})`;
  const message = `${times}: a worker is judged before it had as long to prove itself`;
  return [{ path, message, write: `grace_period_seconds: ${inSeconds(3 * sustainMs)}` }];
}

function evidenceRemarks({ knobs }: CompiledStrategy): readonly Remark[] {
  const { gracePeriodMs, sustainMs, windowMs } = knobs;
  const found: Remark[] = [];
  if (sustainMs + gracePeriodMs > windowMs) {
    const message = `${formatDuration(windowMs)} is shorter than grace period and sustain together: its evidence expires first`;
    found.push({ path: ["window"], message, write: `window: ${formatDuration(roundUp(4 * (sustainMs + gracePeriodMs), 60_000))}` });
  }
  if (sustainMs === 0) {
    const message = "0 lets a burst of a few bad tasks restart a worker";
    found.push({ path: ["advanced", "sustain_seconds"], message, write: "sustain_seconds: 60" });
  }
  return found;
}

function limitRemarks(compiled: Compiled, strategy: CompiledStrategy): readonly Remark[] {
  const { knobs } = strategy;
  const { maxHealsPerHour, consecutiveFailuresThreshold: threshold, circuit } = knobs;
  const path: ConfigPath = ["max_heals_per_hour"];
  const found: Remark[] = [];
  if ("percent" in knobs.maxUnavailable && knobs.maxUnavailable.percent === 100)
    found.push({ path: ["max_unavailable"], message: "100% allows a whole group to be down at once", write: "max_unavailable: 20%" });
  if (maxHealsPerHour < threshold && failuresTakeMs(strategy) < HOUR_MS) {
    const both = `${maxHealsPerHour} is less than consecutive_failures_threshold (${threshold})`;
    found.push({
      path,
      message: `${both}: the circuit opens for flapping before it opens for failures`,
      write: `max_heals_per_hour: ${threshold + 2}`,
    });
  }
  if (circuit.maxHealsPerDay < threshold) {
    const both = `${circuit.maxHealsPerDay} a day is less than consecutive_failures_threshold (${threshold})`;
    const message = `${both}: the circuit opens for flapping before it opens for failures`;
    found.push({ path: ["advanced", "circuit", "max_heals_per_day"], message, write: `max_heals_per_day: ${Math.max(10, 2 * threshold)}` });
  }
  return [...found, ...flapRemarks(compiled, strategy)];
}

/** A limit that time alone never lets a worker exceed. */
function flapRemarks(compiled: Compiled, strategy: CompiledStrategy): readonly Remark[] {
  const { maxHealsPerHour, circuit } = strategy.knobs;
  const cycleMs = quickestCycleMs(compiled, strategy);
  const possible = cycleMs === null ? null : Math.floor((HOUR_MS - 1) / cycleMs) + 1;
  if (possible === null || cycleMs === null || possible > maxHealsPerHour) return [];
  const dayStops = circuit.maxHealsPerDay * cycleMs < DAY_MS;
  const then = dayStops ? `only max_heals_per_day (${circuit.maxHealsPerDay}) stops one that flaps` : "one that flaps is never stopped";
  const message = `${maxHealsPerHour} is never exceeded: with its grace period a worker is healed every ${inWords(cycleMs)} at most, ${plural(possible, "time")} an hour; ${then}`;
  return [{ path: ["max_heals_per_hour"], message, write: `max_heals_per_hour: ${Math.max(1, possible - 1)}`, isNote: dayStops }];
}

/** From the first of so many failed heals to the last: each is judged after its grace period, and waits. */
function failuresTakeMs({ knobs }: CompiledStrategy): number {
  let totalMs = 0;
  for (let failures = 0; failures < knobs.maxHealsPerHour; failures++) totalMs += knobs.gracePeriodMs + backoffSpan(knobs, failures).worst;
  return totalMs;
}

/** A heal that helps, and the worker sickens at once: grace period, and the quickest of its rules. */
function quickestCycleMs(compiled: Compiled, strategy: CompiledStrategy): number | null {
  const cases = reckonRules(compiled, strategy, [{ title: "", tasksPerMinute: 60 }]).flatMap((one) =>
    one.case === null || one.rule.action === "trim" || one.rule.observeOnly ? [] : [one.case],
  );
  const listed = cases.filter(({ actsInGrace }) => !actsInGrace);
  return listed.length === 0 ? null : strategy.knobs.gracePeriodMs + Math.min(...listed.map(({ bestMs }) => bestMs));
}

function drainRemarks({ knobs, queues }: CompiledStrategy): readonly Remark[] {
  if (knobs.drainMs === 0) return [];
  if (queues.length === 0) {
    const message = `${formatDuration(knobs.drainMs)} waits for nothing: without a queue nobody says what a worker has in hand`;
    return [{ path: ["drain"], message, write: "queue: NAME" }];
  }
  if (knobs.drainMs < HOUR_MS) return [];
  const message = `${formatDuration(knobs.drainMs)} is how long a hanging worker with a task in hand is left as it is`;
  return [{ path: ["drain"], message, write: "drain: 5m" }];
}

function inSeconds(durationMs: number): number {
  return Math.ceil(durationMs / 1000);
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
