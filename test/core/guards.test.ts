import { describe, expect, test } from "vitest";
import { GUARDS, whyHold } from "../../src/core/guards.ts";
import { explain } from "../../src/core/explain.ts";
import { statusOf } from "../../src/core/status.ts";
import { candidateNow } from "../../src/core/tick.ts";
import { strategyOf } from "../../src/core/turn.ts";
import { CoreWorld, type WorldOptions } from "../support/core-world.ts";
import { SICK } from "../support/scripted-rules.ts";

const MINUTE = 60_000;

interface Case {
  readonly guard: (typeof GUARDS)[number]["name"];
  readonly options?: WorldOptions;
  /** Makes the guard hold. */
  readonly given: (world: CoreWorld) => void;
  readonly reason: RegExp;
  /** Makes it let go. */
  readonly then: (world: CoreWorld) => void;
}

const CASES: readonly Case[] = [
  {
    guard: "journal",
    given: (world) => (world.state.journalError = { reason: "record 12 is damaged", retryAtMs: null }),
    reason: /^the journal cannot be trusted \(record 12 is damaged\), so no intent can be made durable$/,
    then: (world) => (world.state.journalError = null),
  },
  {
    guard: "pm2",
    given: (world) => (world.pm2.lost = "connection refused"),
    reason: /^PM2 does not answer: connection refused$/,
    then: (world) => (world.pm2.lost = null),
  },
  {
    guard: "paused",
    given: (world) => void world.command({ name: "pause", target: "app", forMs: MINUTE, reason: "deploy" }, "anna"),
    reason: /^paused by anna for 1 m more \(deploy\)$/,
    then: (world) => world.advance(5 * MINUTE),
  },
  {
    guard: "status",
    given: (world) => (world.pm2.row("app:0").status = "launching"),
    reason: /^PM2 is launching it right now$/,
    then: (world) => {
      world.pm2.row("app:0").status = "online";
      world.advance(4 * MINUTE);
    },
  },
  {
    guard: "status",
    given: (world) => (world.pm2.row("app:0").status = "stopping"),
    reason: /^PM2 is stopping it right now$/,
    then: (world) => (world.pm2.row("app:0").status = "online"),
  },
  {
    guard: "grace",
    options: { uptimeMs: MINUTE },
    given: () => {},
    reason: /^in its grace period of 3 m, \d+ (m|s).* left$/,
    then: (world) => world.advance(2 * MINUTE),
  },
  {
    guard: "unavailable",
    options: { apps: { app: 4 } },
    given: (world) => world.pm2.die(world.pm2.row("app:3")),
    reason: /^1 of 4 workers of app already unavailable, at most 1 may be$/,
    then: (world) => world.pm2.revive(world.pm2.row("app:3")),
  },
  {
    guard: "unavailable",
    options: { apps: { app: 4 } },
    given: (world) => {
      world.command({ name: "heal", target: "app:3", action: null, force: [] });
    },
    reason: /^1 worker of app is being healed already, at most 1 at once$/,
    then: (world) => world.advance(4 * MINUTE),
  },
  {
    guard: "drain",
    options: { knobs: { drainMs: 30_000 } },
    given: (world) => (world.target("app:0").runningTasks = 2),
    reason: /^2 tasks in hand; waiting up to \d+ s for it to finish$/,
    then: (world) => (world.target("app:0").runningTasks = 0),
  },
  {
    guard: "budget",
    options: { policy: { budget: { tokens: 1, refillMs: 5 * MINUTE } }, apps: { app: 1, other: 1 } },
    given: (world) => void world.command({ name: "heal", target: "other:0", action: null, force: [] }),
    reason: /^the budget of 1 heal is spent; the next is due in 5 m$/,
    then: (world) => world.advance(5 * MINUTE),
  },
];

describe("a guard", () => {
  test.each(CASES)("$guard holds ($reason) and lets pass again", ({ guard, options, given, reason, then }) => {
    const world = new CoreWorld(options);
    given(world);
    world.sicken("app:0");
    world.turn();
    const done = world.executed.length;
    expect(world.lines("hold", "app:0").at(-1)?.more).toMatchObject({ guard });
    expect(world.reasons("hold", "app:0").at(-1)).toMatch(reason);
    world.advance(6000);
    expect(world.executed).toHaveLength(done);
    expect(world.lines("hold", "app:0"), "said once").toHaveLength(1);
    then(world);
    world.advance(2000);
    expect(world.executed.at(-1)?.target).toBe("app:0");
  });

  test("is not even asked about healer itself, its parents and PM2's modules: they are no targets", () => {
    const world = new CoreWorld({ apps: { app: 1, healer: 1 } });
    world.pm2.add("pm2-logrotate", { isModule: true });
    Object.assign(world.state.self, { pids: [1, world.pm2.row("healer:0").pid] });
    world.sicken("healer:0", "pm2-logrotate:0");
    world.advance(10_000);
    expect([...world.state.targets.keys()]).toEqual(["app", "app:0"]);
    expect(world.executed).toEqual([]);
  });

  test("every guard answers in explain, holding or not, and none holds for a healthy worker", () => {
    const world = new CoreWorld();
    const target = world.target("app:0");
    const { guards, decision, reason } = explain(world.state, target);
    expect(guards.map(({ guard }) => guard)).toEqual(GUARDS.map(({ name }) => name));
    expect(guards.filter(({ holds }) => holds)).toEqual([]);
    expect({ decision, reason }).toEqual({ decision: "none", reason: "no symptom" });
  });

  test("that a person overrides is skipped, the others are not", () => {
    const world = new CoreWorld({ uptimeMs: MINUTE, strategy: { mode: "observe" } });
    const target = world.target("app:0");
    const candidate = candidateNow(target, strategyOf(world.state, target));
    expect(whyHold(world.state, candidate)?.guard).toBe("grace");
    expect(whyHold(world.state, candidate, ["grace"])?.guard).toBe("observe");
    expect(whyHold(world.state, candidate, ["grace", "observe"])).toBeNull();
  });
});

