import { describe, expect, test } from "vitest";
import { CoreWorld, type WorldOptions } from "../support/core-world.ts";
import { SICK } from "../support/scripted-rules.ts";
import { flap } from "../support/flapping.ts";

/** Rows 19 to 22: the circuit, its trials, and the ways out of it. */

const MINUTE = 60_000;

function opened(options: WorldOptions = {}): CoreWorld {
  const world = new CoreWorld({ policy: { budget: { tokens: 100, refillMs: 1000 } }, ...options });
  world.sicken("app:0");
  world.untilPhase("app:0", "open");
  return world;
}

/** A heal that ends without a proof either way. */
function healUnproven(world: CoreWorld): void {
  world.sicken("app:0");
  world.untilPhase("app:0", "verifying");
  world.scripts.set("app:0", { ...SICK, state: "unknown", verdict: "undecided" });
  world.untilPhase("app:0", "healthy");
}

describe("an open circuit", () => {
  test("row 19: acts on nothing for the whole cool-down of 30 m and up to a quarter more", () => {
    const world = opened();
    const { untilMs } = world.phase("app:0", "open");
    expect(untilMs - world.nowMs).toBeGreaterThanOrEqual(30 * MINUTE);
    expect(untilMs - world.nowMs).toBeLessThanOrEqual(37.5 * MINUTE);
    world.advance(untilMs - world.nowMs - 2000);
    expect(world.executed).toHaveLength(3);
    expect(world.phase("app:0", "open").untilMs).toBe(untilMs);
  });

  test("row 20: closes when the cool-down is over and the symptom has gone by itself", () => {
    const world = opened();
    world.cure("app:0");
    world.untilPhase("app:0", "healthy");
    expect(world.control("app:0")).toMatchObject({ failedHeals: 0, opens: 0 });
    expect(world.lines("circuit_closed")).toMatchObject([{ more: { how: "self_recovered" } }]);
    expect(world.executed).toHaveLength(3);
  });

  test("row 21: tries one trial with the gentlest action when it is still bad, and a failed trial doubles the cool-down", () => {
    const world = opened();
    world.untilPhase("app:0", "verifying");
    expect(world.phase("app:0", "verifying").heal).toMatchObject({ trial: true, action: "restart" });
    expect(world.reasons("circuit_half_open")).toEqual(["the cool-down is over and it is still bad: one trial heal"]);
    expect(world.reasons("heal_intent").at(-1)).toBe("probe says sick of app:0; action: restart (trial)");
    world.untilPhase("app:0", "open");
    expect(world.control("app:0")).toMatchObject({ failedHeals: 3, opens: 2 });
    expect(world.executed).toHaveLength(4);
    const coolDownMs = world.phase("app:0", "open").untilMs - world.nowMs;
    expect(coolDownMs).toBeGreaterThanOrEqual(60 * MINUTE);
    expect(coolDownMs).toBeLessThanOrEqual(75 * MINUTE);
  });

  test("row 21: makes its trial also where the last heal had ended unproven; that one counts now, and opens nothing again", () => {
    const world = new CoreWorld({ policy: { budget: { tokens: 100, refillMs: 1000 } }, knobs: { consecutiveFailuresThreshold: 1 } });
    for (let heal = 0; heal < 5; heal++) {
      world.sicken("app:0");
      world.untilPhase("app:0", "verifying");
      if (heal < 4) world.cure("app:0");
      else world.scripts.set("app:0", { ...SICK, state: "unknown", verdict: "undecided" });
      world.untilPhase("app:0", "healthy");
    }
    world.sicken("app:0");
    world.untilPhase("app:0", "open");
    expect(world.control("app:0")).toMatchObject({ phase: { why: "flapping" }, opens: 1, unproven: true });
    world.untilPhase("app:0", "verifying");
    expect(world.phase("app:0", "verifying").heal).toMatchObject({ trial: true, action: "restart" });
    expect(world.control("app:0")).toMatchObject({ failedHeals: 1, opens: 1, unproven: false });
    expect(world.lines("circuit_open")).toHaveLength(1);
    expect(world.executed).toHaveLength(6);
  });

  test("row 21: a recovered trial forgives everything", () => {
    const world = opened();
    world.untilPhase("app:0", "verifying");
    world.cure("app:0");
    world.untilPhase("app:0", "healthy");
    expect(world.control("app:0")).toMatchObject({ failedHeals: 0, opens: 0 });
  });

  test("never cools down for more than six hours and a quarter", () => {
    const world = opened({ knobs: { consecutiveFailuresThreshold: 1 } });
    for (let trial = 0; trial < 6; trial++) {
      world.untilPhase("app:0", "verifying");
      world.untilPhase("app:0", "open");
    }
    expect(world.reasons("circuit_open")[0]).toMatch(/^the last heal did not help; healer leaves app:0 alone/);
    const coolDownMs = world.phase("app:0", "open").untilMs - world.nowMs;
    expect(coolDownMs).toBeGreaterThanOrEqual(360 * MINUTE);
    expect(coolDownMs).toBeLessThanOrEqual(450 * MINUTE);
  });

  test("a trial that was never carried out is due again at once, and the circuit is still open", () => {
    const world = opened();
    const { untilMs } = world.phase("app:0", "open");
    world.faults.confirmTakesMs = 1000;
    world.untilPhase("app:0", "intent");
    world.pm2.lost = "no answer";
    world.advance(2000);
    expect(world.control("app:0")).toMatchObject({ phase: { name: "suspect", trial: true }, failedHeals: 3 });
    expect(world.nowMs).toBeGreaterThan(untilMs);
    world.pm2.lost = null;
    world.untilPhase("app:0", "verifying");
    expect(world.phase("app:0", "verifying").heal.trial).toBe(true);
  });

  test("stays open while its operator keeps the worker stopped", () => {
    const world = opened();
    world.pm2.stop(world.pm2.row("app:0"));
    world.advance(120 * MINUTE);
    expect(world.control("app:0")).toMatchObject({ phase: { name: "open" }, failedHeals: 3 });
    expect(world.executed).toHaveLength(3);
  });
});

