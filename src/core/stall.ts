import { forgetQueueAges } from "./queue-facts.ts";
import { forgetOldProcess, withControl } from "./target.ts";
import { sayOf, strategyOf, type Turn } from "./turn.ts";
import { inWords } from "./words.ts";

/**
 * The machine slept or healer itself was stopped for a while: nobody's silence in that time means anything. Liveness
 * starts anew, and everybody gets one grace period before something new may be acted on (row 25).
 */
export function voidSilences(turn: Turn, stalledMs: number): void {
  const { state } = turn;
  for (const target of state.targets.values()) {
    forgetOldProcess(state, target, strategyOf(state, target));
    withControl(target, { calmFromMs: state.nowMs });
  }
  forgetQueueAges(state);
  sayOf(turn, "healer", {
    level: "warn",
    event: "alert",
    reason: `no turn for ${inWords(stalledMs)} (the machine slept, or healer was stopped): what was silent meanwhile is not held against anybody`,
    more: { stalled_ms: Math.round(stalledMs) },
  });
}
