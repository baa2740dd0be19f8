import { describe, expect, test } from "vitest";
import { CoreWorld } from "../support/core-world.ts";

/** Rows 23 to 25: what operators, deploys, PM2 itself and the machine's sleep do. */

const MINUTE = 60_000;
const GRACE = 180_000;

function verifying(): CoreWorld {
  const world = new CoreWorld({ apps: { app: 1, other: 1 } });
  world.sicken("app:0");
  world.turn();
  return world;
}

describe("an operator", () => {
  test("row 23: who stops a worker is respected: nothing heals it, and its streak is kept", () => {
    const world = verifying();
    world.pm2.stop(world.pm2.row("app:0"));
    world.advance(60 * MINUTE);
    expect(world.control("app:0")).toMatchObject({ phase: { name: "healthy" }, failedHeals: 0 });
    expect(world.reasons("heal_verdict")).toEqual(["aborted: stopped by an operator or by PM2 before the verdict"]);
    expect(world.executed).toHaveLength(1);
  });

  test("row 23: who stops a worker between PM2's crash restarts is seen as well", () => {
    const world = verifying();
    world.pm2.die(world.pm2.row("app:0"));
    world.advance(2000);
    world.pm2.stop(world.pm2.row("app:0"));
    world.advance(2000);
    expect(world.reasons("heal_verdict")).toEqual(["aborted: stopped by an operator or by PM2 before the verdict"]);
  });

  test("row 23: who deletes a worker closes its heal, and its streak waits for it for a day", () => {
    const world = verifying();
    world.untilPhase("app:0", "backoff");
    const row = world.pm2.row("app:0");
    world.pm2.delete(row);
    world.advance(MINUTE);
    expect(world.reasons("target_gone")).toEqual(["gone from PM2's list (deleted or renamed)"]);
    world.pm2.add("app");
    world.advance(2000);
    expect(world.control("app:0").failedHeals).toBe(1);
    expect(world.reasons("target_new", "app:0"), "known already").toHaveLength(1);
  });

  test.each(["healthy", "suspect", "backoff"] as const)(
    "row 24: who restarts a %s worker starts a grace period without a verdict",
    (name) => {
      const world = new CoreWorld({ strategy: { mode: name === "suspect" ? "observe" : "heal" } });
      if (name !== "healthy") world.sicken("app:0");
      world.untilPhase("app:0", name);
      const { failedHeals } = world.control("app:0");
      world.pm2.restart(world.pm2.row("app:0"));
      world.advance(2000);
      expect(world.phase("app:0", "settling").sinceMs).toBe(world.nowMs);
      expect(world.control("app:0").failedHeals).toBe(failedHeals);
      expect(world.lines("external_restart")).toHaveLength(1);
      world.cure("app:0");
      const executed = world.executed.length;
      world.advance(GRACE - 4000);
      expect(world.control("app:0").phase.name).toBe("settling");
      world.advance(6000);
      expect(world.control("app:0").phase.name).toBe("healthy");
      expect(world.executed).toHaveLength(executed);
    },
  );

  test("whose restart is seen half-way is not taken for a crash", () => {
    const world = new CoreWorld();
    const row = world.pm2.row("app:0");
    Object.assign(row, { status: "stopping", createdWallMs: world.wallMs }); // PM2 stamps it before the old process has ended
    world.advance(2000);
    Object.assign(row, { pid: 999, status: "online", startedWallMs: world.wallMs, restarts: 1 });
    world.advance(2000);
    expect(world.lines("external_restart")).toHaveLength(1);
    expect(world.target("app:0").exits).toEqual([]);
    Object.assign(row, { createdWallMs: world.wallMs, restarts: 0 }); // `pm2 reset`
    world.advance(2000);
    world.pm2.crash(row);
    world.advance(2000);
    expect(world.target("app:0").exits, "and a crash after a `pm2 reset` is one").toHaveLength(1);
  });

  test("row 24: who restarts a worker in its grace period begins a new one", () => {
    const world = new CoreWorld({ uptimeMs: 170_000 });
    world.sicken("app:0");
    world.pm2.restart(world.pm2.row("app:0"));
    world.advance(GRACE - 2000);
    expect(world.executed).toEqual([]);
    world.advance(8000);
    expect(world.executed).toHaveLength(1);
  });

  test("row 24a: who repairs a worker with an open circuit closes it, once it has been well for a grace period", () => {
    const world = verifying();
    world.untilPhase("app:0", "open");
    const { untilMs } = world.phase("app:0", "open");
    world.pm2.restart(world.pm2.row("app:0"));
    world.cure("app:0");
    world.advance(GRACE - 2000);
    expect(world.control("app:0").phase.name).toBe("open");
    world.advance(6000);
    expect(world.control("app:0")).toMatchObject({ phase: { name: "healthy" }, failedHeals: 0, opens: 0 });
    expect(world.lines("circuit_closed")).toMatchObject([{ more: { how: "operator" } }]);
    expect(world.nowMs).toBeLessThan(untilMs);
  });

  test("row 24a: whose restart did not help leaves the circuit open, and healer does nothing", () => {
    const world = verifying();
    world.untilPhase("app:0", "open");
    const { untilMs } = world.phase("app:0", "open");
    const executed = world.executed.length;
    world.pm2.restart(world.pm2.row("app:0"));
    world.advance(untilMs - world.nowMs - 2000);
    expect(world.control("app:0")).toMatchObject({ phase: { name: "open" }, failedHeals: 3 });
    expect(world.executed).toHaveLength(executed);
  });

  test("row 24c: who restarts a worker while its heal is watched supersedes the verdict", () => {
    const world = verifying();
    world.advance(MINUTE);
    world.pm2.restart(world.pm2.row("app:0"));
    world.advance(2000);
    expect(world.control("app:0")).toMatchObject({ phase: { name: "settling" }, failedHeals: 0 });
    expect(world.reasons("heal_verdict")).toEqual(["aborted: superseded: somebody else restarted it before the verdict"]);
  });
});

