import { describe, expect, test } from "vitest";
import { explain } from "../../src/core/explain.ts";
import { saveState, whyNotSavedState } from "../../src/core/persist.ts";
import { CoreWorld, type WorldOptions } from "../support/core-world.ts";
import { SICK } from "../support/scripted-rules.ts";

/** What all workers of a strategy need, asked from outside: while it fails, none of them is restarted. */

const SECOND = 1000;
const MINUTE = 60_000;
const URL = "http://db:8080/health";

function worldOf(options: WorldOptions = {}): CoreWorld {
  return new CoreWorld({ apps: { app: 1 }, ...options, strategy: { dependency: URL, ...options.strategy } });
}

/** An answer every ten seconds. */
function answers(world: CoreWorld, ok: boolean, times: number, detail = ok ? "HTTP 200" : "HTTP 503"): void {
  for (let count = 0; count < times; count++) {
    world.observations.push({ kind: "dependency", strategy: "all", atMs: world.nowMs, ok, detail });
    world.advance(10 * SECOND);
  }
}

function healed(world: CoreWorld): string[] {
  return world.executed.map(({ target }) => target);
}

function guardOf(world: CoreWorld, target = "app:0") {
  return explain(world.state, world.target(target)).guards.find(({ guard }) => guard === "dependency");
}

describe("while the dependency fails", () => {
  test("no worker of the strategy is restarted, also one that is alone, and why is said with the numbers", () => {
    const world = worldOf();
    answers(world, true, 5);
    answers(world, false, 3);
    world.sicken("app:0");
    answers(world, false, 30);
    expect(healed(world)).toEqual([]);
    expect(world.lines("hold", "app:0")).toMatchObject([
      {
        reason:
          "the dependency http://db:8080/health fails (4 of the last 5 probes failed, last: HTTP 503); restarting its workers would cure nothing",
        more: { guard: "dependency", until: null, flip: "the dependency answers again" },
      },
    ]);
    expect(guardOf(world)).toMatchObject({ holds: true, flip: "the dependency answers again" });
    expect(world.reasons("dependency_failing")).toEqual([
      'the dependency http://db:8080/health fails (3 of the last 5 probes failed, last: HTTP 503); until it answers again no worker of strategy "all" is restarted, as that would cure nothing',
    ]);
  });

  test("an incident that opens is suspected upstream, and says that nobody is restarted", () => {
    const world = worldOf({ apps: { app: 3 } });
    answers(world, false, 3);
    world.sicken("app:0", "app:1", "app:2");
    answers(world, false, 60);
    expect(healed(world)).toEqual([]);
    const [line] = world.lines("incident_open");
    expect(line?.more).toMatchObject({ suspect: "upstream" });
    expect(line?.reason).toMatch(
      /^3 of 3 workers went bad together \(app:0, app:1, app:2\) while the dependency http:\/\/db:8080\/health fails \(4 of the last 4 probes failed, last: HTTP 503\): suspect upstream; nobody is restarted until it answers again$/,
    );
  });

  test("an incident that becomes wide says so as well", () => {
    const world = worldOf({ apps: { app: 5 } });
    answers(world, false, 3);
    world.sicken("app:0", "app:1");
    answers(world, false, 1);
    world.sicken("app:2");
    answers(world, false, 1);
    expect(world.reasons("incident_wide")).toEqual(["3 of 5 workers are in trouble by now; nobody is restarted until it answers again"]);
  });

  test("one lost answer, or two, hold nobody", () => {
    const world = worldOf();
    answers(world, false, 1);
    answers(world, true, 2);
    answers(world, false, 1);
    world.sicken("app:0");
    world.advance(4 * SECOND);
    expect(healed(world)).toEqual(["app:0"]);
  });

  test("a crash loop is stopped nevertheless, and the start that ends a hold-down is made", () => {
    const world = worldOf();
    answers(world, false, 5);
    for (let crash = 0; crash < 3; crash++) {
      world.pm2.crash(world.pm2.row("app:0"));
      answers(world, false, 1);
    }
    world.until(() => world.executed.length === 2, 2 * MINUTE);
    expect(world.executed.map(({ step }) => step)).toEqual(["stop", "start"]);
  });

  test("a person may override it by name", () => {
    const world = worldOf();
    answers(world, false, 5);
    expect(world.command({ name: "heal", target: "app:0", action: null, force: [] })).toMatchObject({ code: 4 });
    expect(world.command({ name: "heal", target: "app:0", action: null, force: ["dependency"] })).toMatchObject({ code: 0 });
  });

  test("a probe that cannot run holds nobody, and neither does one of another strategy", () => {
    const blind = worldOf();
    answers(blind, false, 5);
    blind.observations.push({ kind: "blind", sensor: "dependency:all", target: null, atMs: blind.nowMs, reason: "no such host" });
    blind.sicken("app:0");
    blind.advance(4 * SECOND);
    expect(healed(blind)).toEqual(["app:0"]);
    const other = worldOf();
    other.observations.push(
      ...[1, 2, 3].map(() => ({ kind: "dependency", strategy: "other", atMs: other.nowMs, ok: false, detail: "" }) as const),
    );
    other.sicken("app:0");
    other.advance(4 * SECOND);
    expect(healed(other)).toEqual(["app:0"]);
  });

  test("what it answered long ago holds nobody", () => {
    const world = worldOf();
    answers(world, false, 5);
    world.sicken("app:0");
    world.advance(14 * MINUTE);
    expect(healed(world)).toEqual([]);
    world.advance(2 * MINUTE);
    expect(healed(world)).toEqual(["app:0"]);
  });

  test("it goes on holding after a restart of healer", () => {
    const world = worldOf();
    answers(world, false, 5);
    world.sicken("app:0");
    world.save();
    world.kill();
    world.advance(5 * SECOND);
    world.boot();
    world.advance(MINUTE);
    expect(healed(world)).toEqual([]);
    expect(guardOf(world)).toMatchObject({ holds: true });
  });

  test("a snapshot that says something else of it than answers is not taken, and one without it is", () => {
    const world = worldOf();
    answers(world, false, 3);
    const saved: unknown = JSON.parse(JSON.stringify(saveState(world.state)));
    expect(whyNotSavedState(saved)).toBeNull();
    expect(whyNotSavedState({ ...(saved as object), dependencies: { all: { answers: 3 } } })).toBe(
      "dependencies: expected the answers of probes",
    );
    expect(whyNotSavedState({ ...(saved as object), dependencies: undefined })).toBeNull();
  });

  test("an edit that takes the probe away, or asks somebody else, lets go", () => {
    for (const dependency of [undefined, "http://other/"]) {
      const world = worldOf();
      answers(world, false, 5);
      world.sicken("app:0");
      const strategies = world.policy.strategies.map(({ dependency: _old, ...strategy }) => ({
        ...strategy,
        ...(dependency === undefined ? {} : { dependency }),
      }));
      world.setPolicy({ ...world.policy, strategies });
      world.advance(4 * SECOND);
      expect(healed(world)).toEqual(["app:0"]);
    }
  });
});

