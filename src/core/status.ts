import { bootStatusOf, type BootStatus } from "./boot.ts";
import type { Control } from "./control.ts";
import { pauseOf, whyHold } from "./guards.ts";
import { firingRule } from "./judge.ts";
import type { Suspect } from "./incident-suspect.ts";
import { sayWindowOf } from "./maintenance.ts";
import { sayPause } from "./pause-words.ts";
import { sayPhase } from "./phase-words.ts";
import { restartStatusOf, type RestartStatus } from "./status-restarts.ts";
import { duplicatesOf, type Duplicate } from "./status-duplicates.ts";
import { actsOf, shadowUntil } from "./standing.ts";
import type { State, Target } from "./state.ts";
import { candidateNow } from "./tick.ts";
import { rulesFor } from "./target.ts";
import { strategyOf } from "./turn.ts";
import { weightedRate } from "./weighted-window.ts";
import { allOutcomes, type Window } from "./window.ts";
import { wilsonLower, wilsonUpper } from "./wilson.ts";

/** One line of `healer status`, as data. Rates are shares (0–1); null = no finished task, shown as n/a. */
export interface TargetStatus {
  readonly id: string;
  readonly kind: "worker" | "group";
  readonly strategy: string;
  /** observe, heal, or shadow: it would heal, but is new or changed. */
  readonly mode: string;
  readonly shadow_until: string | null;
  readonly phase: string;
  readonly state: string;
  readonly pm2_status: string | null;
  readonly pm_id: number | null;
  readonly pid: number | null;
  readonly uptime_ms: number | null;
  readonly restarts: number | null;
  /** Of a worker: what its restarts were for; of them, that is, which healer has seen. */
  readonly restart_causes: RestartStatus | null;
  readonly memory_bytes: number | null;
  readonly success: {
    readonly hour: Rate | null;
    readonly day: Rate | null;
    /** Older tasks count less, as `time_weighting` says; left out without one. */
    readonly weighted?: { readonly half_life_ms: number; readonly rate: number | null };
  };
  readonly threshold: number;
  readonly symptom: string | null;
  readonly waits_for: string | null;
  readonly streak: number;
  readonly streak_max: number;
  readonly last_heal: Control["lastHeal"];
  readonly circuit_open: boolean;
  readonly incident: string | null;
  /** Of an open incident: what its workers going bad together pointed at when it opened. */
  readonly incident_suspect: Suspect | null;
  /** By a person, or by a maintenance window. */
  readonly paused: string | null;
  readonly needs_person: boolean;
  /** Of a group: what runs of it outside PM2, or too many of PM2's rows. */
  readonly duplicates: readonly Duplicate[];
  /** Of a group: how long its newest starts took until it worked; null = none was watched, or a worker. */
  readonly boot: BootStatus | null;
}

export interface Rate {
  readonly ok: number;
  readonly failed: number;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

const SHOWN_Z = 1.96; // the interval people know; decisions use the stricter `wilson_z`

export function statusOf(state: State, target: Target): TargetStatus {
  const strategy = strategyOf(state, target);
  const { row, control, view } = target;
  const firing = firingRule(target);
  const rule = firing === null ? undefined : rulesFor(strategy, target.kind).find((candidate) => candidate.key === firing.key);
  const incident = state.groups.get(target.id)?.incident ?? null;
  const pause = pauseOf(state, target);
  const circuitOpen = control.phase.name === "open";
  return {
    id: target.id,
    kind: target.kind,
    strategy: strategy.name,
    mode: actsOf(state, strategy),
    shadow_until: shadowUntil(state, strategy),
    phase: control.phase.name,
    state: sayPhase(state, target, strategy),
    pm2_status: row?.status ?? null,
    pm_id: row?.pmId ?? null,
    pid: row?.pid ?? null,
    uptime_ms: view.startedAtMs === null || row?.pid == null ? null : Math.round(state.nowMs - view.startedAtMs),
    restarts: row?.restarts ?? null,
    restart_causes: restartStatusOf(state, target),
    memory_bytes: row?.memoryBytes ?? null,
    success: successOf(state, target, strategy.knobs.timeWeightingHalfLifeMs),
    threshold: strategy.knobs.minSuccessRatePercent / 100,
    symptom: firing === null || rule === undefined ? null : rule.describe(firing.memory, view, firing.judgement),
    waits_for: firing === null ? null : waitsFor(state, target),
    streak: control.failedHeals,
    streak_max: strategy.knobs.consecutiveFailuresThreshold,
    last_heal: control.lastHeal,
    circuit_open: circuitOpen,
    incident: incident === null ? null : incident.phase,
    incident_suspect: incident?.suspect ?? null,
    paused: pause === null ? sayWindowOf(state, target) : sayPause(pause, state.nowMs),
    needs_person: circuitOpen || incident !== null,
    duplicates: target.kind === "group" ? duplicatesOf(state, target, strategy) : [],
    boot: target.kind === "group" ? bootStatusOf(state, target.id) : null,
  };
}

function successOf(state: State, target: Target, halfLifeMs: number | null): TargetStatus["success"] {
  const [hour, day] = [windowsOf(state, target, "hour"), windowsOf(state, target, "day")];
  const weighted = halfLifeMs === null ? {} : { weighted: { half_life_ms: halfLifeMs, rate: weightedRate(day, halfLifeMs) } };
  return { hour: rateOf(hour), day: rateOf(day), ...weighted };
}

/** A group whose figures come by worker shows the sum of its members'. */
function windowsOf(state: State, target: Target, length: "hour" | "day"): readonly Window[] {
  const members = target.kind === "group" && target.tasks === null ? (state.groups.get(target.id)?.members ?? []) : [target.id];
  return members.map((id) => state.targets.get(id)?.tasks?.[length]).filter((window) => window !== undefined);
}

function rateOf(windows: readonly Window[]): Rate | null {
  const ok = windows.reduce((sum, window) => sum + allOutcomes(window).ok, 0);
  const failed = windows.reduce((sum, window) => sum + allOutcomes(window).failed, 0);
  const n = ok + failed;
  if (n === 0) return null;
  return { ok, failed, rate: ok / n, low: wilsonLower(ok, n, SHOWN_Z), high: wilsonUpper(ok, n, SHOWN_Z) };
}

function waitsFor(state: State, target: Target): string | null {
  const hold = whyHold(state, candidateNow(target, strategyOf(state, target)));
  return hold === null ? null : `${hold.guard}: ${hold.reason}`;
}
