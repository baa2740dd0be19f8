import { describe, expect, test } from "vitest";
import { resolveTarget } from "../../src/core/resolve-target.ts";
import { CoreWorld } from "../support/core-world.ts";

const MINUTE = 60_000;

function heal(world: CoreWorld, target: string, force: readonly string[] = [], action: string | null = null) {
  return world.command({ name: "heal", target, action, force }, "anna");
}

describe("a heal by hand", () => {
  test("goes through intent, action and verdict like any other, and names who asked", () => {
    const world = new CoreWorld();
    const reply = heal(world, "app:0");
    expect(reply).toMatchObject({ code: 0, text: "restart of app:0 begins", healId: "20261122-000000-1" });
    expect(world.executed).toMatchObject([{ healId: reply.healId, action: "restart" }]);
    expect(world.lines("heal_intent")).toMatchObject([
      { reason: "asked for by anna; action: restart (heal 1 of 3 before giving up)", more: { by: "anna", rule: "by-hand" } },
    ]);
    world.untilPhase("app:0", "healthy");
    expect(world.reasons("heal_verdict")).toEqual(["recovered: no rule fired for this heal; it is online at the end of its grace period"]);
  });

  test("may name its action", () => {
    const world = new CoreWorld();
    heal(world, "app:0", [], "stop-start");
    expect(world.executed).toMatchObject([{ action: "stop-start" }]);
  });

  test("is refused by a guard, which it names together with the way round it", () => {
    const world = new CoreWorld({ uptimeMs: MINUTE });
    expect(heal(world, "app:0")).toMatchObject({
      code: 4,
      text: "not done: in its grace period of 3 m, 2 m left (guard: grace; to override: --force grace)",
      healId: null,
    });
    expect(heal(world, "app:0", ["grace"]).code).toBe(0);
  });

  test.each(["self", "journal", "incarnation", "pm2"])("never overrides %s", (guard) => {
    expect(heal(new CoreWorld(), "app:0", [guard])).toMatchObject({ code: 4, text: `the guard "${guard}" is never overridden` });
  });

  test("with an unknown guard is a slip of the command line", () => {
    const reply = heal(new CoreWorld(), "app:0", ["grase"]);
    expect(reply.code).toBe(2);
    expect(reply.text).toMatch(/^no guard "grase"; guards: self, invariant, journal, pm2, paused,/);
  });

  test("replaces a heal that is only watched when forced to, and that one ends once", () => {
    const world = new CoreWorld();
    const first = heal(world, "app:0");
    world.advance(2000);
    expect(heal(world, "app:0").text).toBe(
      "not done: a heal of it is under way (verifying) (guard: in-flight; to override: --force in-flight)",
    );
    const second = heal(world, "app:0", ["in-flight", "grace"]);
    expect(second.code).toBe(0);
    expect(world.journal.filter(({ kind }) => kind === "outcome").map(({ healId, note }) => ({ healId, note }))).toEqual([
      { healId: first.healId, note: { verdict: "aborted", reason: "superseded by a heal that anna asked for", streak: 0 } },
    ]);
    expect(world.executed.map(({ healId }) => healId)).toEqual([first.healId, second.healId]);
  });

  test("never replaces one whose action is under way", () => {
    const world = new CoreWorld();
    world.faults.takesMs = 1000;
    heal(world, "app:0");
    expect(heal(world, "app:0", ["in-flight", "grace"])).toMatchObject({
      code: 4,
      text: "not done: a heal of it is under way (acting) (guard: in-flight; not to be overridden)",
    });
    expect(world.executed).toHaveLength(1);
  });

  test("never pulls a row out of a hold-down; a reset does", () => {
    const world = new CoreWorld({ knobs: { consecutiveFailuresThreshold: 1 } });
    for (let crash = 0; crash < 4; crash++) {
      world.advance(2000);
      world.pm2.crash(world.pm2.row("app:0"));
      world.turn();
      if (crash === 2) world.untilPhase("app:0", "verifying");
    }
    expect(world.phase("app:0", "open").heal).not.toBeNull();
    expect(heal(world, "app:0", ["circuit", "grace", "unavailable"])).toMatchObject({
      code: 4,
      text: "not done: healer has stopped it after a crash loop; healer reset app:0 starts it",
    });
  });

  test("of an app rolls through its workers", () => {
    const world = new CoreWorld({ apps: { app: 2 } });
    expect(heal(world, "app").text).toBe("restart of app begins");
    world.untilPhase("app", "healthy");
    expect(world.executed.map(({ row }) => row.pmId)).toEqual([0, 1]);
    expect(world.notes("outcome")).toMatchObject([{ verdict: "recovered" }]);
  });
});

describe("a target's name", () => {
  const world = new CoreWorld({ apps: { app: 2, other: 1 } });
  world.pm2.add("app", { instance: "0", namespace: "blue" });
  world.pm2.add("app", { instance: "0", script: "/srv/copy.js" });
  world.pm2.add("solo", { instance: "0", namespace: "blue" });
  world.turn();

  test.each([
    ["app", "app"],
    ["app:1", "app:1"],
    ["app#1", "app:1"],
    ["blue/app:0", "blue/app:0"],
    ["solo", "blue/solo"],
    ["solo:0", "blue/solo:0"],
    ["blue/solo#5", "blue/solo:0"],
    ["app#3", "blue/app:0"],
    ["app:0~1", "app:0~1"],
  ])("%s means %s", (text, id) => {
    const found = resolveTarget(world.state, text);
    expect(found.ok ? found.value.id : found.error).toBe(id);
  });

  test.each([
    ["nothing", /^no target "nothing"; targets: app, app:0, app:1, other, other:0, /],
    ["app:7", /^no target "app:7"; did you mean app, /],
    ["app#99", /^no target "app#99"; did you mean /],
    ["", /^no target ""/],
  ])("%j means nothing, and the answer lists what it might be", (text, words) => {
    const found = resolveTarget(world.state, text);
    expect(found.ok ? found.value.id : found.error).toMatch(words);
  });

  test("that fits two is ambiguous, and both are named", () => {
    const twins = new CoreWorld({ apps: {} });
    twins.pm2.add("app", { namespace: "blue" });
    twins.pm2.add("app", { namespace: "green" });
    twins.turn();
    const found = resolveTarget(twins.state, "app:0");
    expect(found).toEqual({ ok: false, error: '"app:0" is ambiguous: blue/app:0, green/app:0' });
    expect(twins.command({ name: "reset", target: "app:0" })).toMatchObject({
      code: 2,
      text: '"app:0" is ambiguous: blue/app:0, green/app:0',
    });
  });
});