describe("a reset (row 22)", () => {
  test("closes an open circuit and forgets the streak", () => {
    const world = opened();
    const reply = world.command({ name: "reset", target: "app:0" }, "anna");
    expect(reply).toMatchObject({ code: 0, text: "app:0: reset, it is watched as before" });
    expect(world.control("app:0")).toMatchObject({ phase: { name: "healthy" }, failedHeals: 0, opens: 0, healsAtMs: [] });
    expect(world.lines("reset")).toMatchObject([{ reason: "streak and circuit reset by anna", more: { by: "anna", streak: 3 } }]);
    expect(world.notes("control").at(-1)).toEqual({ reset: true, by: "anna" });
  });

  test("ends a backoff", () => {
    const world = new CoreWorld();
    world.sicken("app:0");
    world.untilPhase("app:0", "backoff");
    world.command({ name: "reset", target: "app:0" });
    expect(world.control("app:0")).toMatchObject({ phase: { name: "healthy" }, failedHeals: 0 });
  });

  test("holds the tasks that failed before it against nobody; what else is seen of the worker stays", () => {
    const world = opened();
    const { policy } = world;
    const rules = policy.strategies.flatMap(({ rules: [probe] }) =>
      probe === undefined ? [] : [probe, { ...probe, key: "rate", scope: "tasks" as const }],
    );
    world.setPolicy({ ...policy, strategies: policy.strategies.map((strategy) => ({ ...strategy, rules })) });
    world.advance(MINUTE);
    const memories = (): unknown[] => world.target("app:0").rules.map(({ memory }) => memory);
    const [ofProbe, ofRate] = memories();
    world.command({ name: "reset", target: "app:0" });
    expect(memories()[0]).toEqual(ofProbe);
    expect(memories()[1]).not.toEqual(ofRate);
  });

  test("of a group resets its workers", () => {
    const world = opened();
    expect(world.command({ name: "reset", target: "app" }).text).toBe("app: reset, it is watched as before");
    expect(world.control("app:0").phase.name).toBe("healthy");
  });

  test("of something that has nothing to reset says so", () => {
    const world = new CoreWorld();
    expect(world.command({ name: "reset", target: "app:0" })).toMatchObject({
      code: 0,
      text: "app:0: no open circuit and no failed heals; nothing to reset",
    });
    expect(world.lines("reset")).toEqual([]);
  });
});

describe("on_open: stop", () => {
  const options: WorldOptions = { knobs: { onOpen: "stop" }, apps: { app: 2 } };

  test("stops the worker whose circuit opens, and starts it once as a trial when the cool-down is over", () => {
    const world = opened(options);
    expect(world.pm2.row("app:0").status).toBe("stopped");
    expect(world.phase("app:0", "open").heal).not.toBeNull();
    expect(world.reasons("circuit_open")[0]).toMatch(/^3 heals in a row did not help; it is stopped meanwhile; healer leaves app:0 alone/);
    world.untilPhase("app:0", "verifying");
    world.cure("app:0");
    world.advance(60_000);
    expect(world.control("app:0").phase.name, "the rule that fired takes its time, as after any heal").toBe("verifying");
    world.untilPhase("app:0", "healthy");
    expect(world.control("app:0")).toMatchObject({ failedHeals: 0, opens: 0 });
  });

  test("keeps the group's last running worker up", () => {
    const world = opened({ ...options, apps: { app: 1 } });
    expect(world.pm2.row("app:0").status).toBe("online");
    expect(world.phase("app:0", "open").heal).toBeNull();
  });

  test("stops a flapping worker as well", () => {
    const world = new CoreWorld({ ...options, policy: { budget: { tokens: 100, refillMs: 1000 } } });
    flap(world, 5);
    expect(world.pm2.row("app:0").status).toBe("stopped");
    expect(world.phase("app:0", "open")).toMatchObject({ why: "flapping", heal: { action: "hold-down" } });
  });

  test("and the third unproven heal stop it too", () => {
    const world = new CoreWorld(options);
    for (let heal = 0; heal < 3; heal++) healUnproven(world);
    world.sicken("app:0");
    world.untilPhase("app:0", "open");
    expect(world.pm2.row("app:0").status).toBe("stopped");
    expect(world.control("app:0")).toMatchObject({ failedHeals: 3, opens: 1 });
  });

  test("a flapping worker whose last heal ended unproven is stopped, and its circuit opens once", () => {
    const world = new CoreWorld({ ...options, knobs: { ...options.knobs, consecutiveFailuresThreshold: 1, maxHealsPerHour: 1 } });
    healUnproven(world);
    world.sicken("app:0");
    world.untilPhase("app:0", "open");
    expect(world.pm2.row("app:0").status).toBe("stopped");
    expect(world.control("app:0")).toMatchObject({ failedHeals: 1, opens: 1, unproven: false });
  });
});
