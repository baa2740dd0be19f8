import { LONG_AGO_MS } from "./control.ts";
import type { State } from "./state.ts";
import type { Policy, Strategy } from "./strategy.ts";

/** What is known of a strategy over edits and restarts: since when it is what it is, and since when it may heal. */
export interface Standing {
  readonly fingerprint: string;
  /** `shadow_for` counts from here. */
  readonly changedAtMs: number;
  readonly selects: string;
  /** Whom it has not selected before has a grace period from here. */
  readonly selectsSinceMs: number;
  readonly acts: Acts;
  /** Nobody is healed within a grace period of this, not even who is in a crash loop. */
  readonly healsSinceMs: number;
  /** Keys of rules that only observe. */
  readonly observed: readonly string[];
}

export type Acts = "observe" | "shadow" | "heal";

/** A strategy whose standing has just changed. */
export interface Review {
  readonly strategy: Strategy;
  readonly before: Standing | null;
  readonly after: Standing;
}

/**
 * Compares the strategies in force with what is known of them; asked each turn, because a shadow ends by itself. Answers
 * with those that changed. The map is replaced as a whole, so that whoever saves the state sees that there is news.
 */
export function reviewStrategies(state: State): readonly Review[] {
  const { strategies } = state.policy;
  const reviews = strategies.flatMap((strategy): Review[] => {
    const before = state.standings.get(strategy.name) ?? null;
    const after = standingOf(strategy, before, state.nowMs);
    return after === before ? [] : [{ strategy, before, after }];
  });
  if (reviews.length === 0 && state.standings.size === strategies.length) return reviews;
  const changed = new Map(reviews.map(({ strategy, after }) => [strategy.name, after]));
  state.standings = new Map(strategies.map(({ name }) => [name, known(changed.get(name) ?? state.standings.get(name))]));
  return reviews;
}

function known(standing: Standing | undefined): Standing {
  if (standing === undefined) throw new Error("a strategy was not reviewed");
  return standing;
}

function standingOf(strategy: Strategy, before: Standing | null, nowMs: number): Standing {
  const isChanged = before === null || before.fingerprint !== strategy.fingerprint;
  const changedAtMs = isChanged ? nowMs : before.changedAtMs;
  const acts = actsNow(strategy, changedAtMs, nowMs);
  if (!isChanged && acts === before.acts) return before;
  const selects = JSON.stringify(strategy.selector);
  return {
    fingerprint: strategy.fingerprint,
    changedAtMs,
    selects,
    selectsSinceMs: before === null || before.selects !== selects ? nowMs : before.selectsSinceMs,
    acts,
    healsSinceMs: acts === "heal" && mayHealMore(strategy, before) ? nowMs : (before?.healsSinceMs ?? LONG_AGO_MS),
    observed: observedBy(strategy),
  };
}

function actsNow({ mode, knobs }: Strategy, changedAtMs: number, nowMs: number): Acts {
  if (mode === "observe") return "observe";
  return nowMs < changedAtMs + knobs.shadowForMs ? "shadow" : "heal";
}

/** It did not heal until now, or not for a rule that has only observed. */
function mayHealMore({ rules }: Strategy, before: Standing | null): boolean {
  if (before === null || before.acts !== "heal") return true;
  return rules.some(({ key, observeOnly }) => !observeOnly && before.observed.includes(key));
}

function observedBy({ rules }: Strategy): readonly string[] {
  return rules.filter(({ observeOnly }) => observeOnly).map(({ key }) => key);
}

/** As after a long time under this policy: for a state that an older version saved, which knew nothing of all this. */
export function settledStandings({ strategies }: Policy): ReadonlyMap<string, Standing> {
  return new Map(
    strategies.map((strategy) => [
      strategy.name,
      { ...standingOf(strategy, null, LONG_AGO_MS), acts: strategy.mode, observed: observedBy(strategy) },
    ]),
  );
}

export function shadowUntilMs(state: State, strategy: Strategy): number | null {
  const standing = state.standings.get(strategy.name);
  return standing?.acts === "shadow" ? standing.changedAtMs + strategy.knobs.shadowForMs : null;
}

/** As a time of day, ISO 8601. */
export function shadowUntil(state: State, strategy: Strategy): string | null {
  const untilMs = shadowUntilMs(state, strategy);
  return untilMs === null ? null : new Date(state.wallMs + (untilMs - state.nowMs)).toISOString();
}

/** What its mode comes to at present. */
export function actsOf(state: State, strategy: Strategy): Acts {
  return shadowUntilMs(state, strategy) === null ? strategy.mode : "shadow";
}