describe("unavailable", () => {
  test.each([
    [1, { percent: 20 }, 1],
    [9, { percent: 20 }, 1],
    [10, { percent: 20 }, 2],
    [4, { percent: 50 }, 2],
    [4, { count: 3 }, 3],
  ])("of %i workers with %j lets %i be healed at once", (count, maxUnavailable, most) => {
    const incident = { onsetWindowMs: 0, widePercent: 50, canaryDelayMs: 0, quietMs: 120_000 };
    const world = new CoreWorld({ apps: { app: count }, knobs: { maxUnavailable, incident } });
    for (let instance = 0; instance < count; instance++) {
      world.sicken(`app:${instance}`);
      world.advance(2000);
    }
    const healing = [...world.state.targets.values()].filter(({ control }) => control.phase.name === "verifying");
    expect(healing).toHaveLength(most);
  });

  test("does not count workers an operator has stopped", () => {
    const world = new CoreWorld({ apps: { app: 4 } });
    world.pm2.stop(world.pm2.row("app:3"));
    world.sicken("app:0");
    world.advance(2000);
    expect(world.executed).toHaveLength(1);
  });
});

describe("drain", () => {
  test("counts from when the heal is due, not from when the symptom began", () => {
    const world = new CoreWorld({ knobs: { drainMs: 30_000 } });
    world.target("app:0").runningTasks = 1;
    world.scripts.set("app:0", { ...SICK, sustained: false });
    world.advance(5 * MINUTE);
    world.sicken("app:0");
    world.advance(28_000);
    expect(world.executed).toEqual([]);
    world.advance(6000);
    expect(world.executed).toHaveLength(1);
  });

  test("does not wait for a worker that is dead", () => {
    const world = new CoreWorld({ knobs: { drainMs: 30_000 } });
    world.target("app:0").runningTasks = 1;
    world.scripts.set("app:0", { ...SICK, dead: true });
    world.advance(2000);
    expect(world.executed).toHaveLength(1);
  });
});

describe("the budget", () => {
  test("is five heals at once and one every five minutes after, for all workers together", () => {
    const apps = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`app-${index}`, 1]));
    const world = new CoreWorld({ apps });
    world.sicken(...Object.keys(apps).map((name) => `${name}:0`));
    world.advance(2000);
    expect(world.executed).toHaveLength(5);
    world.advance(60 * MINUTE);
    expect(world.executed.length).toBeLessThanOrEqual(17);
    expect(world.executed.length).toBeGreaterThanOrEqual(16);
  });

  test("gains at most one token while healer is away, however long", () => {
    const world = new CoreWorld();
    world.state.globals.tokens = 0;
    world.save();
    world.kill();
    world.advance(24 * 60 * MINUTE);
    world.boot();
    world.turn();
    expect(world.state.globals.tokens).toBe(1);
  });

  test("gains none for a healer that crashes after every heal, whatever its snapshot says", () => {
    const apps = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`app-${index}`, 1]));
    const world = new CoreWorld({ apps });
    world.state.globals.tokens = 0;
    world.save(); // the only snapshot there will ever be
    world.advance(5 * MINUTE - 4000);
    world.kill();
    world.sicken(...Object.keys(apps).map((name) => `${name}:0`));
    for (let crash = 0; crash < 30; crash++) {
      world.boot();
      for (let turn = 0; turn < 4; turn++) {
        world.nowMs += 2000;
        world.send({ type: "turn", pm2: world.pm2.view(), observations: [], stalledMs: 0 });
        world.advance(1);
      }
      world.kill();
    }
    expect(world.executed.length).toBeLessThanOrEqual(2);
  });
});

describe("status and explain", () => {
  test("say why a sick worker is not healed, in the guard's words", () => {
    const world = new CoreWorld({ uptimeMs: MINUTE });
    world.sicken("app:0");
    world.turn();
    const target = world.target("app:0");
    expect(statusOf(world.state, target)).toMatchObject({
      phase: "suspect",
      symptom: "probe says sick of app:0",
      waits_for: "grace: in its grace period of 3 m, 2 m left",
      needs_person: false,
    });
    expect(explain(world.state, target)).toMatchObject({
      decision: "hold",
      reason: "grace: in its grace period of 3 m, 2 m left",
      streak: { failed: 0, threshold: 3, next_action: "restart" },
    });
  });

  test.each([
    ["verifying", /^heal 2026\d+-\d+-1: watching whether it helped, verdict in \d+ .* at the earliest$/, "busy"],
    ["backoff", /^the last heal did not help; next attempt in \d+ s$/, "hold"],
    ["open", /^circuit open \(failures\); one trial in 3\d m/, "hold"],
  ] as const)("put %s into words", (phase, words, decision) => {
    const world = new CoreWorld();
    world.sicken("app:0");
    world.untilPhase("app:0", phase);
    expect(explain(world.state, world.target("app:0")).state).toMatch(words);
    expect(explain(world.state, world.target("app:0")).decision).toBe(decision);
    expect(statusOf(world.state, world.target("app:0")).needs_person).toBe(phase === "open");
  });

  test("never change what they look at", () => {
    const world = new CoreWorld();
    world.sicken("app:0");
    world.untilPhase("app:0", "backoff");
    const before = JSON.stringify(world.target("app:0"));
    explain(world.state, world.target("app:0"));
    statusOf(world.state, world.target("app:0"));
    expect(JSON.stringify(world.target("app:0"))).toBe(before);
  });
});
