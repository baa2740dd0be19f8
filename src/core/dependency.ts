import type { Candidate } from "./guards.ts";
import { restartsNobody } from "./control.ts";
import type { Observation } from "./observation.ts";
import type { State } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { forgetTasks } from "./target.ts";
import { sayOf, type Turn } from "./turn.ts";
import { inWords } from "./words.ts";

/** What the probe of something upstream has answered lately, of one strategy. */
export interface DependencyFacts {
  /** The newest answers, oldest first. */
  readonly answers: readonly boolean[];
  readonly atMs: number;
  /** Of the newest answer: "HTTP 503", "connection refused". */
  readonly detail: string;
  /** Since when too many of its answers are bad; null = they are not. */
  readonly failingSinceMs: number | null;
  /** When it last stopped failing; null = never. */
  readonly backAtMs: number | null;
}

const BAD = 3;
const OF = 5; // one lost answer is no outage, and three of them at the usual rhythm are half a minute
const STALE_MS = 900_000; // three times the slowest rhythm: what was seen before that says nothing of now

type Answer = Extract<Observation, { kind: "dependency" }>;

/** Files one answer of a strategy's `dependency_probe`, and writes down when the dependency fails and when it is back. */
export function fileDependency(turn: Turn, answer: Answer): void {
  const { state } = turn;
  const strategy = state.policy.strategies.find(({ name }) => name === answer.strategy);
  if (strategy?.dependency === undefined) return; // an edit took the probe away meanwhile
  const before = state.dependencies.get(answer.strategy);
  const answers = [...(before?.answers ?? []), answer.ok].slice(-OF);
  const isFailing = badOnes(answers) >= BAD;
  const wasFailing = before !== undefined && before.failingSinceMs !== null;
  const isBack = wasFailing && !isFailing;
  state.dependencies.set(answer.strategy, {
    answers,
    atMs: answer.atMs,
    detail: answer.detail,
    failingSinceMs: isFailing ? (before?.failingSinceMs ?? answer.atMs) : null,
    backAtMs: isBack ? state.nowMs : (before?.backAtMs ?? null),
  });
  if (isFailing && !wasFailing) sayFailing(turn, strategy);
  if (isBack) comeBack(turn, strategy, state.nowMs - (before.failingSinceMs ?? state.nowMs));
}

/** A probe that cannot run tells nothing: what it said before holds nobody back. */
export function loseDependency(state: State, strategy: string): void {
  state.dependencies.delete(strategy);
}

function badOnes(answers: readonly boolean[]): number {
  return answers.filter((ok) => !ok).length;
}

function sayFailing(turn: Turn, strategy: Strategy): void {
  const reason = `${dependencyTrouble(turn.state, strategy) ?? "it fails"}; until it answers again no worker of strategy "${strategy.name}" is restarted, as that would cure nothing`;
  sayOf(turn, `dependency:${strategy.name}`, { level: "warn", event: "dependency_failing", reason });
}

/** Tasks that failed while what they need was away say nothing against the workers: their evidence begins anew. */
function comeBack(turn: Turn, strategy: Strategy, failedMs: number): void {
  const { state } = turn;
  for (const target of state.targets.values()) if (target.strategy === strategy.name) forgetTasks(state, target, strategy);
  const reason = `${strategy.dependency ?? "the dependency"} answers again after ${inWords(failedMs)}; its workers get ${inWords(strategy.knobs.incident.quietMs)} to recover by themselves, and what failed meanwhile is not held against them`;
  const more = { failed_ms: Math.round(failedMs) };
  sayOf(turn, `dependency:${strategy.name}`, { level: "info", event: "dependency_back", reason, more });
}

/** What is wrong with the dependency of a strategy now, as part of a sentence; null = nothing that is known. */
export function dependencyTrouble(state: State, strategy: Strategy): string | null {
  const facts = factsNow(state, strategy);
  if (facts === null || facts.failingSinceMs === null) return null;
  const counted = `${badOnes(facts.answers)} of the last ${facts.answers.length} probes failed`;
  return `the dependency ${strategy.dependency ?? ""} fails (${counted}, last: ${facts.detail})`;
}

function factsNow(state: State, strategy: Strategy): DependencyFacts | null {
  const facts = strategy.dependency === undefined ? undefined : state.dependencies.get(strategy.name);
  return facts === undefined || state.nowMs - facts.atMs > STALE_MS ? null : facts;
}

/**
 * The guard `dependency`: while what all workers of the strategy need does not answer, restarting them cures nothing, and
 * right after it is back most of them recover by themselves. A stop that contains a crash loop and a trim go ahead.
 */
export function askDependency(
  state: State,
  { strategy, holdsDown, action }: Candidate,
): { reason: string; untilMs: number | null; flip: string } | null {
  if (holdsDown || restartsNobody(action)) return null;
  const trouble = dependencyTrouble(state, strategy);
  if (trouble !== null)
    return { reason: `${trouble}; restarting its workers would cure nothing`, untilMs: null, flip: "the dependency answers again" };
  const backAtMs = factsNow(state, strategy)?.backAtMs ?? null;
  if (backAtMs === null) return null;
  const untilMs = backAtMs + strategy.knobs.incident.quietMs;
  if (state.nowMs >= untilMs) return null;
  const since = inWords(state.nowMs - backAtMs);
  return {
    reason: `the dependency ${strategy.dependency ?? ""} answers again since ${since}; its workers have ${inWords(untilMs - state.nowMs)} left to recover by themselves`,
    untilMs,
    flip: "that time is over and it is still bad",
  };
}

/** Facts of probes an edit has taken away or pointed elsewhere. */
export function forgetOldDependencies(state: State, before: readonly Strategy[]): void {
  for (const name of state.dependencies.keys()) {
    const urlOf = (strategies: readonly Strategy[]): string | undefined =>
      strategies.find((strategy) => strategy.name === name)?.dependency;
    const now = urlOf(state.policy.strategies);
    if (now === undefined || now !== urlOf(before)) state.dependencies.delete(name);
  }
}
