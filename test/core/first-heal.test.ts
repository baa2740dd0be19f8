import { describe, expect, test } from "vitest";
import { loadState, saveState, whyNotSavedState, type SavedState } from "../../src/core/persist.ts";
import { createState } from "../../src/core/state.ts";
import { explain } from "../../src/core/explain.ts";
import { statusOf } from "../../src/core/status.ts";
import type { Policy, Strategy } from "../../src/core/strategy.ts";
import { CoreWorld, type WorldOptions } from "../support/core-world.ts";
import { scriptedRule } from "../support/scripted-rules.ts";

/** Nothing surprising happens at once where healing becomes possible, and a new or changed strategy may first be watched. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const GRACE = 180_000;

function edited(world: CoreWorld, change: Partial<Strategy>, knobs: Partial<Strategy["knobs"]> = {}): Policy {
  const [strategy] = world.policy.strategies;
  if (strategy === undefined) throw new Error("no strategy");
  return { ...world.policy, strategies: [{ ...strategy, ...change, knobs: { ...strategy.knobs, ...knobs } }] };
}

/** Runs until the first heal, at most an hour; how long that took. */
function healedAfterMs(world: CoreWorld): number {
  const since = world.nowMs;
  const before = world.executed.length;
  world.until(() => world.executed.length > before, HOUR);
  return world.nowMs - since;
}

describe("the very first start over a fleet that has been up for hours", () => {
  test("leaves everybody alone for a grace period, and says so in one line", () => {
    const world = new CoreWorld({ firstStart: true, apps: { app: 3 } });
    world.sicken("app:0");
    expect(healedAfterMs(world)).toBeGreaterThanOrEqual(GRACE - 4000);
    expect(world.reasons("mode_changed")).toEqual([
      "strategy all heals from 2026-11-22 00:00:00Z on; 3 workers have a grace period of 3 m and fresh evidence first; nobody is suspect right now",
    ]);
    expect(world.lines("mode_changed")[0]).toMatchObject({ target: "strategy:all", strategy: "all", level: "info" });
  });

  test("counts from the first list, however long PM2 was not there", () => {
    const world = new CoreWorld({ firstStart: true });
    world.kill();
    world.pm2.lost = "away";
    world.boot();
    world.state.standings = new Map(); // nothing was ever saved
    world.setPolicy(edited(world, { fingerprint: "edited meanwhile" }));
    world.advance(HOUR);
    world.pm2.lost = null;
    world.sicken("app:0");
    expect(healedAfterMs(world)).toBeGreaterThanOrEqual(GRACE);
  });

  test("stops no crash loop within it either", () => {
    const world = new CoreWorld({ firstStart: true });
    for (let crashes = 0; crashes < 4; crashes++) {
      world.advance(2000);
      world.pm2.crash(world.pm2.row("app:0"));
      world.turn();
    }
    world.advance(MINUTE);
    expect(world.executed).toEqual([]);
    expect(world.reasons("hold")[0]).toMatch(/^strategy all heals since 6 s: everybody has a grace period of 3 m first, 2 m 54 s left$/);
    world.advance(2 * MINUTE);
    expect(world.executed.map(({ action, step }) => `${action} ${step}`)).toEqual(["hold-down stop"]);
  });

  test("does not come again with the next start", () => {
    const world = new CoreWorld({ firstStart: true });
    world.advance(GRACE + 2000);
    world.save();
    world.kill();
    world.boot();
    world.sicken("app:0");
    expect(healedAfterMs(world)).toBeLessThan(10_000);
    expect(world.lines("mode_changed")).toHaveLength(1);
  });

  test("goes on where it was when healer is killed within it", () => {
    const world = new CoreWorld({ firstStart: true });
    world.sicken("app:0");
    world.advance(2 * MINUTE);
    world.kill();
    world.boot();
    expect(healedAfterMs(world)).toBeLessThan(MINUTE + 4000);
  });
});

