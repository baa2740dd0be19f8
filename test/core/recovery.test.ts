import { describe, expect, test } from "vitest";
import { CoreWorld, type WorldOptions } from "../support/core-world.ts";

/** Rows 26 to 28: the daemon died with a heal under way. No intent is ever carried out twice. */

const MINUTE = 60_000;
const GRACE = 180_000;

/** Everything from the intent on takes a while, so that the daemon can die in between. */
function world(options: WorldOptions = {}): CoreWorld {
  const made = new CoreWorld(options);
  made.faults.takesMs = 3000;
  made.faults.confirmTakesMs = 1000;
  return made;
}

function killBetweenStopAndStart(made: CoreWorld): void {
  for (let waitedMs = 0; made.pm2.row("app:0").status !== "stopped" && waitedMs < MINUTE; waitedMs += 250) made.advance(250);
  made.kill();
}

function died(made: CoreWorld, phase: "intent" | "acting" | "verifying" | "held"): CoreWorld {
  made.untilPhase("app:0", phase, 5 * MINUTE);
  made.kill();
  return made;
}

describe("healer died after the intent was durable", () => {
  test("with a snapshot from before PM2 was replaced: the heal was planned for the new daemon, and is no second time", () => {
    const made = world({ knobs: { gracePeriodMs: 4000, verify: { llr: 4.6, timeoutMs: 60_000 } }, uptimeMs: 3_600_000 });
    made.advance(10_000);
    made.save();
    made.pm2.replace();
    made.sicken("app:0");
    made.untilPhase("app:0", "acting", 9000);
    made.kill();
    made.advance(4000);
    made.boot();
    made.advance(2000);
    expect(made.reasons("heal_verdict")).toEqual([]);
    expect(made.executed).toHaveLength(1);
  });

  test("row 27: and before it acted: the heal is aborted once things have settled, never carried out", () => {
    const made = world();
    made.sicken("app:0");
    died(made, "intent");
    made.advance(10_000);
    made.cure("app:0");
    made.boot();
    made.advance(4000);
    expect(made.control("app:0").phase.name).toBe("intent");
    made.advance(6000);
    expect(made.control("app:0")).toMatchObject({ phase: { name: "healthy" }, failedHeals: 0 });
    expect(made.reasons("heal_verdict")).toEqual(["aborted: healer was restarted before it was done, and nothing has changed since"]);
    expect(made.executed).toEqual([]);
    expect(made.state.globals.tokens, "nobody knows that nothing was done").toBe(4);
  });

  test("row 26: and PM2 did what it had been told: the worker is watched, with a new grace period", () => {
    const made = world();
    made.sicken("app:0");
    died(made, "acting");
    made.advance(20_000);
    made.boot();
    made.advance(2000);
    expect(made.phase("app:0", "verifying").error).toBeNull();
    expect(made.reasons("heal_action")).toEqual(["done: healer was restarted meanwhile, and the worker has been restarted as intended"]);
    expect(made.lines("external_restart")).toEqual([]);
    made.advance(GRACE - 4000);
    expect(made.control("app:0").phase.name).toBe("verifying");
    made.advance(6000);
    expect(made.control("app:0")).toMatchObject({ phase: { name: "backoff" }, failedHeals: 1 });
    expect(made.executed).toHaveLength(1);
  });

  test("row 27: and the worker vanished meanwhile: the heal ends, once", () => {
    const made = world({ apps: { app: 1, other: 1 } });
    made.sicken("app:0");
    died(made, "acting");
    made.advance(5000);
    made.pm2.delete(made.pm2.row("app:0"));
    made.boot();
    made.advance(10_000);
    expect(made.notes("outcome")).toMatchObject([
      { verdict: "aborted", reason: "gone from PM2's list (deleted or renamed) while healer was away" },
    ]);
  });

  test("and PM2 was replaced meanwhile: nothing planned for the old one happens", () => {
    for (const phase of ["intent", "acting", "verifying"] as const) {
      const made = world();
      made.sicken("app:0");
      if (phase === "verifying") made.untilPhase("app:0", phase);
      if (phase === "verifying") made.save();
      died(made, phase);
      made.advance(5000);
      made.pm2.replace();
      made.boot();
      made.advance(20_000);
      expect(made.reasons("heal_verdict")[0], phase).toMatch(/^aborted: PM2 was replaced by a new daemon/);
      expect(made.notes("outcome"), phase).toHaveLength(1);
    }
  });
});

