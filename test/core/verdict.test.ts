import { describe, expect, test } from "vitest";
import { CoreWorld } from "../support/core-world.ts";
import { SICK } from "../support/scripted-rules.ts";

/** The transition table of the decision core, rows 11 to 18: the verdict, and what follows it. */

const MINUTE = 60_000;
const GRACE = 180_000;

describe("the verdict", () => {
  test("row 12: is not given within the grace period, however good or bad it looks", () => {
    for (const verdict of ["recovered", "failed"] as const) {
      const world = new CoreWorld();
      world.sicken("app:0");
      world.turn();
      world.scripts.set("app:0", { ...SICK, state: "fine", verdict });
      world.advance(GRACE - 4000);
      expect(world.control("app:0").phase.name).toBe("verifying");
      world.advance(6000);
      expect(world.control("app:0").phase.name).not.toBe("verifying");
    }
  });

  test("row 13: recovered forgives the streak and says how long it took", () => {
    const world = new CoreWorld();
    world.sicken("app:0");
    world.untilPhase("app:0", "backoff");
    world.untilPhase("app:0", "verifying");
    world.advance(60_000);
    world.cure("app:0");
    world.untilPhase("app:0", "healthy");
    expect(world.control("app:0")).toMatchObject({ failedHeals: 0, opens: 0, unproven: false });
    const verdict = world.lines("heal_verdict").at(-1);
    expect(verdict?.reason).toBe("recovered: probe says fine of app:0");
    expect(verdict?.more).toMatchObject({ verdict: "recovered", streak: 0, threshold: 3 });
    expect(world.lines("symptom_cleared")[0]?.more).toMatchObject({ healed: true });
    expect(verdict?.more?.["time_to_recover_ms"]).toBe(world.lines("symptom_cleared")[0]?.more?.["after_ms"]);
  });

  test("row 14: failed costs a backoff of 15 to 30 s that doubles, and the next heal is one rung further", () => {
    const world = new CoreWorld();
    world.sicken("app:0");
    world.untilPhase("app:0", "backoff");
    const first = world.phase("app:0", "backoff").untilMs - world.nowMs;
    expect(first).toBeGreaterThanOrEqual(15_000);
    expect(first).toBeLessThanOrEqual(30_000);
    expect(world.control("app:0").failedHeals).toBe(1);
    expect(world.reasons("heal_verdict")).toEqual(["failed: probe says sick of app:0"]);
    world.untilPhase("app:0", "verifying");
    world.untilPhase("app:0", "backoff");
    const second = world.phase("app:0", "backoff").untilMs - world.nowMs;
    expect(second).toBeGreaterThanOrEqual(30_000);
    expect(second).toBeLessThanOrEqual(60_000);
    expect(world.executed.map(({ action }) => action)).toEqual(["restart", "stop-start"]);
  });

  test("row 15: the third failure in a row opens the circuit and tells a person", () => {
    const world = new CoreWorld();
    world.sicken("app:0");
    world.untilPhase("app:0", "open");
    expect(world.control("app:0")).toMatchObject({ failedHeals: 3, opens: 1 });
    expect(world.executed.map(({ action }) => action)).toEqual(["restart", "stop-start", "stop-start"]);
    expect(world.lines("circuit_open")).toMatchObject([{ level: "error", more: { why: "failures", streak: 3, threshold: 3 } }]);
    expect(world.reasons("circuit_open")[0]).toMatch(/^3 heals in a row did not help; .* After the repair: healer reset app:0$/);
  });

  test("is failed at once when the worker crash-loops after the heal", () => {
    const world = new CoreWorld();
    world.sicken("app:0");
    world.turn();
    world.scripts.set("app:0", { ...SICK, state: "unknown", verdict: "undecided" });
    for (let crash = 0; crash < 3; crash++) {
      world.advance(10_000);
      world.pm2.crash(world.pm2.row("app:0"));
    }
    world.advance(2000);
    expect(world.reasons("heal_verdict")).toEqual(["failed: it does not live (storm)"]);
    world.advance(2000);
    expect(
      world.executed.map(({ action, step }) => `${action} ${step}`),
      "and the loop is stopped at once",
    ).toEqual(["restart all", "hold-down stop"]);
  });

  test("row 16: none within the time allowed is inconclusive; sick again, it counts, and the next rung is tried", () => {
    const world = new CoreWorld();
    world.sicken("app:0");
    world.turn();
    world.scripts.set("app:0", { ...SICK, state: "unknown", verdict: "undecided" });
    world.advance(30 * MINUTE + 4000);
    expect(world.control("app:0")).toMatchObject({ phase: { name: "healthy" }, failedHeals: 0, unproven: true });
    expect(world.reasons("heal_verdict")[0]).toMatch(/^inconclusive: not enough evidence within 30 m;/);
    world.sicken("app:0");
    world.advance(4000);
    expect(world.control("app:0")).toMatchObject({ failedHeals: 1, unproven: false });
    expect(world.executed.map(({ action }) => action)).toEqual(["restart", "stop-start"]);
  });

  test("row 16: the third unproven heal in a row opens the circuit instead of a fourth", () => {
    const world = new CoreWorld();
    for (let heal = 0; heal < 3; heal++) {
      world.sicken("app:0");
      world.untilPhase("app:0", "verifying");
      world.scripts.set("app:0", { ...SICK, state: "unknown", verdict: "undecided" });
      world.untilPhase("app:0", "healthy");
    }
    world.sicken("app:0");
    world.advance(4000);
    expect(world.control("app:0")).toMatchObject({ phase: { name: "open", why: "failures" }, failedHeals: 3, opens: 1 });
    expect(world.executed).toHaveLength(3);
    expect(world.reasons("circuit_open")[0]).toContain("the last one ended unproven, and the symptom is back");
  });

  test("row 16: none, although the action failed and nothing changed, is a failure", () => {
    const world = new CoreWorld();
    world.faults.action = "error";
    world.sicken("app:0");
    world.turn();
    world.scripts.set("app:0", { ...SICK, state: "unknown", verdict: "undecided" });
    world.untilPhase("app:0", "backoff");
    expect(world.reasons("heal_verdict")).toEqual(["failed: the action failed and nothing changed: PM2 says no"]);
  });
});

describe("the backoff", () => {
  test("row 17: over and still bad, the next heal begins", () => {
    const world = new CoreWorld();
    world.sicken("app:0");
    world.untilPhase("app:0", "backoff");
    const { untilMs } = world.phase("app:0", "backoff");
    world.untilPhase("app:0", "verifying");
    expect(world.executed[1]?.atMs).toBeGreaterThanOrEqual(untilMs);
    expect(world.executed[1]?.atMs).toBeLessThanOrEqual(untilMs + 2000);
  });

  test("row 18: over and no longer bad, the worker is healthy but the streak is kept", () => {
    const world = new CoreWorld();
    world.sicken("app:0");
    world.untilPhase("app:0", "backoff");
    world.cure("app:0");
    world.untilPhase("app:0", "healthy");
    expect(world.control("app:0").failedHeals).toBe(1);
    expect(world.executed).toHaveLength(1);
  });
});
