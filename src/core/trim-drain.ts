import type { State } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import type { Member } from "./trim-plan.ts";

/**
 * Tasks that would be lost with it: those the queue says it has in hand. Of a copy outside PM2 a queue knows no name, so
 * that any task in hand may be its own.
 */
export function busyWith(state: State, strategy: Strategy, victim: Member): number {
  if (victim.kind === "row") return state.targets.get(victim.worker.id)?.runningTasks ?? 0;
  return strategy.queues.reduce((sum, name) => sum + (state.queues.get(name)?.running ?? 0), 0);
}
