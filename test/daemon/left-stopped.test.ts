import { expect, test } from "vitest";
import { leftStopped } from "../../src/daemon/left-stopped.ts";
import { CoreWorld } from "../support/core-world.ts";

const SAYS = "; stopped by healer, until it runs again or you start them: app:0 (pm2 start 0)";

/** A worker that crashes until healer stops it. */
function heldDown(): CoreWorld {
  const world = new CoreWorld({ apps: { app: 1, other: 2 } });
  for (let crash = 0; crash < 3; crash++) {
    world.pm2.crash(world.pm2.row("app:0"));
    world.advance(2_000);
  }
  world.untilPhase("app:0", "held", 60_000);
  return world;
}

test("names a worker that is held down, with the command that starts it", () => {
  expect(leftStopped(heldDown().state)).toBe(SAYS);
});

test("names it while its start is being prepared", () => {
  const world = heldDown();
  world.faults.confirmTakesMs = 60_000;
  world.untilPhase("app:0", "intent", 300_000);
  expect(leftStopped(world.state)).toBe(SAYS);
});

test("does not name it when somebody has started it meanwhile", () => {
  const world = heldDown();
  world.pm2.start(world.pm2.row("app:0"));
  world.advance(4_000);
  expect(leftStopped(world.state)).toBe("");
});

test("names nobody whom an operator has stopped, or who runs", () => {
  const world = new CoreWorld({ apps: { app: 2 } });
  world.pm2.stop(world.pm2.row("app:0"));
  world.advance(4_000);
  expect(leftStopped(world.state)).toBe("");
});

test("names it while the circuit keeps it stopped", () => {
  const world = heldDown();
  for (let trial = 0; trial < 10 && world.control("app:0").phase.name !== "open"; trial++) {
    world.until(() => world.pm2.row("app:0").pid !== null || world.control("app:0").phase.name === "open", 3_600_000);
    for (let crash = 0; crash < 3; crash++) {
      world.pm2.crash(world.pm2.row("app:0"));
      world.advance(2_000);
    }
    world.until(() => ["held", "open"].includes(world.control("app:0").phase.name), 3_600_000);
  }
  expect(world.phase("app:0", "open").heal).not.toBeNull();
  expect(leftStopped(world.state)).toBe(SAYS);
});
