import { formatBytes, formatDuration } from "../core/quantities.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import type { Compiled } from "./compiled.ts";
import type { CompiledStrategy } from "./compile-strategies.ts";
import { formatPath, type ConfigPath, type ConfigProblem } from "./config-error.ts";
import { whyIdleTrim } from "./instance-limits.ts";
import { valueAt } from "./issue-words.ts";
import type { Selection } from "./selection.ts";

/** What is valid and still worth a second look. `selection` adds what only the running apps can tell. */
export function lintConfig(compiled: Compiled, selection: Selection | null): readonly ConfigProblem[] {
  const found: ConfigProblem[] = [];
  const note = (path: ConfigPath, message: string): void => {
    found.push({ ...compiled.place(path), path: formatPath(path), message });
  };
  lintWhole(compiled, note);
  for (const strategy of compiled.strategies) {
    lintTimes(strategy, note);
    lintRules(strategy, note);
  }
  for (const { strategy, groups } of selection?.chosen ?? []) lintRunning(strategy, groups, note);
  return found.toSorted((one, other) => one.line - other.line);
}

type Note = (path: ConfigPath, message: string) => void;

function lintWhole(compiled: Compiled, note: Note): void {
  const { strategies, queues, notifiers, policy } = compiled;
  if (strategies.length === 0) note(["strategies"], "there is no strategy: healer watches nothing");
  for (const { name, path } of queues) {
    if (!strategies.some((strategy) => strategy.queues.includes(name))) note(path, `no strategy names the queue ${name}; it is not read`);
  }
  if (policy.mode === "heal" && strategies.length > 0 && notifiers.length === 0) {
    note(["notify"], "nobody is told when a circuit opens or a person is needed: there is no notify:");
  }
}

function lintTimes(strategy: CompiledStrategy, note: Note): void {
  const { knobs, path } = strategy;
  const at = (...steps: readonly string[]): ConfigPath => [...path, ...steps];
  const judgesRate = strategy.boundRules.some(({ name }) => name === "success-rate");
  if (knobs.gracePeriodMs === 0)
    note(at("grace_period_seconds"), "0 leaves a worker no time to start: it may be healed while it still loads");
  else if (judgesRate && knobs.gracePeriodMs < knobs.sustainMs) {
    const times = `${formatDuration(knobs.gracePeriodMs)} is shorter than advanced.sustain_seconds (${formatDuration(knobs.sustainMs)})`;
    note(at("grace_period_seconds"), `${times}: a worker is judged before it had as long to prove itself`);
  }
  if (judgesRate && knobs.sustainMs + knobs.gracePeriodMs > knobs.windowMs) {
    note(at("window"), `${formatDuration(knobs.windowMs)} is shorter than grace period and sustain together: its evidence expires first`);
  }
  if (judgesRate && knobs.sustainMs === 0) note(at("advanced", "sustain_seconds"), "0 lets a burst of a few bad tasks restart a worker");
  if ("percent" in knobs.maxUnavailable && knobs.maxUnavailable.percent === 100) {
    note(at("max_unavailable"), "100% allows a whole group to be down at once");
  }
  const idle = whyIdleTrim(strategy);
  if (idle !== null) note(at("trim_outside"), idle);
  if (knobs.maxHealsPerHour < knobs.consecutiveFailuresThreshold) {
    const both = `${knobs.maxHealsPerHour} is less than consecutive_failures_threshold (${knobs.consecutiveFailuresThreshold})`;
    note(at("max_heals_per_hour"), `${both}: the circuit may open for flapping before it opens for failures`);
  }
}

function lintRules(strategy: CompiledStrategy, note: Note): void {
  if (strategy.boundRules.every(({ path }) => path === null) && strategy.queues.length === 0 && strategy.knobs.maxWorkers === null) {
    note(strategy.path, `${strategy.name} has neither a queue nor rules: only crash loops and workers that are down are seen`);
  }
}

function lintRunning(strategy: CompiledStrategy, groups: ReadonlyMap<string, readonly WorkerRow[]>, note: Note): void {
  const rows = [...groups.values()].flat();
  if (rows.length === 0) return note([...strategy.path, "match"], "matches no app that PM2 knows now");
  const [firstRung] = strategy.actions;
  const forked = rows.find(({ mode }) => mode === "fork");
  if (strategy.actions.includes("reload") && forked !== undefined) {
    note(
      [...strategy.path, "actions"],
      `reload replaces cluster workers; ${forked.name} runs in fork mode${firstRung === "reload" ? ", so its first heal fails" : ""}`,
    );
  }
  if (strategy.actions.includes("replace") && forked !== undefined) {
    note(
      [...strategy.path, "actions"],
      `replace lets a copy of ${forked.name} run beside the old one for 10 s: it must be able to share its port; workers of a queue can, servers in fork mode cannot`,
    );
  }
  for (const rule of strategy.boundRules) {
    if (rule.path === null) continue;
    if (rule.name === "memory-above") lintMemory(rule.path, valueAt(rule.params, ["limit"]), rows, note);
    if (rule.name === "http-probe") lintProbe(rule.path, valueAt(rule.params, ["url"]), groups, note);
  }
}

function lintMemory(path: ConfigPath, limit: unknown, rows: readonly WorkerRow[], note: Note): void {
  const limited = rows.find(({ maxMemoryRestartBytes }) => maxMemoryRestartBytes !== null);
  const bytes = limited?.maxMemoryRestartBytes ?? null;
  if (limited === undefined || bytes === null) return;
  const who = typeof limit === "number" && bytes <= limit ? "PM2 comes first and this rule never speaks" : "this rule comes first";
  note(path, `PM2 itself restarts ${limited.name} at max_memory_restart ${formatBytes(bytes)}: ${who}; keep one of the two`);
}

/** Workers of a cluster share their port, so nine answers of ten come from the healthy ones. */
function lintProbe(path: ConfigPath, url: unknown, groups: ReadonlyMap<string, readonly WorkerRow[]>, note: Note): void {
  const several = [...groups].find(([, rows]) => rows.length > 1);
  if (several === undefined || typeof url !== "string" || /\{(env\.|instance|pm_id)/.test(url)) return;
  const [group, rows] = several;
  note(
    [...path, "url"],
    `the same address for all ${rows.length} workers of ${group}: it does not tell which one is ill; put {env.PORT} or {instance} into it`,
  );
}
