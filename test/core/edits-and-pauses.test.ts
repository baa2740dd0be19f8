import { describe, expect, test } from "vitest";
import { CoreWorld } from "../support/core-world.ts";
import { corePolicy } from "../support/core-policy.ts";
import { FINE, scriptedRule, SICK, stormRule } from "../support/scripted-rules.ts";

/** Row 25 and what people tell healer itself: an edited configuration, a pause. */

const MINUTE = 60_000;
const GRACE = 180_000;

describe("an edited configuration (row 25)", () => {
  test("never shortens a grace period that runs", () => {
    const world = new CoreWorld({ uptimeMs: MINUTE });
    world.sicken("app:0");
    const [strategy] = world.policy.strategies;
    if (strategy === undefined) throw new Error("no strategy");
    world.setPolicy({ ...world.policy, strategies: [{ ...strategy, knobs: { ...strategy.knobs, gracePeriodMs: 10_000 } }] });
    world.advance(2 * MINUTE - 2000);
    expect(world.executed).toEqual([]);
    world.advance(4000);
    expect(world.executed).toHaveLength(1);
  });

  test("starts a changed rule anew, so that it never heals on retained history; the others go on", () => {
    const world = new CoreWorld({ strategy: { mode: "observe" } });
    world.sicken("app:0");
    world.turn();
    const before = world.target("app:0").rules.map(({ memory }) => memory);
    world.advance(MINUTE);
    const edited = scriptedRule(world.scripts, { fingerprint: "probe, edited" });
    world.setPolicy(corePolicy([edited, stormRule()], { strategy: { mode: "observe" } }));
    expect(world.control("app:0").phase.name).toBe("healthy");
    const after = world.target("app:0").rules.map(({ memory }) => memory);
    expect(after[0]).toEqual({ epochAtMs: world.nowMs });
    expect(after[1]).toBe(before[1]);
  });

  test("that no longer selects a worker drops it and closes its heal", () => {
    const world = new CoreWorld({ apps: { app: 1, other: 1 } });
    world.sicken("app:0");
    world.turn();
    world.setPolicy(
      corePolicy(world.policy.strategies[0]?.rules ?? [], { strategy: { selector: { apps: ["other"], namespace: null, exclude: [] } } }),
    );
    world.advance(2000);
    expect([...world.state.targets.keys()]).toEqual(["other", "other:0"]);
    expect(world.reasons("heal_verdict")).toEqual([
      "aborted: no longer selected by the configuration, or by two strategies before the verdict",
    ]);
  });

  test("that lets two strategies select an app leaves it alone and says so once", () => {
    const world = new CoreWorld();
    const [strategy] = world.policy.strategies;
    if (strategy === undefined) throw new Error("no strategy");
    world.setPolicy({ ...world.policy, strategies: [strategy, { ...strategy, name: "twin" }] });
    world.sicken("app:0");
    world.advance(MINUTE);
    expect(world.executed).toEqual([]);
    expect(world.reasons("alert")).toEqual(['selected by two strategies, "all" and "twin"; left alone until only one selects it']);
  });

  test("of the mode is told", () => {
    const world = new CoreWorld();
    world.scripts.set("app:0", FINE);
    world.setPolicy({ ...world.policy, mode: "observe" });
    expect(world.reasons("mode_changed")).toEqual(["healer decides and records from now on, and does nothing"]);
  });
});

describe("a pause", () => {
  test("holds, and its end begins a grace period and a new epoch whether somebody resumes it or its time is over", () => {
    for (const resumes of [true, false]) {
      const world = new CoreWorld();
      world.command({ name: "pause", target: "app:0", forMs: 10 * MINUTE, reason: "moving house" }, "anna");
      world.sicken("app:0");
      world.advance(9 * MINUTE);
      expect(world.executed).toEqual([]);
      expect(world.reasons("hold")[0]).toMatch(/^paused by anna for .* more \(moving house\)$/);
      if (resumes) world.command({ name: "resume", target: "app:0" });
      else world.advance(MINUTE);
      const since = world.nowMs;
      expect(world.target("app:0").epoch.atMs).toBe(since);
      expect(world.lines("resumed")).toHaveLength(1);
      world.advance(GRACE - 2000);
      expect(world.executed).toEqual([]);
      world.advance(4000);
      expect(world.executed).toHaveLength(1);
    }
  });

  test.each([["app"], [null]])("of %j holds every worker of it, survives the daemon, and ends for all", (target) => {
    const world = new CoreWorld({ apps: { app: 2 } });
    world.command({ name: "pause", target, forMs: null, reason: "" });
    world.sicken("app:0");
    world.kill();
    world.boot();
    world.advance(GRACE);
    expect(world.executed).toEqual([]);
    world.command({ name: "resume", target });
    world.advance(GRACE + 2000);
    expect(world.executed).toHaveLength(1);
  });

  test("for ever is brought to mind daily", () => {
    const world = new CoreWorld();
    world.command({ name: "pause", target: "app:0", forMs: null, reason: "" });
    world.advance(49 * 60 * MINUTE);
    expect(world.reasons("paused")).toEqual([
      "app:0 paused by operator until resumed",
      "app:0 is still paused by operator: nothing is healed until healer resume app:0",
      "app:0 is still paused by operator: nothing is healed until healer resume app:0",
    ]);
  });
});

test("a flickering symptom does not repeat the reason to hold", () => {
  const world = new CoreWorld({ strategy: { mode: "observe" } });
  world.command({ name: "pause", target: "app:0", forMs: null, reason: "" });
  world.scripts.set("app:0", SICK);
  world.advance(10 * MINUTE);
  expect(world.lines("hold")).toHaveLength(1);
});
