import type { GpuChoice } from "./gpu.ts";
import type { BoundRule } from "./judgement.ts";
import type { MaintenanceWindow } from "./maintenance.ts";

/** The compiled configuration: what `config/` makes of the YAML, with every number resolved. Durations are ms. */
export interface Policy {
  readonly mode: Mode;
  readonly intervalMs: number;
  readonly budget: { readonly tokens: number; readonly refillMs: number };
  readonly strategies: readonly Strategy[];
  /** Everybody's windows; a strategy's own come on top. */
  readonly maintenance: readonly MaintenanceWindow[];
  /** Left out: nothing of the machine is watched. */
  readonly machine?: MachineLimits;
  /** The newest instant at or before another at which a cron pattern of PM2's is due, wall ms; null = none. Left out = not known. */
  readonly latestCronRun?: (pattern: string, wallMs: number) => number | null;
  /** First 12 hex digits of the SHA-256 of the file's text. */
  readonly hash: string;
}

/** null = not watched. */
export interface MachineLimits {
  readonly host: HostLimits | null;
  readonly gpu: { readonly temperatureMaxC: number } | null;
}

export interface HostLimits {
  /** Of what there is, percent. */
  readonly memoryPercentMin: number;
  readonly diskPercentMin: number;
  /** Load average of one minute per core; null = any. */
  readonly loadPerCoreMax: number | null;
  /** Heals of work that goes badly wait; else it is told only. */
  readonly holds: boolean;
}

export type Mode = "observe" | "heal";

export interface Strategy {
  readonly name: string;
  /** The safer of the file's, the strategy's and the command line's. */
  readonly mode: Mode;
  readonly selector: Selector;
  /** Names of the queues whose figures speak of these workers. */
  readonly queues: readonly string[];
  readonly rules: readonly BoundRule[];
  /** Changes with whatever the strategy decides by: rules, thresholds, actions, whom it selects. Not with its mode. */
  readonly fingerprint: string;
  /** The ladder, gentlest first; the last rung repeats. Names of registered actions. */
  readonly actions: readonly string[];
  readonly knobs: Knobs;
  readonly maintenance: readonly MaintenanceWindow[];
  /** Address of what all its workers need (`dependency_probe`), as people may see it; left out = none is probed. */
  readonly dependency?: string;
  /** Left out: the GPUs on which its workers hold memory. */
  readonly gpus?: GpuChoice;
}

/** Patterns as PM2 names them; `*` and `?` are globs. Empty `apps` never occurs: `config` refuses it. */
export interface Selector {
  readonly apps: readonly string[];
  readonly namespace: string | null;
  readonly exclude: readonly string[];
}

/** Names as in `interface.md` §3 and `decision-core.md` §10; the reasons for the numbers are there. */
export interface Knobs {
  readonly gracePeriodMs: number;
  readonly minSuccessRatePercent: number;
  readonly consecutiveFailuresThreshold: number;
  readonly windowMs: number;
  readonly timeWeightingHalfLifeMs: number | null;
  readonly maxUnavailable: MaxUnavailable;
  readonly maxHealsPerHour: number;
  readonly drainMs: number;
  readonly onOpen: "leave" | "stop";
  /** Workers of an app at once; null = any number. */
  readonly maxWorkers: number | null;
  readonly trimOutside: TrimOutside;
  /** Decide and record only, for so long after the strategy is new or changed. */
  readonly shadowForMs: number;
  readonly effectSizePercent: number;
  readonly maxFalseHealsPerWorkerDay: number;
  readonly sustainMs: number;
  readonly minTasks: { readonly fast: number; readonly short: number; readonly long: number };
  readonly wilsonZ: number;
  readonly verify: { readonly llr: number; readonly timeoutMs: number };
  readonly backoff: { readonly baseMs: number; readonly maxMs: number; readonly jitter: number };
  readonly circuit: {
    readonly coolDownMs: number;
    readonly maxMs: number;
    readonly jitter: number;
    readonly maxHealsPerDay: number;
  };
  readonly incident: {
    readonly onsetWindowMs: number;
    readonly widePercent: number;
    readonly canaryDelayMs: number;
    readonly quietMs: number;
  };
  readonly trimAfterMs: number;
}

/** Which copies that PM2 does not own may be ended: none, those a dead PM2 daemon left, or also those of others' starting. */
export type TrimOutside = "none" | "orphans" | "all";

/** `{percent: 20}` of a group, rounded down, at least 1; or a plain count. */
export type MaxUnavailable = { readonly percent: number } | { readonly count: number };

export function resolveMaxUnavailable(limit: MaxUnavailable, members: number): number {
  const count = "count" in limit ? limit.count : Math.floor((members * limit.percent) / 100);
  return Math.max(1, count);
}
