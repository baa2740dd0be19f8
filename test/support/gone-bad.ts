import type { Group } from "../../src/core/state.ts";
import { CoreWorld, type WorldOptions } from "./core-world.ts";

/** A world in which these workers went bad together, one turn ago. */
export function goneBad(options: WorldOptions, ...sick: readonly string[]): CoreWorld {
  const world = new CoreWorld(options);
  world.sicken(...sick);
  world.advance(2000);
  return world;
}

/** Whom healer has acted on, in order. */
export function healed(world: CoreWorld): string[] {
  return world.executed.map(({ target }) => target);
}

export function groupOf(world: CoreWorld, name = "app"): Group | undefined {
  return world.state.groups.get(name);
}
