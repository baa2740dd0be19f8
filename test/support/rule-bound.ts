import type { BoundRule, Epoch, TargetView } from "../../src/core/judgement.ts";
import type { Knobs } from "../../src/core/strategy.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import { RULES } from "../../src/rules/registry.ts";

/** What a rule needs to be asked in a test: the default knobs, a row, a view, and the rule bound as `config` binds it. */

export const DEFAULT_KNOBS: Knobs = {
  gracePeriodMs: 180_000,
  minSuccessRatePercent: 70,
  consecutiveFailuresThreshold: 3,
  windowMs: 3_600_000,
  timeWeightingHalfLifeMs: null,
  maxUnavailable: { percent: 20 },
  maxHealsPerHour: 5,
  drainMs: 0,
  onOpen: "leave",
  maxWorkers: null,
  effectSizePercent: 20,
  maxFalseHealsPerWorkerDay: 0.1,
  sustainMs: 60_000,
  minTasks: { fast: 10, short: 20, long: 100 },
  wilsonZ: 3.5,
  verify: { llr: 4.6, timeoutMs: 1_800_000 },
  backoff: { baseMs: 30_000, maxMs: 600_000, jitter: 0.5 },
  circuit: { coolDownMs: 1_800_000, maxMs: 21_600_000, jitter: 0.25, maxHealsPerDay: 10 },
  incident: { onsetWindowMs: 300_000, widePercent: 50, canaryDelayMs: 300_000, quietMs: 120_000 },
  trimAfterMs: 60_000,
};

export const EPOCH: Epoch = { atMs: 0, ignoreTasksUntilMs: 0, forgiveFailures: 0 };

export function rowOf(change: Partial<WorkerRow> = {}): WorkerRow {
  return {
    pmId: 0,
    name: "api",
    namespace: "default",
    instance: "0",
    script: "/srv/api/worker.js",
    pid: 4242,
    status: "online",
    mode: "fork",
    startedWallMs: 1_700_000_000_000,
    createdWallMs: 1_700_000_000_000,
    restarts: 0,
    exitCode: null,
    killTimeoutMs: 1600,
    listenTimeoutMs: 3000,
    autorestart: true,
    restartDelayMs: 0,
    stopExitCodes: [],
    maxMemoryRestartBytes: null,
    configuredInstances: 1,
    isModule: false,
    isNode: true,
    memoryBytes: null,
    env: {},
    ...change,
  };
}

export function viewOf(change: Partial<TargetView> = {}): TargetView {
  return {
    id: "api:0",
    kind: "worker",
    nowMs: 0,
    row: rowOf(),
    readyAtMs: 0,
    startedAtMs: 0,
    epochAtMs: 0,
    tasks: null,
    queues: [],
    blind: null,
    exits: [],
    lastLifeMs: null,
    statusSinceMs: 0,
    ...change,
  };
}

/** `params` as they stand in the YAML. */
export function bindRule(name: string, params: unknown = {}, knobs: Partial<Knobs> = {}): BoundRule {
  const rule = RULES.find((candidate) => candidate.name === name);
  if (rule === undefined) throw new Error(`no rule "${name}" in the registry`);
  return rule.bind(rule.params.parse(params), { key: name, observeOnly: false, knobs: { ...DEFAULT_KNOBS, ...knobs } });
}
