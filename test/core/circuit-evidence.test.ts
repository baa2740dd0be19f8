import { describe, expect, test } from "vitest";
import { CoreWorld } from "../support/core-world.ts";

/** Row 20 asks for a symptom that has gone. One that has not been looked for yet has not gone. */

const GRACE = 180_000;

function crash(world: CoreWorld, times: number): void {
  for (let count = 0; count < times; count++) {
    world.advance(2000);
    world.pm2.crash(world.pm2.row("app:0"));
    world.turn();
  }
}

/** The circuit is open, its trial has crashed, and healer dies before it can stop the worker again. */
function diedBeforeTheStop(): CoreWorld {
  const world = new CoreWorld();
  crash(world, 3);
  for (let trial = 0; trial < 4; trial++) {
    world.untilPhase("app:0", "verifying");
    if (trial === 3) world.faults.confirmTakesMs = 1000;
    crash(world, 1);
  }
  expect(world.phase("app:0", "intent").heal.trial).toBe(true);
  world.kill();
  world.faults.confirmTakesMs = 0;
  world.boot();
  world.advance(15_000);
  return world;
}

describe("healer died with the trial of an open circuit crashing", () => {
  test("the circuit stays open and the streak stands, although no crash has been seen since", () => {
    const world = diedBeforeTheStop();
    expect(world.control("app:0")).toMatchObject({ phase: { name: "open" }, failedHeals: 3 });
    expect(world.lines("circuit_closed")).toEqual([]);
  });

  test("and it is stopped again as a trial when it goes on crashing", () => {
    const world = diedBeforeTheStop();
    crash(world, 3);
    expect(world.phase("app:0", "open").heal).toMatchObject({ action: "hold-down", trial: true });
    expect(world.pm2.row("app:0").status).toBe("stopped");
    expect(world.control("app:0").failedHeals).toBe(3);
  });

  test("and it closes after a grace period without a crash", () => {
    const world = diedBeforeTheStop();
    world.advance(GRACE);
    expect(world.control("app:0")).toMatchObject({ phase: { name: "healthy" }, failedHeals: 0 });
    expect(world.lines("circuit_closed")).toMatchObject([{ more: { how: "self_recovered" } }]);
  });
});

/** healer is back, and nobody holds it back any more. */
function leavesAlone(world: CoreWorld): void {
  world.boot();
  world.command({ name: "resume", target: "app:0" });
  world.advance(GRACE * 2);
  expect(world.control("app:0").phase.name).toBe("healthy");
  expect(world.executed).toEqual([]);
}

test("a worker whose stop was put off, and whom its operator has stopped while healer was away, is the operator's", () => {
  const world = new CoreWorld();
  world.turn();
  world.command({ name: "pause", target: "app:0", forMs: null, reason: "a person looks" });
  const contain = { rule: "storm", reason: "the last heal did not help" };
  const suspect = { name: "suspect", sinceMs: world.nowMs, trial: false, contain } as const;
  world.target("app:0").control = { ...world.control("app:0"), phase: suspect };
  world.turn();
  expect(world.control("app:0").phase, "held back by the pause").toEqual(suspect);
  world.save();
  world.kill();
  world.pm2.stop(world.pm2.row("app:0"));
  leavesAlone(world);
});

test("so is one that healer's failed start left down, and that was started and stopped while healer could not remember anything", () => {
  const world = new CoreWorld();
  world.turn();
  world.command({ name: "pause", target: "app:0", forMs: null, reason: "a person looks" });
  world.pm2.giveUp(world.pm2.row("app:0"));
  world.advance(2000);
  const contain = { rule: "storm", reason: "the last heal did not help", createdWallMs: world.pm2.row("app:0").createdWallMs };
  world.target("app:0").control = { ...world.control("app:0"), phase: { name: "suspect", sinceMs: world.nowMs, trial: false, contain } };
  world.save();
  world.kill();
  world.advance(1000);
  world.pm2.restart(world.pm2.row("app:0"));
  world.pm2.stop(world.pm2.row("app:0"));
  leavesAlone(world);
});
