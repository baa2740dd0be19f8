import type { State } from "../core/state.ts";
import type { WatchedWorker } from "../sensors/sensor.ts";

/** The workers sensors look at: every selected one PM2 lists. */
export function watchedWorkers(state: State): readonly WatchedWorker[] {
  const workers: WatchedWorker[] = [];
  for (const target of state.targets.values()) {
    if (target.kind === "worker" && target.row !== null) {
      workers.push({ id: target.id, group: target.group, strategy: target.strategy, row: target.row });
    }
  }
  return workers;
}
