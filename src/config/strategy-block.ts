import { resolveMaxUnavailable, type Knobs } from "../core/strategy.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { inWords, plural } from "../core/words.ts";
import { RULES_OF_A_QUEUE, RULES_OF_MAX_WORKERS } from "../rules/registry.ts";
import type { Compiled } from "./compiled.ts";
import type { CompiledStrategy } from "./compile-strategies.ts";
import { backoffSpan, coolDownSpan } from "./heal-times.ts";
import { healTimeLines, spanWords } from "./heal-times-table.ts";
import type { Observed } from "./observed.ts";
import { titled } from "./page.ts";
import { rateLines } from "./rate-table.ts";
import { restartLines } from "./restart-limits.ts";
import type { Selection } from "./selection.ts";
import { volumesFor } from "./volumes.ts";
import { windowLines } from "./window-words.ts";

export type Groups = ReadonlyMap<string, readonly WorkerRow[]>;

/** One strategy in numbers: whom it selects, what limits it, and how long everything takes. */
export function strategyBlock(
  compiled: Compiled,
  strategy: CompiledStrategy,
  { selection, observed }: { selection: Selection | null; observed: Observed },
): string {
  const { knobs } = strategy;
  const mode = compiled.policy.strategies.find(({ name }) => name === strategy.name)?.mode ?? "observe";
  const windows = windowLines(compiled, strategy, observed.wallMs ?? Date.now());
  const groups = selection?.chosen.find((one) => one.strategy === strategy)?.groups ?? null;
  const volumes = volumesFor(strategy, observed);
  const judgesRate = strategy.boundRules.some(({ name }) => name === "success-rate");
  return [
    `${strategy.name} (${compiled.file}:${strategy.line}), mode ${modeWords(mode, knobs)}`,
    ...selectionLines(strategy, groups),
    titled("at once", atOnce(knobs, groups)),
    titled("how many", howMany(knobs)),
    titled("grace period", grace(knobs)),
    titled("gives up", givesUp(strategy)),
    titled("rules", strategy.boundRules.map(ruleWords).join(", ")),
    ...windows.map(([title, text]) => titled(title, text)),
    ...restartLines(compiled, strategy, { groups, mode }),
    ...healTimeLines(compiled, strategy, { groups, volumes }),
    ...(judgesRate ? rateLines(strategy, groups, { volumes, turnMs: compiled.policy.intervalMs }) : []),
  ].join("\n");
}

function modeWords(mode: string, { shadowForMs }: Knobs): string {
  const isShadowed = mode === "heal" && shadowForMs > 0;
  return isShadowed ? `heal (for ${inWords(shadowForMs)} after it is new or changed it decides and records only)` : mode;
}

function selectionLines(strategy: CompiledStrategy, groups: Groups | null): readonly string[] {
  const pattern = [
    strategy.selector.apps.join(", "),
    ...(strategy.selector.namespace === null ? [] : [`namespace ${strategy.selector.namespace}`]),
  ].join(", ");
  if (groups === null) return [titled("selects", `${pattern} (PM2 was not asked)`)];
  if (groups.size === 0) return [titled("selects", `${pattern}: no app that PM2 knows now`)];
  return [...groups].map(([group, rows]) =>
    titled("selects", `${group}: ${plural(rows.length, "worker")} (pm_id ${rows.map(({ pmId }) => pmId).join(", ")})`),
  );
}

function grace({ gracePeriodMs, verify }: Knobs): string {
  return `${inWords(gracePeriodMs)} after any start; a heal without a verdict after ${inWords(verify.timeoutMs)} is inconclusive`;
}

function howMany({ maxWorkers, trimAfterMs, trimOutside }: Knobs): string {
  const outside = { none: "reported, never ended", orphans: "ended if a dead PM2 daemon left them", all: "ended as well" }[trimOutside];
  const limit =
    maxWorkers === null
      ? "any number of workers (no max_workers)"
      : `at most ${plural(maxWorkers, "worker")} of an app; what has been too many for ${inWords(trimAfterMs)} is trimmed, the newest stay`;
  return `${limit}; copies outside PM2: ${outside}`;
}

/** "20 % of 3 workers = 1" */
function atOnce(knobs: Knobs, groups: Groups | null): string {
  const limit = knobs.maxUnavailable;
  if ("count" in limit) return `${plural(limit.count, "worker")} of a group down or in a heal`;
  const sizes = groups === null || groups.size === 0 ? [3] : [...new Set([...groups.values()].map((rows) => rows.length))];
  return `${sizes.map((size) => `${limit.percent} % of ${plural(size, "worker")} = ${resolveMaxUnavailable(limit, size)}`).join(", ")} down or in a heal`;
}

/** "3 heals in a row that did not help (restart, then stop-start), 15 s – 30 s and 30 s – 1 m apart, …" */
function givesUp({ knobs, actions }: CompiledStrategy): string {
  const heals = knobs.consecutiveFailuresThreshold;
  const waits = Array.from({ length: Math.min(2, heals - 1) }, (_, failures) => spanWords(backoffSpan(knobs, failures)));
  const rungs = actions.length === 1 ? "" : ` (${actions.join(", then ")})`;
  const between = waits.length === 0 ? "" : `, ${waits.join(" and ")}${heals > 3 ? " and longer" : ""} apart`;
  const trial = `tries once more after ${spanWords(coolDownSpan(knobs))}`;
  return `after ${plural(heals, "heal")} in a row that did not help${rungs}${between}, or more than ${knobs.maxHealsPerHour} in an hour; ${trial}`;
}

function ruleWords(rule: CompiledStrategy["boundRules"][number]): string {
  const implied =
    rule.path !== null
      ? ""
      : RULES_OF_A_QUEUE.includes(rule.name)
        ? " (implied by queue)"
        : RULES_OF_MAX_WORKERS.includes(rule.name)
          ? " (implied by max_workers)"
          : " (always on)";
  return `${rule.key}${implied}${rule.observeOnly ? " (observes only)" : ""}`;
}