test("a start after an older healer, which kept nothing of this, begins no grace period", () => {
  const world = new CoreWorld();
  const { strategies: _, ...saved } = JSON.parse(JSON.stringify(saveState(world.state))) as SavedState;
  const state = createState({ policy: world.policy, self: { pids: [] }, seed: 7, atMs: world.nowMs, wallMs: world.wallMs });
  loadState(state, saved);
  expect(state.standings.get("all")).toMatchObject({ acts: "heal", healsSinceMs: -1e15 });
});

describe("an edit from observe to heal", () => {
  function observing(options: WorldOptions = {}): CoreWorld {
    const world = new CoreWorld({ ...options, strategy: { mode: "observe" } });
    world.sicken("app:0");
    world.advance(HOUR);
    return world;
  }

  test("names who is suspect, and heals nobody on what was seen before", () => {
    const world = observing({
      apps: { app: 12 },
      knobs: { incident: { onsetWindowMs: 0, widePercent: 50, canaryDelayMs: 0, quietMs: 0 } },
    });
    const since = world.nowMs;
    world.setPolicy(edited(world, { mode: "heal" }));
    expect(world.lines("mode_changed")[0]).toMatchObject({
      level: "warn",
      more: { from: "observe", to: "heal", workers: 12, suspects: ["app:0"] },
    });
    expect(world.reasons("mode_changed")[0]).toContain(
      "12 workers have a grace period of 3 m and fresh evidence first; suspect right now: app:0",
    );
    expect(world.target("app:0").epoch.atMs).toBe(since);
    expect(healedAfterMs(world)).toBeGreaterThanOrEqual(GRACE);
  });

  test("made while healer was away counts from its start", () => {
    const world = observing();
    world.save();
    world.kill();
    world.policy = edited(world, { mode: "heal" });
    world.boot();
    expect(healedAfterMs(world)).toBeGreaterThanOrEqual(GRACE);
    expect(world.lines("mode_changed")).toHaveLength(1);
  });

  test("of one rule counts as well: it has gathered evidence too", () => {
    const world = new CoreWorld();
    const rule = scriptedRule(world.scripts, { observeOnly: true });
    world.setPolicy(edited(world, { rules: [rule], fingerprint: "watching" }));
    world.sicken("app:0");
    world.advance(HOUR);
    expect(world.executed).toEqual([]);
    world.setPolicy(edited(world, { rules: [{ ...rule, observeOnly: false }], fingerprint: "acting" }));
    expect(healedAfterMs(world)).toBeGreaterThanOrEqual(GRACE);
  });
});

test("workers that an edit newly selects are left alone first, those it selected before are not", () => {
  const select = (...apps: string[]) => ({ apps, namespace: null, exclude: [] });
  const world = new CoreWorld({
    apps: { app: 1, other: 1 },
    strategy: { selector: select("app") },
    knobs: { maxUnavailable: { count: 9 } },
  });
  world.sicken("app:0", "other:0");
  world.setPolicy(edited(world, { selector: select("app", "other"), fingerprint: "wider" }));
  const since = world.nowMs;
  world.until(() => world.executed.length === 2, HOUR);
  expect(world.executed.map(({ target }) => target)).toEqual(["app:0", "other:0"]);
  expect((world.executed[0]?.atMs ?? 0) - since).toBeLessThan(10_000);
  expect((world.executed[1]?.atMs ?? 0) - since).toBeGreaterThanOrEqual(GRACE);
  expect(world.lines("mode_changed")).toEqual([]);
});

