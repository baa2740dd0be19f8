import { sayWhyOpen } from "./flapping.ts";
import { sayReplacePhase } from "./replace-words.ts";
import type { State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { workerOf } from "./subject.ts";
import { inWords } from "./words.ts";

/** The phase in words: what it waits for and how long. */
export function sayPhase(state: State, target: Target, strategy: Strategy): string {
  const { phase } = target.control;
  const left = (untilMs: number): string => inWords(untilMs - state.nowMs);
  switch (phase.name) {
    case "healthy":
      return target.row !== null && target.row.pid === null ? `not running, ${target.row.status} in PM2` : "healthy";
    case "suspect":
      return `suspect for ${inWords(state.nowMs - phase.sinceMs)}${phase.trial ? " (trial)" : ""}`;
    case "intent":
      return `heal ${phase.heal.id}: writing the intent`;
    case "acting":
      return `heal ${phase.heal.id}: ${phase.step === "all" ? phase.heal.action : phase.step} under way`;
    case "rolling":
      if (phase.heal.trim != null) return `heal ${phase.heal.id}: trimming, ${phase.heal.trim.done.length} ended`;
      if (phase.heal.replace != null) return sayReplacePhase(state, workerOf(state, target, phase.heal), phase.heal);
      return `heal ${phase.heal.id}: ${phase.heal.roll?.done.length ?? 0} done, ${phase.heal.roll?.waiting.length ?? 0} to go`;
    case "held":
      return `stopped after a crash loop; started once in ${left(phase.resumeAtMs)}`;
    case "verifying": {
      if (phase.heal.trim != null) return `heal ${phase.heal.id}: trimmed; watching whether they stay away`;
      const earliestMs = phase.sinceMs + strategy.knobs.gracePeriodMs;
      const when = earliestMs > state.nowMs ? `verdict in ${left(earliestMs)} at the earliest` : "verdict as soon as there is proof";
      return `heal ${phase.heal.id}: watching whether ${phase.heal.trial ? "the trial" : "it"} helped, ${when}`;
    }
    case "settling":
      return `restarted by somebody else ${inWords(state.nowMs - phase.sinceMs)} ago, in its grace period`;
    case "backoff":
      return `the last heal did not help; next attempt in ${left(phase.untilMs)}`;
    case "open":
      return `circuit open (${sayWhyOpen(phase.why)})${phase.heal === null ? "" : ", stopped"}; one trial in ${left(phase.untilMs)}`;
    default:
      phase satisfies never;
      return "";
  }
}
