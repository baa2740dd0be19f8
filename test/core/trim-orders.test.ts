import { describe, expect, test } from "vitest";
import type { Knobs } from "../../src/core/strategy.ts";
import type { CoreWorld } from "../support/core-world.ts";
import { crowd, gone } from "../support/crowd.ts";

/** Trims by hand, trims cut short, and a trim that is part of a heal (interface.md §3). */

const MINUTE = 60_000;

describe("a healer that dies in the middle of a trim", () => {
  test("ends nobody a second time, and counts anew", () => {
    for (let boundary = 0; boundary < 8; boundary++) {
      const world = crowd({ trimOutside: "orphans" }, { apps: { app: 2 } });
      world.addCopy("app");
      world.advance(MINUTE - 6_000);
      world.faults.diesAfter = boundary;
      world.until(() => world.daemon === null || world.executed.length > 1, 3 * MINUTE);
      world.faults.diesAfter = null;
      if (world.daemon === null) world.boot();
      world.advance(10 * MINUTE);
      const ended = gone(world);
      expect(new Set(ended).size, `boundary ${boundary}: ${ended.join(", ")}`).toBe(ended.length);
      expect([...world.pm2.rows.keys()], `boundary ${boundary}`).toEqual([1]);
      expect(world.copies, `boundary ${boundary}`).toEqual([]);
    }
  });
});

describe("an orphan in the way of a row that PM2 gave up", () => {
  function blocked(trimOutside: Knobs["trimOutside"]): CoreWorld {
    const world = crowd({ trimOutside });
    world.advance(5 * MINUTE);
    world.addCopy("app", { instance: "0" });
    world.pm2.giveUp(world.pm2.row("app:0"));
    return world;
  }

  test("is one heal: the orphan is ended, the row started, and the verdict is on the row", () => {
    const world = blocked("orphans");
    world.untilPhase("app:0", "verifying", MINUTE);
    expect(world.executed.map(({ action, step, ends }) => [action, step, ends.map(({ pid }) => pid)])).toEqual([
      ["hold-down", "stop", []],
      ["hold-down", "start", [5001]],
    ]);
    expect(world.reasons("trim")[0]).toMatch(/^orphan pid 5001 is ended: it is in the way of app:0, which is down\. To bring it back: cd/);
    world.untilPhase("app:0", "healthy", 10 * MINUTE);
    expect(world.notes("outcome")).toMatchObject([{ verdict: "recovered" }]);
    expect(world.nowMs - world.executed[1]!.atMs).toBeLessThan(2 * MINUTE);
    expect(world.executed).toHaveLength(2);
  });

  test("is left alone where the mode has become observe meanwhile; the row is started all the same", () => {
    const world = blocked("none");
    world.untilPhase("app:0", "held", MINUTE);
    const strategies = world.policy.strategies.map((strategy) => ({
      ...strategy,
      mode: "observe" as const,
      knobs: { ...strategy.knobs, trimOutside: "orphans" as const },
    }));
    world.setPolicy({ ...world.policy, strategies });
    world.advance(MINUTE);
    expect(world.executed.map(({ step, ends }) => [step, ends.length])).toEqual([
      ["stop", 0],
      ["start", 0],
    ]);
  });

  test("is left alone where trim_outside does not name it", () => {
    const world = blocked("none");
    world.advance(MINUTE);
    expect(world.executed.flatMap(({ ends }) => ends)).toEqual([]);
  });

  test("of another instance is not in its way", () => {
    const world = crowd({ trimOutside: "orphans", maxWorkers: 5 }, { apps: { app: 2 } });
    world.advance(5 * MINUTE);
    world.addCopy("app", { instance: "1" });
    world.pm2.giveUp(world.pm2.row("app:0"));
    world.advance(2 * MINUTE);
    expect(world.executed.flatMap(({ ends }) => ends)).toEqual([]);
  });
});

describe("a trim by hand", () => {
  const order = (world: CoreWorld, change: object = {}) =>
    world.command({ name: "trim", target: "app", keep: 1, outside: null, dryRun: false, force: [], ...change } as never);

  test("prints the same list dry and real, and waits for nothing", () => {
    const world = crowd({ maxWorkers: null, trimOutside: "orphans" }, { apps: { app: 2 } });
    world.addCopy("app");
    world.turn();
    const dry = order(world, { dryRun: true });
    expect(world.executed).toEqual([]);
    const real = order(world);
    expect(real.text).toBe(dry.text);
    expect(real.text).toBe(
      [
        "/srv/app.js: 3 workers where 1 may be",
        "  keep pm_id 1 (pid 101), since 2026-11-21 23:00:00Z",
        "  end  orphan pid 5001, since 2026-11-22 00:00:00Z: node /srv/app.js",
        "  end  pm_id 0 (pid 100), since 2026-11-21 23:00:00Z: /srv/app.js",
      ].join("\n"),
    );
    world.advance(10_000);
    expect(gone(world)).toEqual(["pid 5001", "pm_id 0"]);
    expect(world.lines("heal_intent")[0]?.more).toMatchObject({ by: "operator" });
  });

  test("ordered three times at once is one trim, and each order is answered", () => {
    const world = crowd({ maxWorkers: null }, { apps: { app: 3 } });
    world.faults.confirmTakesMs = 500;
    const replies = [order(world), order(world), order(world)];
    expect(replies.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(new Set(replies.map(({ healId }) => healId)).size).toBe(1);
    world.advance(10_000);
    expect([...world.pm2.rows.keys()]).toEqual([2]);
    expect(order(world)).toMatchObject({ code: 0, text: "app: nobody is too many; at most 1 may run" });
  });

  test("is held by the guards, each named, and by none that only paces restarts", () => {
    const world = crowd({ maxWorkers: null }, { apps: { app: 2 }, strategy: { mode: "observe" } });
    world.state.globals.tokens = 0;
    expect(order(world)).toMatchObject({ code: 4, text: expect.stringContaining("--force observe") as string });
    expect(order(world, { force: ["observe"] })).toMatchObject({ code: 0 });
    world.advance(10_000);
    expect(gone(world)).toEqual(["pm_id 0"]);
  });

  test("of a worker is an error that names the app", () => {
    const world = crowd({}, { apps: { app: 2 } });
    expect(order(world, { target: "app:0" })).toMatchObject({ code: 2, text: "a trim is of an app: healer trim app" });
  });
});