describe("when the dependency is back", () => {
  test("its workers get two minutes to recover by themselves; then those still bad are healed, one at a time", () => {
    const world = worldOf({ apps: { app: 5 } });
    answers(world, false, 5);
    world.sicken("app:0", "app:1", "app:2", "app:3", "app:4");
    answers(world, false, 60);
    answers(world, true, 3);
    expect(world.reasons("dependency_back")).toEqual([
      "http://db:8080/health answers again after 10 m 52 s; its workers get 2 m to recover by themselves, and what failed meanwhile is not held against them",
    ]);
    expect(guardOf(world)?.reason).toMatch(
      /^the dependency http:\/\/db:8080\/health answers again since \d+ s; its workers have 1 m \d+ s left to/,
    );
    world.advance(MINUTE);
    world.cure("app:0", "app:1", "app:2");
    expect(healed(world)).toEqual([]);
    world.onStep = (_event, effects) => {
      for (const effect of effects) if (effect.type === "execute") world.cure(effect.target);
    };
    world.until(() => world.state.groups.get("app")?.incident === null);
    expect(healed(world)).toEqual(["app:3", "app:4"]);
    expect(world.lines("incident_open")).toHaveLength(1);
  });

  test("what rules know of tasks begins anew, since failures had a cause outside the worker; other evidence stays", () => {
    const world = worldOf();
    const [probe] = world.policy.strategies[0]?.rules ?? [];
    if (probe === undefined) throw new Error("no rule");
    const strategies = world.policy.strategies.map((strategy) => ({
      ...strategy,
      rules: [probe, { ...probe, key: "rate", scope: "tasks" as const }],
    }));
    world.setPolicy({ ...world.policy, strategies });
    answers(world, false, 5);
    const memories = (): unknown[] => world.target("app:0").rules.map(({ memory }) => memory);
    const before = memories();
    answers(world, true, 3);
    expect(memories()[0]).toEqual(before[0]);
    expect(memories()[1]).not.toEqual(before[1]);
  });

  test("a worker alone that recovers with it is never restarted", () => {
    const world = worldOf();
    answers(world, false, 5);
    world.scripts.set("app:0", SICK);
    answers(world, false, 30);
    answers(world, true, 4);
    world.cure("app:0");
    world.advance(30 * MINUTE);
    expect(healed(world)).toEqual([]);
  });
});
