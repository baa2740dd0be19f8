import { describe, expect, test } from "vitest";
import { CoreWorld } from "../support/core-world.ts";
import { crowd, gone } from "../support/crowd.ts";

/** Two rows under one number: `app:0` and `app:0~1`, in order of pm_id. When the first goes, the second moves up. */

const MINUTE = 60_000;

function doubled(rows = 2): CoreWorld {
  const world = new CoreWorld({ apps: { app: 1 } });
  for (let row = 1; row < rows; row++) world.pm2.add("app", { instance: "0" });
  world.advance(10 * MINUTE);
  return world;
}

function secondHeldDown() {
  const world = doubled();
  const second = world.pm2.rows.get(1)!;
  for (let crash = 0; crash < 3; crash++) {
    world.pm2.crash(second);
    world.advance(2000);
  }
  expect(world.control("app:0~1").phase.name).toBe("held");
  return { world, second };
}

describe("a row that moves up to the number of one that has gone", () => {
  test("after a trim was restarted by nobody: the log says who is called what, and nobody settles", () => {
    const world = crowd({}, { apps: { app: 1 } });
    world.advance(10 * MINUTE);
    world.pm2.add("app", { instance: "0" });
    world.until(() => world.lines("heal_verdict").length > 0, 5 * MINUTE);
    expect(gone(world)).toEqual(["pm_id 0"]);
    expect(world.lines("external_restart")).toEqual([]);
    expect(world.reasons("target_new").at(-1)).toBe(
      "pm_id 1, until now app:0~1, is called app:0 from now on: pm_id 0 is trimmed by healer",
    );
    expect(world.lines("target_gone").map(({ target, reason }) => `${target}: ${reason}`)).toEqual(["app:0~1: called app:0 from now on"]);
    expect(world.control("app:0").phase.name).toBe("healthy");
  });

  test("after somebody deleted the first, was restarted by nobody either, each of three under its new id", () => {
    const world = doubled(3);
    world.pm2.delete(world.pm2.row("app:0"));
    world.advance(4000);
    expect(world.lines("external_restart")).toEqual([]);
    expect(world.reasons("target_new").slice(-2)).toEqual([
      "pm_id 1, until now app:0~1, is called app:0 from now on: pm_id 0 is gone from PM2's list",
      "pm_id 2, until now app:0~2, is called app:0~1 from now on: pm_id 1 is called app:0 from now on",
    ]);
    expect(world.lines("target_gone").map(({ target }) => target)).toEqual(["app:0~2"]);
    expect(world.state.targets.get("app:0")?.row?.pmId).toBe(1);
  });

  test("keeps its own grace period, and is judged by nothing that was seen of the other", () => {
    const world = doubled();
    world.pm2.delete(world.pm2.row("app:0"));
    world.turn();
    const { epoch, view } = world.target("app:0");
    expect(epoch.atMs).toBe(world.nowMs);
    expect(world.nowMs - (view.readyAtMs ?? world.nowMs)).toBeGreaterThanOrEqual(10 * MINUTE);
  });

  test("and that healer had stopped is started by healer under its new number", () => {
    const { world, second } = secondHeldDown();
    world.pm2.delete(world.pm2.rows.get(0)!);
    world.turn();
    expect(world.control("app:0").phase.name).toBe("held");
    world.until(() => second.pid !== null, 30 * MINUTE);
  });

  test("ends a heal that was of the other", () => {
    const world = doubled();
    world.sicken("app:0");
    world.untilPhase("app:0", "verifying");
    world.pm2.delete(world.pm2.row("app:0"));
    world.advance(2000);
    expect(world.reasons("heal_verdict")).toEqual(["aborted: pm_id 0 is gone from PM2's list"]);
  });
});

describe("a row that moved up while healer was away", () => {
  /** `whileAway` happens to rows 0 and 1 of `app:0` while no healer runs. */
  function awayFor(world: CoreWorld, whileAway: () => void): void {
    world.save();
    world.kill();
    world.pm2.delete(world.pm2.rows.get(0)!);
    whileAway();
    world.advance(MINUTE);
    world.boot();
    world.turn();
  }

  test("was restarted by nobody either, and is as old as it is, whatever the clock says", () => {
    const world = doubled();
    awayFor(world, () => (world.wallAheadMs -= 60 * MINUTE));
    expect(world.lines("external_restart")).toEqual([]);
    expect(world.reasons("target_new").at(-1)).toBe(
      "pm_id 1, until now app:0~1, is called app:0 from now on: pm_id 0 is gone from PM2's list",
    );
    expect(world.nowMs - (world.target("app:0").view.readyAtMs ?? world.nowMs)).toBeGreaterThanOrEqual(10 * MINUTE);
  });

  test("and that healer had stopped is started by healer under its new number", () => {
    const { world, second } = secondHeldDown();
    awayFor(world, () => {});
    expect(world.control("app:0").phase.name).toBe("held");
    world.until(() => second.pid !== null, 30 * MINUTE);
  });

  test("and was restarted as well begins a grace period", () => {
    const world = doubled();
    awayFor(world, () => world.pm2.restart(world.pm2.rows.get(1)!));
    expect(world.nowMs - (world.target("app:0").view.readyAtMs ?? 0)).toBeLessThanOrEqual(MINUTE + 2000);
  });
});

test("a worker that was deleted and started anew is another row of the same number, started by somebody", () => {
  const world = new CoreWorld({ apps: { app: 1 } });
  world.advance(10 * MINUTE);
  world.pm2.delete(world.pm2.row("app:0"));
  world.pm2.add("app", { instance: "0" });
  world.advance(4000);
  expect(world.lines("external_restart")).toHaveLength(1);
});
