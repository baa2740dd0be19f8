import type { Random } from "./random.ts";
import type { AppSpec } from "./world-spec.ts";

/** A configuration as an operator might write it, with thresholds from cautious to reckless. Always valid. */
export function drawConfig(apps: readonly AppSpec[], random: Random): string {
  return [
    "version: 1",
    `mode: ${random.pick(["heal", "heal", "heal", "heal", "heal", "observe"])}`,
    "interval: 2s",
    "api: false",
    "queues:",
    ...apps.map(({ name }) => `  q-${name}: {type: http, url: "http://127.0.0.1:1/${name}"}`),
    "defaults:",
    ...drawDefaults(random),
    "strategies:",
    ...apps.flatMap((app, index) => drawStrategy(app, random, index === 0)),
    "",
  ].join("\n");
}

function drawDefaults(random: Random): readonly string[] {
  return [
    `  grace_period_seconds: ${random.pick([30, 60, 180, 180, 300])}`,
    `  consecutive_failures_threshold: ${random.pick([1, 2, 3, 3, 5])}`,
    `  max_unavailable: ${random.pick(["20%", "20%", "50%", "1", "2"])}`,
    `  max_heals_per_hour: ${random.pick([2, 5, 5, 10])}`,
    `  drain: ${random.pick([0, 0, 30, 600])}`,
    `  on_open: ${random.pick(["leave", "leave", "stop"])}`,
    `  time_weighting: ${random.pick(["none", "none", "{half_life: 15m}"])}`,
    "  advanced:",
    `    budget: {tokens: ${random.pick([1, 2, 5, 5, 8])}, refill_seconds: ${random.pick([60, 300, 300, 3600])}}`,
    `    circuit: {cool_down: ${random.pick(["10m", "30m", "30m"])}, max: ${random.pick(["1h", "6h"])}}`,
    `    incident: {canary_delay: ${random.pick([0, 60, 300, 300])}, onset_window: ${random.pick([60, 300])}}`,
  ];
}

function drawStrategy(app: AppSpec, random: Random, isFirst: boolean): readonly string[] {
  const rules = [
    ...(random.chance(0.5) ? ["frozen"] : []),
    ...(random.chance(0.4) ? ['{rule: http-probe, url: "http://127.0.0.1:{pm_id}/health", every: 30s, startup: 1m}'] : []),
    ...(random.chance(0.3) ? ["{rule: memory-above, limit: 512MB}"] : []),
    ...(app.figures !== null && random.chance(0.3) ? ["{rule: queue-stalled, for: 10m}"] : []),
  ];
  const trims = random.chance(0.3);
  return [
    `  - name: s-${app.name}`,
    // Sometimes with what must never be touched among the names.
    `    match: {app: [${[app.name, ...(isFirst && random.chance(0.5) ? ["healer", "pm2-module"] : [])].map((name) => `"${name}"`).join(", ")}]}`,
    ...(app.figures === null ? [] : [`    queue: q-${app.name}`]),
    ...(trims ? [`    max_workers: ${app.instances}`, `    trim_outside: ${random.pick(["none", "orphans", "all"])}`] : []),
    ...(random.chance(0.1) ? ["    mode: observe"] : []),
    ...(random.chance(0.2) ? ['    maintenance: [{cron: "0 */6 * * *", for: 90m, tz: UTC}]'] : []),
    ...(random.chance(0.2) ? ["    shadow_for: 30m"] : []),
    ...(random.chance(0.2) ? ['    dependency_probe: {url: "http://127.0.0.1:1/health", every: 30s}'] : []),
    `    actions: ${random.pick(["[restart, stop-start]", "[restart]", "[stop-start]", "[replace]", "[restart, replace]"])}`,
    `    rules: [${rules.join(", ")}]`,
  ];
}
