import type { Heal, Phase } from "./control.ts";
import { at } from "./instant-words.ts";
import type { BoundRule } from "./judgement.ts";
import { ONLINE_BEFORE_REMOVAL_MS } from "./replace-plan.ts";
import type { State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { contradictionOf } from "./second-opinion.ts";
import { rulesFor } from "./target.ts";
import { rungOf } from "./tick.ts";
import { verdictFromMs } from "./verifying.ts";
import { inWords, plural } from "./words.ts";

/** Of an action that is being carried out. */
export function sayActingFlip(state: State, strategy: Strategy, phase: Extract<Phase, { name: "acting" }>): string {
  return `ends when PM2 is done, or ${at(state, phase.deadlineMs)} at the latest; then ${afterAction(phase, strategy)}`;
}

function afterAction({ heal, step }: Extract<Phase, { name: "acting" }>, { knobs }: Strategy): string {
  if (step === "stop") return "it stays stopped for a while and is started once";
  if (heal.trim != null) return "whoever else is too many; whether they stay away is watched";
  if ((heal.roll?.waiting.length ?? 0) > 0)
    return `${heal.roll?.waiting[0] ?? "the next"}, ${plural(heal.roll?.waiting.length ?? 0, "worker")} to go`;
  return `it is watched for ${inWords(knobs.gracePeriodMs)}`;
}

/** Of a group heal between two of its workers, a trim between two ends, or a worker and its replacement. */
export function sayRollingFlip(heal: Heal): string {
  if (heal.trim != null) return `goes on until ${heal.trim.keep} are left; then whether they stay away is watched`;
  if (heal.replace?.undo != null) return `ends (${heal.replace.undo.verdict}) when the new one is gone again`;
  if (heal.replace != null && heal.roll === null)
    return `the old one is deleted when the new one has been online for ${inWords(ONLINE_BEFORE_REMOVAL_MS)}, the new one if it does not come up; then it is watched`;
  const waiting = heal.roll?.waiting.length ?? 0;
  const current = heal.roll?.current?.target ?? "the last one";
  const next =
    waiting === 0 ? "then the whole group is watched" : `then ${heal.roll?.waiting[0] ?? "the next"}, ${plural(waiting, "worker")} to go`;
  return `goes on when ${current} has been online for 10 s; ${next}`;
}

/** Of a heal that is watched: when its verdict can come, what it would be now, and what a failed one leads to. */
export function sayVerdictFlip(state: State, target: Target, strategy: Strategy, phase: Extract<Phase, { name: "verifying" }>): string {
  const { heal, sinceMs } = phase;
  const failed = `if it fails: ${afterFailed(target, strategy, heal)}`;
  if (heal.trim != null) return `the verdict comes when they have stayed away for 10 s; ${failed}`;
  const { gracePeriodMs, verify } = strategy.knobs;
  const bound = rulesFor(strategy, target.kind).find(({ key }) => key === heal.rule);
  const earliestMs = verdictFromMs(target, strategy, phase);
  const latestMs = sinceMs + Math.max(verify.timeoutMs, gracePeriodMs);
  const alone = looksNow(target, heal, bound);
  const against = alone === "recovered" ? contradictionOf(state, target, strategy) : null;
  if (heal.action === "hold-down" && bound?.actsInGrace === true) return `recovered when the trial has lived long enough; ${failed}`;
  const looks = against === null ? alone : `${against.of === "target" ? "failed" : "undecided"}, ${against.reason}`;
  if (state.nowMs < earliestMs) return `the verdict comes ${at(state, earliestMs)}, at the earliest; as it looks now: ${looks}; ${failed}`;
  const proof = against !== null ? `this clears: ${against.reason}` : bound === undefined ? "it is online" : `${heal.rule} can tell`;
  const lastMs = against === null ? latestMs : Math.min(latestMs, earliestMs + gracePeriodMs);
  return `the verdict comes as soon as ${proof}, and ${at(state, lastMs)}, at the latest (then: inconclusive); ${failed}`;
}

/** What the rule that fired would say of the heal if its grace ended now. */
function looksNow(target: Target, heal: Heal, bound: BoundRule | undefined): string {
  if (target.rules.some(({ judgement }) => judgement.dead && judgement.state === "sick")) return "failed, it does not live";
  const fired = target.rules.find(({ key }) => key === heal.rule);
  if (fired === undefined || bound === undefined)
    return target.row?.status === "online" || target.kind === "group" ? "recovered" : "undecided";
  const verdict = bound.verdict(fired.memory, target.view);
  return verdict === "undecided" ? `undecided, ${bound.describe(fired.memory, target.view, fired.judgement)}` : verdict;
}

function afterFailed(target: Target, strategy: Strategy, heal: Heal): string {
  const { failedHeals } = target.control;
  const { consecutiveFailuresThreshold: threshold, backoff } = strategy.knobs;
  if (heal.canary) return "the incident waits and tries another worker";
  if (heal.trial || failedHeals + 1 >= threshold) return "the circuit opens and a person is told";
  if (heal.action === "hold-down") return "it is stopped again and waits longer";
  const waitMs = Math.min(backoff.maxMs, backoff.baseMs * 2 ** failedHeals);
  return `${rungOf(strategy, failedHeals + 1)} after a wait of up to ${inWords(waitMs)}`;
}
