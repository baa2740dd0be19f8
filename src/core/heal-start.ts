import { takeToken } from "./budget.ts";
import { firstStepOf, restartsNobody, type Heal, type PreImage } from "./control.ts";
import type { Candidate } from "./guards.ts";
import { beCanary } from "./incident.ts";
import { beginReplace } from "./replace-plan.ts";
import { beginRoll, preImage } from "./roll.ts";
import type { State, Target } from "./state.ts";
import { rulesFor, withControl } from "./target.ts";
import type { TrimLimits } from "./trim-plan.ts";
import { beginTrim } from "./trim.ts";
import { journal, say, type Turn } from "./turn.ts";
import { plural } from "./words.ts";

const HEALS_KEPT_MS = 24 * 3_600_000;

export interface HealOptions {
  readonly by: string | null;
  readonly trial: boolean;
  /** Only for a trim by hand: what was ordered. Left out: what the configuration says. */
  readonly trim?: TrimLimits;
}

/** Row 5: the intent. Nothing happens until it is on disk and the world was read again (`durable.ts`). */
export function startHeal(turn: Turn, candidate: Candidate, options: HealOptions): Heal {
  const { state } = turn;
  const { target, action } = candidate;
  const heal = newHeal(turn, candidate, options);
  if (!candidate.holdsDown && !restartsNobody(action)) takeToken(state);
  withControl(target, {
    phase: { name: "intent", heal, step: candidate.holdsDown ? "stop" : firstStepOf(heal), sinceMs: state.nowMs },
    healsAtMs: [...target.control.healsAtMs.filter((atMs) => state.nowMs - atMs < HEALS_KEPT_MS), state.nowMs],
    lastHeal: { id: heal.id, atMs: state.nowMs, wallMs: state.wallMs, action, rule: heal.rule, verdict: null },
  });
  target.said.hold = null;
  target.said.wouldHeal = false;
  journal(turn, target, {
    kind: "intent",
    healId: heal.id,
    ack: true,
    note: { action, rule: heal.rule, evidence: heal.evidence, pre: preJson(heal.pre) },
  });
  sayIntent(turn, candidate, heal); // after the record: healer may die in between, and who reads of an intent waits for its verdict
  return heal;
}

function newHeal(turn: Turn, candidate: Candidate, options: HealOptions): Heal {
  const { state } = turn;
  const { target, rule } = candidate;
  const id = nextHealId(state);
  const canary = candidate.holdsDown ? false : beCanary(turn, target, id);
  const limits = candidate.action === "trim" ? (options.trim ?? limitsOf(candidate)) : null;
  return {
    id,
    rule: rule?.key ?? "by-hand",
    action: candidate.action,
    trial: options.trial,
    atMs: state.nowMs,
    symptomAtMs: Math.min(state.nowMs, rule?.symptomAtMs ?? state.nowMs),
    pre: preImageOf(state, target),
    evidence: evidenceOf(candidate, options.by),
    by: options.by,
    roll: target.kind === "group" && limits === null ? beginRoll(state, target) : null,
    replace: candidate.action === "replace" ? beginReplace(state) : null,
    trim: limits === null ? null : beginTrim(state, target, limits, options.by),
    clearedAtMs: null,
    canary,
  };
}

function limitsOf({ strategy }: Candidate): TrimLimits {
  return { keep: strategy.knobs.maxWorkers ?? Number.MAX_SAFE_INTEGER, outside: strategy.knobs.trimOutside };
}

/** "20261122-223105-7": when, and a number that never repeats. */
function nextHealId(state: State): string {
  state.globals.healCount++;
  const stamp = new Date(state.wallMs).toISOString();
  return `${stamp.slice(0, 10).replaceAll("-", "")}-${stamp.slice(11, 19).replaceAll(":", "")}-${state.globals.healCount}`;
}

export function preImageOf(state: State, target: Target): PreImage | null {
  return target.row === null || state.pm2.name !== "up" ? null : preImage(target.row, state.pm2.generation);
}

/** The sentence a person reads first: what was seen, in numbers. */
function evidenceOf({ target, strategy, rule }: Candidate, by: string | null): string {
  const { phase } = target.control;
  if (phase.name === "suspect" && phase.contain !== null) return phase.contain.reason;
  if (rule === null) return by === null ? "no symptom" : `asked for by ${by}`;
  const bound = rulesFor(strategy, target.kind).find((candidate) => candidate.key === rule.key);
  return bound === undefined ? rule.key : bound.describe(rule.memory, target.view, rule.judgement);
}

function sayIntent(turn: Turn, candidate: Candidate, heal: Heal): void {
  const { target, strategy, rule, holdsDown } = candidate;
  const rung = heal.trial
    ? "trial"
    : `heal ${target.control.failedHeals + 1} of ${strategy.knobs.consecutiveFailuresThreshold} before giving up`;
  const what = holdsDown
    ? "stop it, wait, start it once"
    : heal.roll === null
      ? heal.trim == null
        ? heal.action
        : `trim, one at a time, until ${heal.trim.keep} are left`
      : `rolling ${heal.action} of ${plural(heal.roll.waiting.length + 1, "worker")}`;
  const judgement = rule?.judgement;
  say(turn, target, {
    level: "warn",
    event: "heal_intent",
    reason: `${heal.evidence}; action: ${what} (${rung})`,
    heal_id: heal.id,
    more: {
      rule: heal.rule,
      action: heal.action,
      evidence: {
        value: judgement?.value ?? null,
        threshold: judgement?.threshold ?? null,
        unit: judgement?.unit ?? "",
        n: judgement?.n ?? 0,
      },
      pre: preJson(heal.pre),
      ...(heal.by === null ? {} : { by: heal.by }),
    },
  });
}

function preJson(pre: PreImage | null): { readonly [key: string]: string | number | null } | null {
  return pre === null
    ? null
    : { pm_id: pre.pmId, pid: pre.pid, pm_uptime: pre.startedWallMs, restart_time: pre.restarts, status: pre.status };
}
