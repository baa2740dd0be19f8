import { asText, blockSettings, setting } from "./block-settings.ts";
import { formatDuration } from "../core/quantities.ts";
import type { Policy } from "../core/strategy.ts";
import type { CompiledNotifier, CompiledQueue } from "./compile-kinds.ts";
import type { CompiledStrategy } from "./compile-strategies.ts";
import type { ConfigPath } from "./config-error.ts";
import { DEAD_MANS_SWITCH } from "./dead-mans-switch.ts";
import { DEPENDENCY_PROBE } from "./dependency-probe.ts";
import { GPU_FIELDS, HOST_FIELDS, type CompiledMachine } from "./machine.ts";
import type { ConfigDocument } from "./document.ts";
import { valueAt } from "./issue-words.ts";
import type { Origin } from "./layers.ts";
import { BUILT_IN_BUDGET } from "./knobs.ts";
import type { CompiledWindow } from "./maintenance.ts";

/** One resolved value, as one would write it, and where it comes from. */
export interface Setting {
  /** `strategies.rpa-worker.grace_period_seconds`: by name, so that moving a block is no change. */
  readonly path: string;
  /** Without secrets. */
  readonly shown: string;
  /** With secrets; to compare, never to print. */
  readonly exact: string;
  readonly origin: Origin;
}

interface Parts {
  readonly policy: Policy;
  readonly strategies: readonly CompiledStrategy[];
  readonly queues: readonly CompiledQueue[];
  readonly notifiers: readonly CompiledNotifier[];
  readonly maintenance: readonly CompiledWindow[];
  readonly machine: CompiledMachine;
  readonly api: { readonly host: string; readonly port: number } | false;
  readonly pm2Home: string | null;
}

const DEAD = ["dead_mans_switch"];

export function settingsOf(document: ConfigDocument, parts: Parts): readonly Setting[] {
  return [
    ...topSettings(document, parts),
    ...parts.queues.flatMap(({ name, kind, path }) => blockSettings(document, `queues.${name}`, path, kind.params)),
    ...parts.strategies.flatMap((strategy, index) => strategySettings(document, strategy, parts.policy.strategies[index])),
    ...parts.notifiers.flatMap(({ kind, path, number }) => blockSettings(document, `notify.${number}`, path, kind.params)),
    ...(valueAt(document.raw, DEAD) === undefined ? [] : blockSettings(document, "dead_mans_switch", DEAD, DEAD_MANS_SWITCH)),
  ];
}

function topSettings(document: ConfigDocument, { policy, maintenance, machine, api, pm2Home }: Parts): readonly Setting[] {
  const budget = ["defaults", "advanced", "budget"];
  const budgetAt = (key: "tokens" | "refill_seconds"): Setting => {
    const written = valueAt(document.raw, [...budget, key]) ?? BUILT_IN_BUDGET[key];
    return { ...setting(document, `advanced.budget.${key}`, [...budget, key], written) };
  };
  return [
    setting(document, "mode", ["mode"], policy.mode),
    setting(document, "interval", ["interval"], formatDuration(policy.intervalMs)),
    setting(document, "pm2_home", ["pm2_home"], pm2Home ?? "PM2_HOME, else ~/.pm2"),
    setting(document, "maintenance", ["maintenance"], windowsText(maintenance)),
    ...machineSettings(document, machine),
    ...(api === false
      ? [setting(document, "api", ["api"], false)]
      : [setting(document, "api.host", ["api", "host"], api.host), setting(document, "api.port", ["api", "port"], api.port)]),
    budgetAt("tokens"),
    budgetAt("refill_seconds"),
  ];
}

function machineSettings(document: ConfigDocument, { host, gpu }: CompiledMachine): readonly Setting[] {
  return [
    ...(host === null ? [setting(document, "host", ["host"], false)] : blockSettings(document, "host", ["host"], HOST_FIELDS)),
    ...(gpu === null ? [setting(document, "gpu", ["gpu"], false)] : blockSettings(document, "gpu", ["gpu"], GPU_FIELDS)),
  ];
}

function strategySettings(
  document: ConfigDocument,
  strategy: CompiledStrategy,
  core: Policy["strategies"][number] | undefined,
): readonly Setting[] {
  const { name, path, selector, dependency } = strategy;
  const prefix = `strategies.${name}`;
  const matchSettings = blockSettings(document, `${prefix}.match`, [...path, "match"], null);
  const knobs = strategy.layers.map((layer): Setting => {
    const shown = layer.value === null ? unsaid(layer.path, strategy) : asText(layer.value);
    return { path: `${prefix}.${layer.path.join(".")}`, shown, exact: shown, origin: layer.origin };
  });
  return [
    setting(document, `${prefix}.mode`, modeOrigin(strategy, core?.mode ?? "observe"), core?.mode ?? "observe"),
    ...(matchSettings.length > 0 ? matchSettings : [setting(document, `${prefix}.match`, [...path, "match"], selector.apps)]),
    ...linkSettings(document, prefix, strategy),
    setting(document, `${prefix}.actions`, [...path, "actions"], strategy.actions.join(", ")),
    ...(dependency === null ? [] : blockSettings(document, `${prefix}.dependency_probe`, [...path, "dependency_probe"], DEPENDENCY_PROBE)),
    ...knobs,
    ...strategy.boundRules.flatMap((rule) => ruleSettings(document, `${prefix}.rules.${rule.key}`, rule)),
  ];
}

/** What speaks of its workers from elsewhere, and when they are left alone; only where it is written. */
function linkSettings(document: ConfigDocument, prefix: string, { path, queues, maintenance, gpus }: CompiledStrategy): readonly Setting[] {
  return [
    ...(queues.length > 0 ? [setting(document, `${prefix}.queue`, [...path, "queue"], queues.join(", "))] : []),
    ...(maintenance.length > 0 ? [setting(document, `${prefix}.maintenance`, [...path, "maintenance"], windowsText(maintenance))] : []),
    ...(gpus === null ? [] : [setting(document, `${prefix}.gpu`, [...path, "gpu"], typeof gpus === "string" ? gpus : gpus.join(", "))]),
  ];
}

function windowsText(windows: readonly CompiledWindow[]): string {
  return windows.length === 0 ? "none" : windows.map(({ label }) => label).join(", ");
}

/** Knobs that have no value of their own as long as nobody says one. */
function unsaid(path: ConfigPath, { knobs }: CompiledStrategy): string {
  return path.includes("max_workers") ? "any number" : formatDuration(knobs.verify.timeoutMs);
}

/** The safer of the file's mode and the strategy's holds, so either may be where it comes from. */
function modeOrigin(strategy: CompiledStrategy, mode: string): ConfigPath {
  return strategy.mode === mode ? [...strategy.path, "mode"] : ["mode"];
}

function ruleSettings(document: ConfigDocument, prefix: string, rule: CompiledStrategy["boundRules"][number]): readonly Setting[] {
  const path = rule.path ?? ["?"];
  const mode = setting(document, prefix, path, rule.observeOnly ? "observe" : "on");
  return [mode, ...blockSettings(document, prefix, path, rule.paramsSchema).filter((one) => !/\.(rule|mode)$/.test(one.path))];
}
