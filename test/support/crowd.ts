import type { Knobs } from "../../src/core/strategy.ts";
import { bindRealRules } from "./core-real-rules.ts";
import { CoreWorld, type WorldOptions } from "./core-world.ts";

/** A world whose app may have one worker, judged by the rules that count workers and their crashes. */
export function crowd(knobs: Partial<Knobs>, options: WorldOptions = {}): CoreWorld {
  const all = { maxWorkers: 1, ...knobs };
  const rules = bindRealRules(all).filter(({ name }) => name === "duplicate-workers" || name === "restart-storm");
  return new CoreWorld({ rules, knobs: all, ...options });
}

/** pm_ids of rows removed and pids of copies ended, in order. */
export function gone(world: CoreWorld): string[] {
  const trims = world.executed.filter(({ action, step }) => action === "trim" || step === "start");
  return trims.flatMap(({ ends, row }) => (ends.length > 0 ? ends.map(({ pid }) => `pid ${pid}`) : [`pm_id ${row.pmId}`]));
}
