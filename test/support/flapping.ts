import type { CoreWorld } from "./core-world.ts";

/** Healed so many times, each of which helps, and sick again each time, until the circuit opens. */
export function flap(world: CoreWorld, heals: number): void {
  for (let heal = 0; heal < heals; heal++) {
    world.sicken("app:0");
    world.untilPhase("app:0", "verifying");
    world.cure("app:0");
    world.untilPhase("app:0", "healthy");
  }
  world.sicken("app:0");
  world.untilPhase("app:0", "open");
}
