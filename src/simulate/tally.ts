import type { Effect } from "../core/effect.ts";
import type { Observation } from "../core/observation.ts";

/** How much went on in a world. */
export class Tally {
  turns = 0;
  events = 0;
  deaths = 0;
  heals = 0;
  executions = 0;
  tasks = 0;

  step(effects: readonly Effect[]): void {
    this.events++;
    for (const effect of effects) {
      if (effect.type === "execute") this.executions++;
      if (effect.type === "journal" && effect.record.kind === "intent") this.heals++;
    }
  }

  turn(observations: readonly Observation[]): void {
    this.turns++;
    for (const observation of observations) if (observation.kind === "tasks") this.tasks += observation.ok + observation.failed;
  }
}