describe("a strategy with shadow_for", () => {
  function shadowed(): CoreWorld {
    const world = new CoreWorld({ knobs: { shadowForMs: HOUR } });
    world.setPolicy(edited(world, { fingerprint: "edited" }));
    world.sicken("app:0");
    return world;
  }

  test("decides and records for so long after an edit, and then has a grace period", () => {
    const world = shadowed();
    world.advance(HOUR - 4000);
    expect(world.executed).toEqual([]);
    expect(world.reasons("would_heal")).toEqual([
      expect.stringMatching(
        /^probe says sick of app:0; would restart.*\(shadow until 2026-11-22 01:00:0\dZ, for 59 m 5\d s more: strategy all is new or changed; decided and recorded, not done\)$/,
      ),
    ]);
    const since = world.nowMs;
    world.until(() => world.executed.length === 1, HOUR);
    expect(world.nowMs - since).toBeGreaterThanOrEqual(GRACE);
    expect(world.reasons("mode_changed").map((reason) => reason.replace(/\d\d:\d\d:\d\dZ/, "…"))).toEqual([
      "strategy all is changed: it decides and records for 1 h and does nothing, until 2026-11-22 …",
      "the shadow is over: strategy all heals from 2026-11-22 … on; 1 worker has a grace period of 3 m and fresh evidence first; suspect right now: app:0",
    ]);
  });

  test("says in status and explain that it is one", () => {
    const world = shadowed();
    world.advance(MINUTE);
    const target = world.target("app:0");
    expect(statusOf(world.state, target)).toMatchObject({
      mode: "shadow",
      shadow_until: expect.stringMatching(/^2026-11-22T01:00:0/) as string,
    });
    expect(explain(world.state, target)).toMatchObject({
      mode: "shadow",
      decision: "hold",
      reason: expect.stringMatching(/^shadow: shadow until/) as string,
    });
  });

  test("counts on over restarts of healer: none begins it anew and none cuts it short", () => {
    const world = shadowed();
    const since = world.nowMs;
    for (let restart = 0; restart < 5; restart++) {
      world.advance(10 * MINUTE);
      world.save();
      world.kill();
      world.advance(MINUTE);
      world.boot();
    }
    world.until(() => world.lines("mode_changed").some(({ more }) => more?.["to"] === "heal"), HOUR);
    expect(world.nowMs - since).toBeGreaterThanOrEqual(HOUR);
    expect(world.nowMs - since).toBeLessThan(HOUR + 4000);
  });

  test("does not begin anew with an edit that changes nothing it decides by, and does with one that does", () => {
    const world = shadowed();
    world.advance(50 * MINUTE);
    world.setPolicy({ ...world.policy, hash: "another file" });
    expect(world.lines("mode_changed")).toHaveLength(1);
    world.setPolicy(edited(world, { fingerprint: "edited again" }));
    expect(world.lines("mode_changed")).toHaveLength(2);
    world.advance(50 * MINUTE);
    expect(world.executed).toEqual([]);
  });

  test("drops an intent that was not yet carried out when the edit came", () => {
    const world = new CoreWorld({ knobs: { shadowForMs: HOUR } });
    world.faults = { ...world.faults, confirmTakesMs: 9000 };
    world.sicken("app:0");
    world.advance(4000);
    world.setPolicy(edited(world, { fingerprint: "edited" }));
    world.advance(10_000);
    expect(world.executed).toEqual([]);
    expect(world.reasons("heal_verdict")[0]).toContain("nothing was done: shadow until");
  });

  test("of mode observe is quiet about its shadow", () => {
    const world = new CoreWorld({ knobs: { shadowForMs: HOUR }, strategy: { mode: "observe" } });
    world.setPolicy(edited(world, { fingerprint: "edited" }));
    world.advance(2 * HOUR);
    expect(world.lines("mode_changed")).toEqual([]);
  });
});

test("what a snapshot says of strategies is checked", () => {
  const saved = JSON.parse(JSON.stringify(saveState(new CoreWorld().state))) as SavedState;
  expect(whyNotSavedState(saved)).toBeNull();
  expect(whyNotSavedState({ ...saved, strategies: { all: { changedAtMs: "yesterday" } } })).toContain("strategies: expected");
});
