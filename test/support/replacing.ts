import { CoreWorld, type WorldOptions } from "./core-world.ts";
import type { ScriptedRow } from "./scripted-pm2.ts";

export const REPLACE: WorldOptions = { strategy: { actions: ["replace"] } };

export function replacing(options: WorldOptions = {}): CoreWorld {
  const world = new CoreWorld({ ...REPLACE, ...options });
  world.sicken("app:0");
  world.turn();
  return world;
}

/** Rows of one number, oldest first. */
export function rows(world: CoreWorld, target = "app:0"): ScriptedRow[] {
  return [...world.pm2.rows.values()].filter((row) => `${row.name}:${row.instance}` === target);
}

export function newer(world: CoreWorld): ScriptedRow {
  const [, second] = rows(world);
  if (second === undefined) throw new Error("there is no second one");
  return second;
}

export function steps(world: CoreWorld): string[] {
  return world.executed.map(({ step, row }) => `${step} ${row.pmId}`);
}