describe("row 27b: a row that our stop left down", () => {
  test("in the middle of a stop-start is started, once", () => {
    const made = world({ strategy: { actions: ["stop-start"] } });
    made.sicken("app:0");
    killBetweenStopAndStart(made);
    made.advance(5000);
    expect(made.pm2.row("app:0").status).toBe("stopped");
    made.boot();
    made.untilPhase("app:0", "verifying", MINUTE);
    expect(made.executed.map(({ action, step }) => `${action} ${step}`)).toEqual(["stop-start all", "stop-start start"]);
    expect(made.pm2.row("app:0").status).toBe("online");
  });

  test("also when healer dies again inside that recovery", () => {
    const made = world({ strategy: { actions: ["stop-start"] } });
    made.sicken("app:0");
    killBetweenStopAndStart(made);
    made.boot();
    made.untilPhase("app:0", "intent", MINUTE);
    made.kill();
    made.boot();
    made.untilPhase("app:0", "verifying", MINUTE);
    expect(made.executed.map(({ step }) => step)).toEqual(["all", "start"]);
  });

  test("by a hold-down goes on waiting for its backoff", () => {
    const made = world();
    made.faults.takesMs = 0;
    for (let crash = 0; crash < 3; crash++) {
      made.pm2.crash(made.pm2.row("app:0"));
      made.advance(2000);
    }
    died(made, "held");
    made.advance(5 * MINUTE);
    made.boot();
    made.untilPhase("app:0", "verifying", MINUTE);
    expect(made.executed.map(({ step }) => step)).toEqual(["stop", "start"]);
  });

  test("by a hold-down whose result never came in is held, not left to an operator", () => {
    const made = world();
    for (let crash = 0; crash < 3; crash++) {
      made.pm2.crash(made.pm2.row("app:0"));
      made.advance(2000);
    }
    killBetweenStopAndStart(made);
    made.advance(10_000);
    expect(made.pm2.row("app:0").status).toBe("stopped");
    made.boot();
    made.untilPhase("app:0", "verifying", 2 * MINUTE);
    expect(made.executed.map(({ step }) => step)).toEqual(["stop", "start"]);
  });

  test("by somebody else while our restart was planned stays down", () => {
    const made = world();
    made.sicken("app:0");
    died(made, "intent");
    made.pm2.stop(made.pm2.row("app:0"));
    made.boot();
    made.advance(MINUTE);
    expect(made.reasons("heal_verdict")).toEqual(["aborted: PM2 says stopped: stopped by somebody else"]);
    expect(made.executed).toEqual([]);
  });
});

describe("row 28: healer died while a heal was watched", () => {
  test("and the watch goes on to the same end of grace", () => {
    const made = world();
    made.sicken("app:0");
    died(made, "verifying");
    const since = made.nowMs;
    made.advance(MINUTE);
    made.boot();
    made.advance(GRACE - MINUTE - 8000);
    expect(made.control("app:0").phase.name).toBe("verifying");
    made.advance(10_000);
    expect(made.control("app:0")).toMatchObject({ phase: { name: "backoff" }, failedHeals: 1 });
    expect(made.nowMs - since).toBeLessThanOrEqual(GRACE + 2000);
  });

  test("and an operator restarted the worker meanwhile: superseded, as if healer had seen it", () => {
    const made = world();
    made.sicken("app:0");
    made.untilPhase("app:0", "verifying");
    made.advance(20_000);
    made.kill();
    made.pm2.restart(made.pm2.row("app:0"));
    made.advance(10_000);
    made.boot();
    made.advance(2000);
    expect(made.control("app:0").phase.name).toBe("settling");
    expect(made.reasons("heal_verdict")).toEqual(["aborted: superseded: somebody else restarted it before the verdict"]);
  });

  test("and an operator stopped the worker meanwhile: its heal ends, and it stays down", () => {
    const made = world();
    made.sicken("app:0");
    died(made, "verifying");
    made.pm2.stop(made.pm2.row("app:0"));
    made.advance(10_000);
    made.boot();
    made.advance(60 * MINUTE);
    expect(made.reasons("heal_verdict")).toEqual(["aborted: stopped by an operator or by PM2 before the verdict"]);
    expect(made.pm2.row("app:0").status).toBe("stopped");
  });

  test("but our own restart, younger than the snapshot, is nobody else's", () => {
    const made = world();
    made.save();
    made.sicken("app:0");
    died(made, "verifying");
    made.boot();
    made.advance(2000);
    expect(made.control("app:0").phase.name).toBe("verifying");
    expect(made.lines("external_restart")).toEqual([]);
  });

  test("and its backoff, streak, circuit and cool-down stand", () => {
    for (const phase of ["backoff", "open"] as const) {
      const made = world({ policy: { budget: { tokens: 100, refillMs: 1000 } } });
      made.sicken("app:0");
      made.untilPhase("app:0", phase);
      const before = JSON.stringify(made.control("app:0"));
      made.kill();
      made.boot();
      made.turn();
      expect(JSON.stringify(made.control("app:0"))).toBe(before);
    }
  });
});

describe("the daemon dies at any effect boundary", () => {
  test.each(Array.from({ length: 14 }, (_, index) => index))(
    "number %i of a heal: it is carried out at most once, and ends",
    (diesAfter) => {
      const made = world({ strategy: { actions: ["stop-start"] } });
      made.sicken("app:0");
      made.faults.diesAfter = diesAfter;
      made.until(() => made.daemon === null || made.control("app:0").phase.name === "backoff", 10 * MINUTE);
      made.faults.diesAfter = null;
      made.advance(7000);
      if (made.daemon === null) made.boot();
      made.until(() => made.notes("outcome").length > 0, 10 * MINUTE);
      const [first] = made.executed;
      const all = made.executed.filter(({ healId, step }) => healId === first?.healId && step === "all");
      expect(all.length).toBeLessThanOrEqual(1);
      expect(made.pm2.row("app:0").status).toBe("online");
    },
  );
});
