import type { Observation, TargetId } from "./observation.ts";
import type { State } from "./state.ts";
import { sayOf, type Turn } from "./turn.ts";

/** A task at fault itself, as healer's record of a queue holds it. */
export interface PoisonTask {
  readonly task: string;
  readonly workers: readonly TargetId[];
  readonly wallMs: number;
}

const KEPT = 20; // of a queue; the log has them all

/** Quarantined in the record: told, kept for `status`, and (by the sensor) counted against nobody any more. */
export function filePoison(turn: Turn, { queue, task, workers }: Extract<Observation, { kind: "poison" }>): void {
  const { state } = turn;
  const known = poisonOf(state, queue).filter((one) => one.task !== task);
  state.poison.set(queue, [...known, { task, workers, wallMs: state.wallMs }].slice(-KEPT));
  const reason =
    `task "${task}" of queue ${queue} failed on ${workers.join(", ")}, each of which did other tasks well right before and right after: ` +
    "the task is at fault, not they, and it counts against nobody any more";
  sayOf(turn, `queue:${queue}`, { level: "warn", event: "poison_task", reason, more: { task, workers } });
}

export function poisonOf({ poison }: State, queue: string): readonly PoisonTask[] {
  return poison.get(queue) ?? [];
}
