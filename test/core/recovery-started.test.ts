import { describe, expect, test } from "vitest";
import { CoreWorld } from "../support/core-world.ts";

/** Healer died after the start of a row it had stopped, and the worker is down again by the time healer is back. */

function steps(world: CoreWorld): string[] {
  return world.executed.map(({ action, step }) => `${action} ${step}`);
}

/** Held down after a crash loop; healer dies while PM2 does the one start of the trial. */
function diedDuringTheStart(): CoreWorld {
  const world = new CoreWorld();
  for (let count = 0; count < 3; count++) {
    world.advance(2000);
    world.pm2.crash(world.pm2.row("app:0"));
    world.turn();
  }
  world.untilPhase("app:0", "held");
  world.faults.takesMs = 3000;
  world.untilPhase("app:0", "acting");
  world.kill();
  world.advance(5000);
  expect(world.pm2.row("app:0").status).toBe("online");
  return world;
}

describe("a row that was started as intended and is down again", () => {
  test("given up by PM2 meanwhile is not started a second time: the heal did not help", () => {
    const world = diedDuringTheStart();
    world.pm2.giveUp(world.pm2.row("app:0"));
    world.boot();
    world.advance(10_000);
    expect(steps(world).filter((step) => step === "hold-down start")).toHaveLength(1);
    expect(world.lines("heal_verdict").map(({ more }) => more)).toMatchObject([{ verdict: "failed", streak: 1 }]);
  });

  test("stopped by an operator meanwhile stays stopped", () => {
    const world = diedDuringTheStart();
    world.pm2.stop(world.pm2.row("app:0"));
    world.boot();
    world.advance(60_000);
    expect(steps(world)).toEqual(["hold-down stop", "hold-down start"]);
    expect(world.pm2.row("app:0").status).toBe("stopped");
    expect(world.reasons("heal_verdict")).toEqual(["aborted: PM2 says stopped: stopped by somebody else"]);
  });

  test("after a stop-start is judged by what comes of it", () => {
    const world = new CoreWorld({ strategy: { actions: ["stop-start"] } });
    world.sicken("app:0");
    world.faults.takesMs = 6000;
    world.untilPhase("app:0", "acting");
    const pid = world.pm2.row("app:0").pid;
    for (let waitedMs = 0; [null, pid].includes(world.pm2.row("app:0").pid) && waitedMs < 6000; waitedMs += 250) world.advance(250);
    world.kill();
    world.pm2.giveUp(world.pm2.row("app:0"));
    world.boot();
    world.advance(10_000);
    expect(steps(world).filter((step) => step.startsWith("stop-start"))).toEqual(["stop-start all"]);
    expect(world.control("app:0").phase.name).toBe("verifying");
  });
});
