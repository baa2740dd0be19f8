import type { State } from "./state.ts";
import { clock, inWords } from "./words.ts";

/** "in 2 m 10 s, at 14:02:11Z"; "with the next turn" where the instant has passed. */
export function at(state: Pick<State, "nowMs" | "wallMs">, atMs: number): string {
  const leftMs = atMs - state.nowMs;
  return leftMs <= 0 ? "with the next turn" : `in ${inWords(leftMs)}, at ${clock(state.wallMs + leftMs, state.wallMs)}`;
}
