import type { Answer } from "./guards.ts";
import { firingRule } from "./judge.ts";
import { beginAnew } from "./pauses.ts";
import { shadowUntilMs, type Review } from "./standing.ts";
import type { State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { startEpoch, withControl } from "./target.ts";
import { sayOf, sayOfStrategy, type Line, type Turn } from "./turn.ts";
import { inWords, plural, stamp } from "./words.ts";

const NAMED_MAX = 10;

/**
 * Healing has become possible where it was not: the first start, an edit of the mode, the end of a shadow. Nothing happens
 * at once: what was seen before is no evidence, and everybody has one grace period first. Told once, with who is suspect.
 */
export function tellReviews(turn: Turn, reviews: readonly Review[]): void {
  for (const review of reviews) if (review.after.acts === "shadow") sayShadow(turn, review);
  const begun = reviews.filter(({ after }) => after.acts === "heal" && after.healsSinceMs === turn.state.nowMs);
  const [first] = begun;
  if (first === undefined) return;
  const names = new Set(begun.map(({ strategy }) => strategy.name));
  const targets = [...turn.state.targets.values()].filter(({ strategy }) => names.has(strategy));
  const line = begunLine(begun, targets, turn.state);
  if (begun.length === 1) sayOfStrategy(turn, first.strategy.name, line);
  else sayOf(turn, "healer", line);
  for (const target of targets) beginAnew(turn, target);
}

function begunLine(begun: readonly Review[], targets: readonly Target[], { wallMs }: State): Line {
  const [first] = begun;
  const workers = targets.filter(({ kind }) => kind === "worker").length;
  const suspects = targets.filter(isSuspect).map(({ id }) => id);
  const wasShadow = begun.every(({ before }) => before?.acts === "shadow") ? "the shadow is over: " : "";
  const names = begun.map(({ strategy }) => strategy.name);
  const who = names.length === 1 ? `strategy ${names[0]} heals` : `the strategies ${listed(names)} heal`;
  const graces = [...new Set(begun.map(({ strategy }) => strategy.knobs.gracePeriodMs))];
  const grace = graces.length === 1 ? `a grace period of ${inWords(graces[0] ?? 0)}` : "their grace period";
  const suspect = suspects.length === 0 ? "nobody is suspect right now" : `suspect right now: ${listed(suspects)}`;
  return {
    level: suspects.length === 0 ? "info" : "warn",
    event: "mode_changed",
    reason: `${wasShadow}${who} from ${stamp(wallMs)} on; ${plural(workers, "worker")} ${workers === 1 ? "has" : "have"} ${grace} and fresh evidence first; ${suspect}`,
    more: { from: first?.before?.acts ?? null, to: "heal", workers, suspects: suspects.slice(0, NAMED_MAX) },
  };
}

function isSuspect(target: Target): boolean {
  return firingRule(target) !== null || target.rules.some(({ symptomAtMs }) => symptomAtMs !== null);
}

function listed(names: readonly string[]): string {
  const more = names.length - NAMED_MAX;
  return `${names.slice(0, NAMED_MAX).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function sayShadow(turn: Turn, { strategy, before, after }: Review): void {
  const { state } = turn;
  const untilMs = after.changedAtMs + strategy.knobs.shadowForMs;
  const what = before === null ? "new" : "changed";
  sayOfStrategy(turn, strategy.name, {
    level: "info",
    event: "mode_changed",
    reason: `strategy ${strategy.name} is ${what}: it decides and records for ${inWords(untilMs - state.nowMs)} and does nothing, until ${wallOf(state, untilMs)}`,
    more: { from: before?.acts ?? null, to: "shadow" },
  });
}

function wallOf(state: State, atMs: number): string {
  return stamp(state.wallMs + (atMs - state.nowMs));
}

/** A worker that a strategy which heals meets for the first time: left alone for a grace period, whatever its age. */
export function leaveAloneAtFirst(state: State, target: Target, strategy: Strategy): void {
  const standing = state.standings.get(strategy.name);
  if (standing === undefined || standing.acts !== "heal") return;
  const fromMs = Math.max(standing.selectsSinceMs, standing.healsSinceMs);
  if (target.control.calmFromMs < fromMs) withControl(target, { calmFromMs: fromMs });
  if (target.epoch.atMs < standing.healsSinceMs) startEpoch(state, target, strategy, "other");
}

/** Also for what else acts within a grace period: crash loops, and workers too many. */
export function askFirstGrace(state: State, strategy: Strategy): Answer {
  const { gracePeriodMs } = strategy.knobs;
  const sinceMs = state.standings.get(strategy.name)?.healsSinceMs ?? state.nowMs;
  const untilMs = sinceMs + gracePeriodMs;
  if (state.nowMs >= untilMs) return null;
  return {
    reason: `strategy ${strategy.name} heals since ${inWords(state.nowMs - sinceMs)}: everybody has a grace period of ${inWords(gracePeriodMs)} first, ${inWords(untilMs - state.nowMs)} left`,
    untilMs,
    flip: "the grace period ends",
  };
}

/** A strategy that is new or changed decides and records for a while, as in mode observe. */
export function askShadow(state: State, { strategy }: { readonly strategy: Strategy }): Answer {
  const untilMs = shadowUntilMs(state, strategy);
  if (untilMs === null) return null;
  return {
    reason: `shadow until ${wallOf(state, untilMs)}, for ${inWords(untilMs - state.nowMs)} more: strategy ${strategy.name} is new or changed; decided and recorded, not done`,
    untilMs,
    flip: "the shadow is over",
  };
}
