import { describe, expect, test } from "vitest";
import type { MaintenanceWindow } from "../../src/core/maintenance.ts";
import { loadState, saveState, whyNotSavedState, type SavedState } from "../../src/core/persist.ts";
import { createState } from "../../src/core/state.ts";
import { statusOf } from "../../src/core/status.ts";
import { explain } from "../../src/core/explain.ts";
import { CoreWorld, type WorldOptions } from "../support/core-world.ts";
import { wallWindow } from "../support/wall-window.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const GRACE = 180_000;
const WALL = Date.UTC(2026, 10, 22); // when the world begins

/** A window for everybody from ten to twenty minutes after the world begins. */
function tenToTwenty(label = "Sundays 00:10–00:20 UTC") {
  return wallWindow(label, [WALL + 10 * MINUTE, WALL + 20 * MINUTE]);
}

function worldWith(window: MaintenanceWindow, options: WorldOptions = {}): CoreWorld {
  return new CoreWorld({ ...options, policy: { ...options.policy, maintenance: [window] } });
}

function untilWall(world: CoreWorld, wallMs: number): void {
  world.advance(wallMs - world.wallMs);
}

test("while a window is open nothing is healed, and its end begins a grace period and a new epoch", () => {
  const world = worldWith(tenToTwenty());
  untilWall(world, WALL + 11 * MINUTE);
  world.sicken("app:0");
  untilWall(world, WALL + 20 * MINUTE - 1);
  expect(world.executed).toEqual([]);
  expect(world.reasons("hold")).toEqual([
    "maintenance window Sundays 00:10–00:20 UTC is open until 2026-11-22T00:20:00.000Z: symptoms are recorded, nothing is healed or trimmed",
  ]);
  expect(world.lines("hold")[0]?.more).toMatchObject({ guard: "maintenance", until: "2026-11-22T00:20:00.000Z" });
  expect(world.lines("symptom")).toHaveLength(1);
  world.advance(2000);
  const since = world.nowMs;
  expect(world.target("app:0").epoch.atMs).toBeGreaterThan(since - 2001);
  world.advance(GRACE - 4000);
  expect(world.executed).toEqual([]);
  world.advance(6000);
  expect(world.executed).toHaveLength(1);
});

test("its beginning and its end are told once each, with whom they are of", () => {
  const world = worldWith(tenToTwenty());
  world.advance(HOUR);
  expect([...world.lines("paused"), ...world.lines("resumed")].map(({ target, reason, more }) => [target, reason, more?.["by"]])).toEqual([
    [
      "healer",
      "everything: maintenance window Sundays 00:10–00:20 UTC is open until 2026-11-22T00:20:00.000Z; until then nothing is healed or trimmed, symptoms are still recorded",
      "maintenance window Sundays 00:10–00:20 UTC",
    ],
    [
      "healer",
      "everything: maintenance window Sundays 00:10–00:20 UTC is over; a grace period begins",
      "maintenance window Sundays 00:10–00:20 UTC",
    ],
  ]);
});

test("a strategy's own window holds its workers and nobody else's, and adds to everybody's", () => {
  const world = new CoreWorld({ apps: { app: 1, other: 1 }, knobs: { maxUnavailable: { count: 9 } } });
  const [strategy] = world.policy.strategies;
  if (strategy === undefined) throw new Error("no strategy");
  const own = wallWindow("own", [WALL, WALL + 30 * MINUTE]);
  const all = wallWindow("all", [WALL + 10 * MINUTE, WALL + 40 * MINUTE]);
  const select = (app: string) => ({ apps: [app], namespace: null, exclude: [] });
  const strategies = [
    { ...strategy, selector: select("other") },
    { ...strategy, name: "constructor", selector: select("app"), maintenance: [own] },
  ];
  world.setPolicy({ ...world.policy, strategies, maintenance: [all] });
  world.sicken("app:0", "other:0");
  world.advance(MINUTE);
  expect(world.executed.map(({ target }) => target)).toEqual(["other:0"]);
  expect(world.lines("paused").map(({ target }) => target)).toEqual(["strategy:constructor"]);
  untilWall(world, WALL + 15 * MINUTE);
  expect(statusOf(world.state, world.target("app:0")).paused).toBe("maintenance window all is open until 2026-11-22T00:40:00.000Z");
  expect(statusOf(world.state, world.target("other:0")).paused).toBe("maintenance window all is open until 2026-11-22T00:40:00.000Z");
  const guard = explain(world.state, world.target("app:0")).guards.find(({ guard: name }) => name === "maintenance");
  expect(guard).toMatchObject({ holds: true, flip: "the window closes" });
});

describe("a daemon that ends within a window", () => {
  test("and is back within it tells it no second time", () => {
    const world = worldWith(tenToTwenty());
    untilWall(world, WALL + 15 * MINUTE);
    world.kill();
    world.boot();
    world.sicken("app:0");
    world.advance(MINUTE);
    expect(world.lines("paused")).toHaveLength(1);
    expect(world.executed).toEqual([]);
  });

  test("and is back after it begins the grace period then, for the workers of PM2's first list", () => {
    const world = worldWith(tenToTwenty());
    untilWall(world, WALL + 15 * MINUTE);
    world.sicken("app:0");
    world.kill();
    world.advance(HOUR);
    world.boot();
    world.pm2.lost = "away";
    world.advance(MINUTE);
    world.pm2.lost = null;
    world.advance(2000);
    const since = world.nowMs;
    expect(world.reasons("resumed")).toEqual(["everything: maintenance window Sundays 00:10–00:20 UTC is over; a grace period begins"]);
    world.advance(GRACE - 4000);
    expect(world.executed).toEqual([]);
    world.until(() => world.executed.length === 1);
    expect(world.nowMs - since).toBeLessThan(GRACE + 6000);
  });
});