describe("a crash that PM2 answers by itself (row 24b)", () => {
  test.each(["healthy", "verifying", "backoff"] as const)("leaves a %s worker in its state and is counted", (name) => {
    const world = new CoreWorld();
    if (name !== "healthy") world.sicken("app:0");
    world.untilPhase("app:0", name);
    world.advance(10_000);
    world.pm2.crash(world.pm2.row("app:0"));
    world.advance(2000);
    expect(world.control("app:0").phase.name).toBe(name);
    expect(world.target("app:0").exits).toHaveLength(1);
    expect(world.lines("external_restart")).toEqual([]);
  });

  test("says how long it had lived, and a restart seen in two steps is one exit", () => {
    const world = new CoreWorld({ uptimeMs: 90_000 });
    world.pm2.die(world.pm2.row("app:0"));
    world.advance(2000);
    world.pm2.revive(world.pm2.row("app:0"));
    world.advance(2000);
    expect(world.target("app:0").exits).toHaveLength(1);
    expect(world.target("app:0").view.lastLifeMs).toBe(92_000);
  });
});

describe("PM2", () => {
  test("lost holds every heal, is told once, and so is its return", () => {
    const world = new CoreWorld();
    world.pm2.lost = "connection refused";
    world.advance(MINUTE);
    world.sicken("app:0");
    world.advance(MINUTE);
    expect(world.executed).toEqual([]);
    expect(world.reasons("pm2_lost")).toEqual(["connection refused; nothing will be healed until it answers"]);
    expect(world.reasons("hold")).toEqual(["PM2 does not answer: connection refused"]);
    world.pm2.lost = null;
    world.advance(2000);
    expect(world.reasons("pm2_back")).toEqual(["PM2 answers again (version 7.0.4, 1 processes)"]);
    expect(world.executed).toHaveLength(1);
  });

  test("replaced by a new daemon ends what was planned for the old one and starts everybody's grace anew", () => {
    const world = verifying();
    world.pm2.replace();
    world.advance(2000);
    expect(world.reasons("heal_verdict")).toEqual(["aborted: PM2 was replaced by a new daemon before the verdict"]);
    expect(world.reasons("pm2_back")[0]).toContain("nothing planned for the old one will be done");
    world.advance(GRACE - 4000);
    expect(world.executed).toHaveLength(1);
  });

  test("replaced by one that lists a worker as stopped leaves it alone: no grace period is waited for that never ends", () => {
    const world = new CoreWorld();
    world.pm2.restart(world.pm2.row("app:0"));
    world.advance(2000);
    world.phase("app:0", "settling");
    world.pm2.replace();
    world.pm2.stop(world.pm2.row("app:0"));
    world.advance(2000);
    world.phase("app:0", "healthy");
    world.pm2.start(world.pm2.row("app:0"));
    world.advance(2000);
    world.phase("app:0", "settling");
  });

  test("replaced under an action ends the heal once, whatever the action says afterwards", () => {
    const world = new CoreWorld();
    world.faults.takesMs = 1000;
    world.sicken("app:0");
    world.turn();
    world.pm2.replace();
    world.advance(2000);
    expect(world.notes("outcome")).toHaveLength(1);
    expect(world.notes("step")).toEqual([]);
  });
});

describe("the machine (row 25)", () => {
  test("that slept gives everybody one grace period and says why", () => {
    const world = new CoreWorld();
    world.wallAheadMs += 7_200_000;
    world.sicken("app:0");
    world.turn(7_200_000);
    world.advance(GRACE - 2000);
    expect(world.executed).toEqual([]);
    expect(world.reasons("alert")[0]).toMatch(/^no turn for 2 h \(the machine slept, or healer was stopped\)/);
    world.advance(4000);
    expect(world.executed).toHaveLength(1);
  });

  test("whose clock is set changes no grace period", () => {
    for (const jumpMs of [-3_600_000, 3_600_000]) {
      const world = new CoreWorld({ uptimeMs: MINUTE });
      world.wallAheadMs += jumpMs;
      world.sicken("app:0");
      world.advance(2 * MINUTE - 2000);
      expect(world.executed).toEqual([]);
      world.advance(4000);
      expect(world.executed).toHaveLength(1);
    }
  });
});
