import type { State } from "./state.ts";
import type { Policy } from "./strategy.ts";

/**
 * The token bucket all heals draw from: at most `tokens` at once, then one every `refill`. Its level is journaled with
 * every intent, and a restart of the daemon adds at most one token, so a healer that crashes in a loop mints none.
 */
export function refillTokens(state: State): void {
  const { tokens, refillMs } = state.policy.budget;
  const { globals, nowMs } = state;
  const earned = Math.floor((nowMs - globals.refilledAtMs) / refillMs);
  if (globals.tokens >= tokens || earned <= 0) {
    if (globals.tokens >= tokens) globals.refilledAtMs = nowMs;
    globals.tokens = Math.min(tokens, globals.tokens);
    return;
  }
  globals.tokens = Math.min(tokens, globals.tokens + earned);
  globals.refilledAtMs += earned * refillMs;
}

export function takeToken(state: State): void {
  state.globals.tokens = Math.max(0, state.globals.tokens - 1);
}

/** An aborted heal gives its token back: nothing was done with it. */
export function returnToken(state: State): void {
  state.globals.tokens = Math.min(state.policy.budget.tokens, state.globals.tokens + 1);
}

export function nextTokenAtMs(state: State): number {
  return state.globals.refilledAtMs + state.policy.budget.refillMs;
}

/** The most that a bucket gives within an hour. */
export function healsPerHour({ budget: { tokens, refillMs } }: Policy): number {
  return Math.floor(tokens + 3_600_000 / refillMs);
}
