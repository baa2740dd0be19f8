import { describe, expect, test } from "vitest";
import { KNOBS } from "../support/core-policy.ts";
import { CoreWorld, type WorldOptions } from "../support/core-world.ts";

/** A crash loop is stopped, waits its backoff, and is started once: a trial, proven by living (decision-core §4.5). */

const MINUTE = 60_000;

function crash(world: CoreWorld, times: number, everyMs = 2000): void {
  for (let count = 0; count < times; count++) {
    world.advance(everyMs);
    world.pm2.crash(world.pm2.row("app:0"));
    world.turn();
  }
}

function crashLooping(options: WorldOptions = {}): CoreWorld {
  const world = new CoreWorld(options);
  crash(world, 3);
  return world;
}

/** Lives, crashes again as soon as it is started, until the circuit opens. */
function incurable(options: WorldOptions = {}): CoreWorld {
  const world = crashLooping(options);
  for (let trial = 0; trial < 3; trial++) {
    world.untilPhase("app:0", "verifying");
    crash(world, 1);
  }
  return world;
}

function steps(world: CoreWorld): string[] {
  return world.executed.map(({ action, step }) => `${action} ${step}`);
}

describe("a crash loop", () => {
  test("is stopped at once, also within its grace period, and costs no token yet", () => {
    const world = crashLooping({ uptimeMs: 10_000 });
    expect(steps(world)).toEqual(["hold-down stop"]);
    expect(world.pm2.row("app:0").status).toBe("stopped");
    expect(world.phase("app:0", "held").heal).toMatchObject({ action: "hold-down", rule: "storm" });
    expect(world.state.globals.tokens).toBe(5);
    expect(world.reasons("heal_intent")).toEqual(["3 exits; action: stop it, wait, start it once (heal 1 of 3 before giving up)"]);
    expect(world.reasons("hold")[0]).toMatch(/^stopped; will be started once in (1[5-9]|2\d|30) s$/);
  });

  test("is started once when its backoff is over, for one token", () => {
    const world = crashLooping();
    const { resumeAtMs } = world.phase("app:0", "held");
    world.untilPhase("app:0", "verifying");
    expect(steps(world)).toEqual(["hold-down stop", "hold-down start"]);
    expect(world.executed[1]?.atMs).toBeGreaterThanOrEqual(resumeAtMs);
    expect(new Set(world.executed.map(({ healId }) => healId)).size).toBe(1);
    expect(world.state.globals.tokens).toBe(4);
    expect(world.lines("external_restart")).toEqual([]);
  });

  test("is proven over by a minute of life, without waiting for a grace period", () => {
    const world = crashLooping();
    world.untilPhase("app:0", "verifying");
    world.advance(58_000);
    expect(world.control("app:0").phase.name).toBe("verifying");
    world.advance(4000);
    expect(world.control("app:0")).toMatchObject({ phase: { name: "healthy" }, failedHeals: 0 });
    expect(world.lines("heal_verdict").at(-1)?.more).toMatchObject({ verdict: "recovered" });
  });

  test("whose trial crashes is stopped again at once and waits longer", () => {
    const world = crashLooping();
    world.untilPhase("app:0", "verifying");
    crash(world, 1);
    expect(steps(world)).toEqual(["hold-down stop", "hold-down start", "hold-down stop"]);
    expect(world.control("app:0").failedHeals).toBe(1);
    const waitMs = world.phase("app:0", "held").resumeAtMs - world.nowMs;
    expect(waitMs).toBeGreaterThanOrEqual(28_000);
    expect(waitMs).toBeLessThanOrEqual(60_000);
    expect(world.reasons("heal_intent").at(-1)).toMatch(
      /^the last heal did not help \(.+\); action: stop it, wait, start it once \(heal 2 of 3/,
    );
  });

  test("after the third failed trial opens the circuit with the row stopped, and a person is told", () => {
    const world = incurable();
    expect(world.control("app:0")).toMatchObject({ phase: { name: "open", why: "failures" }, failedHeals: 3, opens: 1 });
    expect(world.pm2.row("app:0").status).toBe("stopped");
    expect(steps(world).filter((step) => step === "hold-down start")).toHaveLength(3);
    expect(world.reasons("circuit_open")).toHaveLength(1);
    expect(world.reasons("circuit_open")[0]).toMatch(
      /^3 heals in a row did not help; it is stopped meanwhile; .* After the repair: healer reset app:0$/,
    );
  });

  test("and from then on the cool-down paces the trials, each twice as far from the last", () => {
    const world = incurable();
    const waits: number[] = [];
    for (let trial = 0; trial < 3; trial++) {
      waits.push(world.phase("app:0", "open").untilMs - world.nowMs);
      world.untilPhase("app:0", "verifying");
      crash(world, 1);
    }
    const minutes = waits.map((waitMs) => waitMs / MINUTE);
    for (const [index, least] of [30, 60, 120].entries()) {
      expect(minutes[index]).toBeGreaterThanOrEqual(least - 0.1);
      expect(minutes[index]).toBeLessThanOrEqual(least * 1.25);
    }
    expect(world.control("app:0")).toMatchObject({ failedHeals: 3, opens: 4 });
  });

  test("comes back by itself after the repair: the next trial lives, and everything is forgiven", () => {
    const world = incurable();
    world.untilPhase("app:0", "healthy");
    expect(world.control("app:0")).toMatchObject({ failedHeals: 0, opens: 0 });
    expect(world.pm2.row("app:0").status).toBe("online");
  });

  test("is started at once by a reset", () => {
    const world = incurable();
    expect(world.command({ name: "reset", target: "app:0" }).text).toBe("app:0: reset, it is started now");
    world.advance(2000);
    expect(world.control("app:0")).toMatchObject({ phase: { name: "verifying" }, failedHeals: 0, opens: 0 });
    expect(world.pm2.row("app:0").status).toBe("online");
  });

  test("is reset by one record: between two a crash would leave it down, and nobody the wiser", () => {
    const world = incurable();
    const before = world.journal.length;
    world.command({ name: "reset", target: "app:0" });
    expect(world.journal.slice(before)).toMatchObject([{ kind: "control", control: { phase: { name: "held" } }, note: { reset: true } }]);
  });

  test("that an operator starts during its backoff is the operator's", () => {
    const world = crashLooping();
    world.pm2.start(world.pm2.row("app:0"));
    world.advance(2000);
    expect(world.control("app:0").phase.name).toBe("settling");
    expect(world.reasons("heal_verdict")).toEqual(["aborted: superseded: somebody else restarted it before the verdict"]);
  });

  test("that an operator starts with the circuit open closes its heal, keeps the circuit, and is watched", () => {
    const world = incurable();
    world.pm2.start(world.pm2.row("app:0"));
    world.advance(2000);
    expect(world.phase("app:0", "open")).toMatchObject({ heal: null, restartedAtMs: world.nowMs });
    const outcomes = world.journal.filter(({ kind }) => kind === "outcome").map(({ healId }) => healId);
    expect(new Set(outcomes).size).toBe(outcomes.length);
    expect(outcomes).toHaveLength(world.notes("intent").length);
    world.advance(3 * MINUTE + 2000);
    expect(world.control("app:0").phase.name).toBe("healthy");
  });

  test("that PM2 has given up is stopped, waited for and started too", () => {
    const world = new CoreWorld();
    world.pm2.giveUp(world.pm2.row("app:0"));
    world.untilPhase("app:0", "verifying", MINUTE);
    expect(steps(world)).toEqual(["hold-down stop", "hold-down start"]);
  });

  test("that every trial seems to cure flaps: after five within the hour the circuit opens around the stopped row", () => {
    const world = new CoreWorld({ policy: { budget: { tokens: 100, refillMs: 1000 } } });
    for (let loop = 0; loop < 5; loop++) {
      crash(world, 3);
      world.untilPhase("app:0", "healthy");
    }
    crash(world, 3);
    world.untilPhase("app:0", "open", 10_000);
    expect(world.phase("app:0", "open")).toMatchObject({ why: "flapping", heal: { action: "hold-down" } });
    expect(world.pm2.row("app:0").status).toBe("stopped");
    expect(world.reasons("circuit_open")[0]).toContain("healed 5 times within an hour");
  });
});

describe("what must not leave the row down for ever", () => {
  test("a start that finds the budget spent waits for a token", () => {
    const world = crashLooping({ policy: { budget: { tokens: 1, refillMs: 10 * MINUTE } }, apps: { app: 1, other: 1 } });
    world.sicken("other:0");
    world.advance(5 * MINUTE);
    expect(world.control("app:0").phase.name).toBe("held");
    expect(world.reasons("hold", "app:0").at(-1)).toMatch(/^the budget of 1 heal is spent; the next is due in/);
    world.untilPhase("app:0", "verifying", 10 * MINUTE);
  });

  test("a start whose record cannot be written is tried again when the journal works", () => {
    const world = crashLooping();
    world.faults.journal = "no space left on device";
    world.advance(3 * MINUTE);
    expect(world.control("app:0").phase.name).toBe("held");
    expect(world.state.globals.tokens).toBe(5);
    world.faults.journal = null;
    world.untilPhase("app:0", "verifying", 2 * MINUTE);
  });

  test("a start before which PM2 cannot be read is tried again", () => {
    const world = crashLooping();
    world.faults.confirmTakesMs = 1000;
    world.untilPhase("app:0", "intent");
    world.pm2.lost = "no answer";
    world.advance(2000);
    expect(world.control("app:0").phase.name).toBe("held");
    expect(world.state.globals.tokens).toBe(5);
    world.pm2.lost = null;
    world.untilPhase("app:0", "verifying", MINUTE);
    expect(world.notes("outcome")).toEqual([]);
  });

  test.each([1, 3])("whose stop was the last thing PM2 did for a while is nobody else's (threshold %i)", (consecutiveFailuresThreshold) => {
    const world = new CoreWorld({ knobs: { consecutiveFailuresThreshold, circuit: { ...KNOBS.circuit, coolDownMs: 5 * MINUTE } } });
    world.faults.takesMs = 500;
    crash(world, 3);
    if (consecutiveFailuresThreshold === 1) {
      world.untilPhase("app:0", "verifying");
      crash(world, 1);
    }
    world.pm2.lost = "no answer in 5 s"; // the stop is under way, and ends with no list behind it
    world.advance(10 * MINUTE);
    world.pm2.lost = null;
    world.advance(10 * MINUTE);
    expect(world.pm2.row("app:0").pid).not.toBeNull();
    expect(world.reasons("heal_verdict").filter((reason) => reason.includes("somebody"))).toEqual([]);
  });

  test("a stop that never reported and was done while PM2 was out of sight is a stop", () => {
    const world = new CoreWorld();
    world.faults.action = "silent";
    world.pm2.giveUp(world.pm2.row("app:0"));
    world.advance(2000);
    world.pm2.lost = "no answer";
    world.advance(2 * MINUTE);
    world.pm2.lost = null;
    world.faults.action = "ok";
    world.untilPhase("app:0", "verifying", 2 * MINUTE);
    expect(world.control("app:0").failedHeals).toBe(0);
  });

  test("a start that fails counts as a failed heal and is tried again, until the circuit opens around it", () => {
    const world = crashLooping();
    world.untilPhase("app:0", "held");
    world.faults.action = "error";
    world.until(() => world.control("app:0").failedHeals === 1, MINUTE);
    expect(world.reasons("heal_verdict")).toEqual(["failed: it was stopped and could not be started: PM2 says no"]);
    world.untilPhase("app:0", "open", 10 * MINUTE);
    world.faults.action = "ok";
    world.untilPhase("app:0", "healthy", 60 * MINUTE);
    expect(world.pm2.row("app:0").status).toBe("online");
  });

  test.each(["restart", "stop-start"])("a start that fails, and a person's %s of it before the next turn: it comes up", (action) => {
    const world = crashLooping();
    world.untilPhase("app:0", "held");
    world.faults.action = "error";
    world.until(() => world.control("app:0").failedHeals === 1, MINUTE);
    world.faults.action = "ok";
    expect(world.phase("app:0", "suspect").contain).not.toBeNull();
    const order = { name: "heal", target: "app:0", action, force: ["grace"] } as const;
    expect(world.command(order)).toMatchObject({ code: 0 });
    world.advance(4000);
    expect(world.pm2.row("app:0").status).toBe("online");
  });

  test("a stop-start that stopped it and could not start it", () => {
    const world = new CoreWorld({ strategy: { actions: ["stop-start"] } });
    world.faults.takesMs = 1000;
    world.sicken("app:0");
    world.turn();
    world.advance(500);
    world.kill(); // between the two halves
    world.advance(2000);
    expect(world.pm2.row("app:0").status).toBe("stopped");
    world.faults.action = "error";
    world.boot();
    world.advance(MINUTE);
    expect(world.reasons("heal_verdict")).toContain("failed: it was stopped and could not be started: PM2 says no");
    world.faults.action = "ok";
    world.until(() => world.pm2.row("app:0").status === "online", 60 * MINUTE);
  });

  test("a configuration that no longer selects it is at least told how to start it", () => {
    const world = crashLooping();
    world.setPolicy({ ...world.policy, strategies: [] });
    expect(world.reasons("target_gone")[0]).toMatch(/healer had stopped it; to start it: pm2 start 0$/);
    expect(world.lines("target_gone")).toMatchObject([{ level: "warn" }]);
  });

  test("mode observe does not: what was begun is finished", () => {
    const world = crashLooping();
    const strategies = world.policy.strategies.map((strategy) => ({ ...strategy, mode: "observe" as const }));
    world.setPolicy({ ...world.policy, strategies });
    world.untilPhase("app:0", "verifying", MINUTE);
  });
});
