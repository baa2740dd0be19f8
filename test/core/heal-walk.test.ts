import { describe, expect, test } from "vitest";
import { CoreWorld } from "../support/core-world.ts";
import { SICK } from "../support/scripted-rules.ts";
import { flap } from "../support/flapping.ts";

/** The transition table of the decision core, rows 1 to 10: from the first symptom to the action's result. */

const MINUTE = 60_000;
const GRACE = 180_000;

describe("a symptom", () => {
  test("row 1: makes the worker suspect, and nothing is done before it is sustained", () => {
    const world = new CoreWorld();
    world.scripts.set("app:0", { ...SICK, sustained: false });
    world.advance(10 * MINUTE);
    expect(world.phase("app:0", "suspect")).toMatchObject({ trial: false, contain: null });
    expect(world.executed).toEqual([]);
    expect(world.reasons("symptom")).toEqual(["probe says sick of app:0"]);
  });

  test("row 2: that goes by itself leaves a healthy worker", () => {
    const world = new CoreWorld();
    world.scripts.set("app:0", { ...SICK, sustained: false });
    world.advance(MINUTE);
    world.cure("app:0");
    world.advance(2000);
    expect(world.control("app:0").phase).toEqual({ name: "healthy" });
    expect(world.reasons("symptom_cleared")).toEqual(["probe: gone by itself after 1 m; probe says fine of app:0"]);
    expect(world.lines("symptom_cleared")[0]?.more).toMatchObject({ healed: false, after_ms: 60_000 });
  });

  test("row 3: whose heal a guard forbids stays suspect, and the guard is named once", () => {
    const world = new CoreWorld({ uptimeMs: MINUTE });
    world.sicken("app:0");
    world.advance(MINUTE);
    expect(world.control("app:0").phase.name).toBe("suspect");
    expect(world.reasons("hold")).toEqual(["in its grace period of 3 m, 1 m 58 s left"]);
    expect(world.lines("hold")[0]?.more).toMatchObject({ guard: "grace", flip: "the grace period ends" });
  });

  test("row 3: in observe mode writes would_heal once an episode, also when the symptom flickers", () => {
    const world = new CoreWorld({ strategy: { mode: "observe" } });
    world.sicken("app:0");
    world.advance(10 * MINUTE);
    world.scripts.set("app:0", { ...SICK, state: "elevated", sustained: false });
    world.advance(MINUTE);
    world.sicken("app:0");
    world.advance(MINUTE);
    expect(world.reasons("would_heal")).toEqual([
      "probe says sick of app:0; would restart, symptom since 0 s (mode is observe: decided and recorded, not done)",
    ]);
    world.cure("app:0");
    world.advance(MINUTE);
    world.sicken("app:0");
    world.advance(MINUTE);
    expect(world.reasons("would_heal")).toHaveLength(2);
    expect(world.executed).toEqual([]);
  });

  test("row 4: after five heals within the hour opens the circuit: it flaps, although each heal helped", () => {
    const world = new CoreWorld({ policy: { budget: { tokens: 100, refillMs: 1000 } } });
    flap(world, 5);
    expect(world.phase("app:0", "open").why).toBe("flapping");
    expect(world.control("app:0").failedHeals).toBe(0);
    expect(world.executed).toHaveLength(5);
    expect(world.reasons("circuit_open")[0]).toMatch(
      /^healed 5 times within an hour and sick again \(max_heals_per_hour 5\): it flaps; healer leaves app:0 alone for 3\d m/,
    );
  });

  test("row 4: ten heals within a day open it as well", () => {
    const world = new CoreWorld({ policy: { budget: { tokens: 100, refillMs: 1000 } } });
    for (let heal = 0; heal < 10; heal++) {
      world.sicken("app:0");
      world.untilPhase("app:0", "verifying");
      world.cure("app:0");
      world.untilPhase("app:0", "healthy");
      world.advance(20 * MINUTE);
    }
    world.sicken("app:0");
    world.untilPhase("app:0", "open");
    expect(world.reasons("circuit_open")[0]).toContain("healed 10 times within a day and sick again (max_heals_per_day 10): it flaps");
  });
});