describe("a wall clock that is set", () => {
  test("forward over the end of a window begins a grace period, never a heal at once", () => {
    const world = worldWith(tenToTwenty());
    untilWall(world, WALL + 15 * MINUTE);
    world.sicken("app:0");
    world.wallAheadMs += 3 * HOUR;
    world.advance(GRACE - 4000);
    expect(world.lines("resumed")).toHaveLength(1);
    expect(world.executed).toEqual([]);
  });

  test("back into a window holds again, and back before it begins a grace period", () => {
    const world = worldWith(tenToTwenty());
    untilWall(world, WALL + 30 * MINUTE);
    world.wallAheadMs -= 15 * MINUTE;
    world.sicken("app:0");
    world.advance(MINUTE);
    expect(world.executed).toEqual([]);
    world.wallAheadMs -= 10 * MINUTE;
    world.advance(2000);
    expect(world.reasons("resumed").at(-1)).toBe(
      "everything: maintenance window Sundays 00:10–00:20 UTC is closed before its time: the configuration or the clock was changed; a grace period begins",
    );
    world.advance(GRACE - 4000);
    expect(world.executed).toEqual([]);
  });
});

test("an edit that takes the open window away ends it with a grace period, one that lengthens it says nothing", () => {
  const world = worldWith(tenToTwenty());
  untilWall(world, WALL + 15 * MINUTE);
  world.sicken("app:0");
  world.setPolicy({ ...world.policy, maintenance: [wallWindow("longer", [WALL, WALL + HOUR])] });
  world.advance(2000);
  expect(world.lines("resumed")).toEqual([]);
  expect(statusOf(world.state, world.target("app:0")).paused).toContain("window longer is open until");
  world.setPolicy({ ...world.policy, maintenance: [] });
  world.advance(GRACE - 4000);
  expect(world.reasons("resumed")[0]).toContain("window longer is closed before its time");
  expect(world.executed).toEqual([]);
});

test("a crash loop that was stopped before the window is started after it", () => {
  const world = worldWith(tenToTwenty());
  untilWall(world, WALL + 10 * MINUTE - 7000);
  for (let crashes = 0; crashes < 3; crashes++) {
    world.advance(2000);
    world.pm2.crash(world.pm2.row("app:0"));
    world.turn();
  }
  world.untilPhase("app:0", "held");
  untilWall(world, WALL + 20 * MINUTE - 1);
  expect(world.executed.map(({ step }) => step)).toEqual(["stop"]);
  world.advance(4000);
  expect(world.executed.map(({ step }) => step)).toEqual(["stop", "start"]);
});

test("an open circuit makes no trial in a window", () => {
  const circuit = { coolDownMs: 10 * MINUTE, maxMs: HOUR, jitter: 0, maxHealsPerDay: 10 };
  const world = worldWith(wallWindow("w", [WALL + 10 * MINUTE, WALL + 40 * MINUTE]), {
    knobs: { consecutiveFailuresThreshold: 1, circuit },
  });
  world.sicken("app:0");
  world.untilPhase("app:0", "open", 10 * MINUTE);
  untilWall(world, WALL + 40 * MINUTE - 1);
  expect(world.phase("app:0", "open").untilMs).toBeLessThan(world.nowMs);
  expect(world.executed).toHaveLength(1);
});

test("an intent that becomes durable after the window has opened is not carried out", () => {
  const world = worldWith(tenToTwenty());
  untilWall(world, WALL + 10 * MINUTE - 3000);
  world.faults = { ...world.faults, confirmTakesMs: 9000 };
  world.sicken("app:0");
  world.advance(15_000);
  expect(world.executed).toEqual([]);
  expect(world.reasons("heal_verdict")[0]).toContain("nothing was done: maintenance window Sundays 00:10–00:20 UTC is open");
});

test("a person may heal within a window by naming the guard", () => {
  const world = worldWith(wallWindow("w", [WALL, WALL + HOUR]));
  const order = { name: "heal", target: "app:0", action: null } as const;
  expect(world.command({ ...order, force: [] }).text).toContain("(guard: maintenance; to override: --force maintenance)");
  expect(world.command({ ...order, force: ["maintenance"] })).toMatchObject({ code: 0 });
  world.advance(2000);
  expect(world.executed).toHaveLength(1);
});

test("a window is asked once a turn, however many workers it is about", () => {
  const window = wallWindow("w", [WALL, WALL + HOUR]);
  const world = worldWith(window, { apps: { app: 50 } });
  world.sicken("app:0", "app:1", "app:2");
  const before = window.asked;
  world.turn();
  expect(window.asked - before).toBe(1);
});

test("what a snapshot says of windows is checked, and one of 0.1.0 says nothing of them", () => {
  const world = worldWith(wallWindow("w", [WALL, WALL + HOUR]));
  const saved = JSON.parse(JSON.stringify(saveState(world.state))) as SavedState;
  expect(whyNotSavedState(saved)).toBeNull();
  expect(whyNotSavedState({ ...saved, globals: { ...saved.globals, maintenance: { "*": { label: "w" } } } })).toContain(
    "globals.maintenance",
  );
  const { maintenance: _, ...globals } = saved.globals;
  const state = createState({ policy: world.policy, self: { pids: [] }, seed: 7, atMs: world.nowMs, wallMs: world.wallMs });
  loadState(state, { ...saved, globals });
  expect(state.globals.maintenance).toBeUndefined();
});
