import type { Observation } from "../core/observation.ts";
import type { TaskCount } from "./status.ts";

const APPS_MAX = 1_000;
const OTHER = "other";

/** Tasks that finished since the daemon started, by group: unlike those of a window they never become fewer. */
export class TaskCounts {
  readonly #counts = new Map<string, TaskCount>();

  /** `groupOf` a target; null = nobody knows it any more, and nothing counts it. */
  add(observations: readonly Observation[], groupOf: (target: string) => string | null): void {
    for (const observation of observations) {
      const group = observation.kind === "tasks" ? groupOf(observation.target) : null;
      if (observation.kind === "tasks" && group !== null) this.#add(group, observation);
    }
  }

  all(): readonly TaskCount[] {
    return [...this.#counts.values()];
  }

  #add(group: string, { ok, failed }: { readonly ok: number; readonly failed: number }): void {
    const app = this.#counts.has(group) || this.#counts.size < APPS_MAX ? group : OTHER;
    const before = this.#counts.get(app) ?? { app, ok: 0, failed: 0 };
    this.#counts.set(app, { app, ok: before.ok + ok, failed: before.failed + failed });
  }
}