describe("the intent", () => {
  test("row 5: is written with its pre-image before anything happens, takes a token, and names rule, action and evidence", () => {
    const world = new CoreWorld();
    world.faults.confirmTakesMs = 1000;
    world.sicken("app:0");
    world.turn();
    expect(world.phase("app:0", "intent")).toMatchObject({ step: "all", heal: { rule: "probe", action: "restart", trial: false } });
    expect(world.executed).toEqual([]);
    expect(world.state.globals.tokens).toBe(4);
    expect(world.notes("intent")).toEqual([
      {
        action: "restart",
        rule: "probe",
        evidence: "probe says sick of app:0",
        pre: { pm_id: 0, pid: 100, pm_uptime: world.wallMs - 3_600_000, restart_time: 0, status: "online" },
      },
    ]);
    expect(world.reasons("heal_intent")).toEqual(["probe says sick of app:0; action: restart (heal 1 of 3 before giving up)"]);
  });

  test("row 6: once durable and the world unchanged, is executed exactly once", () => {
    const world = new CoreWorld();
    world.faults.takesMs = 1000;
    world.sicken("app:0");
    world.turn();
    const { heal } = world.phase("app:0", "acting");
    expect(world.executed).toMatchObject([{ healId: heal.id, action: "restart", step: "all", row: { pid: 100 } }]);
    world.send({ type: "durable", target: "app:0", healId: heal.id, pm2: world.pm2.view() });
    world.advance(GRACE);
    expect(world.executed).toHaveLength(1);
  });

  test("row 7: is aborted and its token given back when the worker crashed meanwhile", () => {
    const world = new CoreWorld();
    world.faults.confirmTakesMs = 1000;
    world.sicken("app:0");
    world.turn();
    world.pm2.crash(world.pm2.row("app:0"));
    world.cure("app:0");
    world.advance(2000);
    expect(world.executed).toEqual([]);
    expect(world.control("app:0")).toMatchObject({ phase: { name: "healthy" }, failedHeals: 0 });
    expect(world.state.globals.tokens).toBe(5);
    expect(world.notes("outcome")).toEqual([
      { verdict: "aborted", reason: "nothing was done: it is another process than the one judged (pid 100 then, 101 now)", streak: 0 },
    ]);
  });

  test.each([
    ["paused", { name: "pause", target: "app:0", forMs: null, reason: "" }],
    ["paused as a whole", { name: "pause", target: null, forMs: null, reason: "" }],
  ] as const)("is aborted when somebody has %s it meanwhile", (_what, command) => {
    const world = new CoreWorld();
    world.faults.confirmTakesMs = 1000;
    world.sicken("app:0");
    world.turn();
    world.command(command);
    world.advance(4000);
    expect(world.executed).toEqual([]);
    expect(world.reasons("heal_verdict")[0]).toMatch(/^aborted: nothing was done: paused by operator/);
  });

  test("is aborted when the mode has become observe meanwhile", () => {
    const world = new CoreWorld();
    world.faults.confirmTakesMs = 1000;
    world.sicken("app:0");
    world.turn();
    const strategies = world.policy.strategies.map((strategy) => ({ ...strategy, mode: "observe" as const }));
    world.setPolicy({ ...world.policy, strategies });
    world.advance(4000);
    expect(world.executed).toEqual([]);
    expect(world.reasons("heal_verdict")).toEqual(["aborted: nothing was done: mode is observe: decided and recorded, not done"]);
  });

  test("is aborted when PM2 cannot be read after it was written", () => {
    const world = new CoreWorld();
    world.faults.confirmTakesMs = 1000;
    world.sicken("app:0");
    world.turn();
    world.pm2.lost = "no answer in 5 s";
    world.advance(2000);
    expect(world.executed).toEqual([]);
    expect(world.reasons("heal_verdict")).toEqual(["aborted: PM2 could not be read before acting: no answer in 5 s"]);
    expect(world.state.globals.tokens).toBe(5);
  });

  test("row 8: that cannot be written is not acted on, and a person is told once, until the journal works again", () => {
    const world = new CoreWorld({ apps: { app: 1, other: 1 } });
    world.faults.journal = "no space left on device";
    world.sicken("app:0", "other:0");
    world.advance(5 * MINUTE);
    expect(world.executed).toEqual([]);
    expect(world.reasons("alert")).toEqual([
      "the journal could not be written (no space left on device): healer only watches until it can",
    ]);
    expect(world.state.globals.tokens).toBe(5);
    world.faults.journal = null;
    world.advance(2 * MINUTE);
    expect(world.executed.map(({ target }) => target).sort()).toEqual(["app:0", "other:0"]);
    expect(world.state.journalError).toBeNull();
    world.faults.journal = "I/O error";
    world.command({ name: "pause", target: "app:0", forMs: null, reason: "" });
    expect(world.reasons("alert"), "also when no action was waiting for the record").toHaveLength(2);
  });
});

describe("the action", () => {
  test("row 9: done, begins the watch with a new epoch", () => {
    const world = new CoreWorld();
    world.sicken("app:0");
    world.turn();
    expect(world.phase("app:0", "verifying")).toMatchObject({ error: null, sinceMs: world.nowMs });
    expect(world.target("app:0").epoch).toMatchObject({ atMs: world.nowMs, ignoreTasksUntilMs: world.nowMs + 10_000 });
    expect(world.reasons("heal_action")).toEqual(["restart of app:0 done in 0 ms, new pid 101"]);
    expect(world.reasons("external_restart")).toEqual([]);
  });

  test("row 10: that failed is watched too, because only the world says what it did", () => {
    const world = new CoreWorld();
    world.faults.action = "error";
    world.sicken("app:0");
    world.turn();
    expect(world.phase("app:0", "verifying").error).toBe("PM2 says no");
    expect(world.reasons("heal_action")).toEqual(["restart of app:0 failed after 0 ms: PM2 says no"]);
  });

  test("row 10: that never reports is given up after its deadline, and a late report changes nothing", () => {
    const world = new CoreWorld();
    world.faults.action = "silent";
    world.sicken("app:0");
    world.turn();
    const { heal, deadlineMs } = world.phase("app:0", "acting");
    world.advance(deadlineMs - world.nowMs + 4000);
    expect(world.phase("app:0", "verifying").error).toBe("no result within its deadline");
    const before = JSON.stringify(world.control("app:0"));
    world.send({ type: "action_done", target: "app:0", healId: heal.id, ok: true, error: null, tookMs: 1, pm2: world.pm2.view() });
    expect(JSON.stringify(world.control("app:0"))).toBe(before);
  });

  test("under which the row vanishes ends aborted, once", () => {
    const world = new CoreWorld({ apps: { app: 1, other: 1 } });
    world.faults.takesMs = 1000;
    world.sicken("app:0");
    world.turn();
    world.pm2.delete(world.pm2.row("app:0"));
    world.advance(4000);
    expect(world.notes("outcome")).toMatchObject([
      { verdict: "aborted", reason: "gone from PM2's list (deleted or renamed) before the verdict" },
    ]);
    expect(world.notes("step")).toEqual([]);
  });
});
