import { describe, expect, test } from "vitest";
import { corePolicy } from "../support/core-policy.ts";
import { CoreWorld } from "../support/core-world.ts";
import { scriptedRule } from "../support/scripted-rules.ts";

/** Figures that speak only of a group: one heal, its members one after another (decision-core §4.5). */

const GRACE = 180_000;

function sickGroup(count = 3): CoreWorld {
  const world = new CoreWorld({ apps: { app: count }, rules: [] });
  world.setPolicy(corePolicy([scriptedRule(world.scripts, { key: "rate", scope: "tasks" })]));
  world.sicken("app");
  return world;
}

function restarted(world: CoreWorld): number[] {
  return world.executed.map(({ row }) => row.pmId);
}

describe("a group heal", () => {
  test("has one id, one token, one intent and one verdict, and restarts every worker", () => {
    const world = sickGroup();
    world.turn();
    expect(world.reasons("heal_intent")).toEqual([
      "rate says sick of app; action: rolling restart of 3 workers (heal 1 of 3 before giving up)",
    ]);
    world.untilPhase("app", "verifying");
    world.cure("app");
    expect(restarted(world)).toEqual([0, 1, 2]);
    expect(new Set(world.executed.map(({ healId, target }) => `${target} ${healId}`)).size).toBe(1);
    expect(world.state.globals.tokens).toBe(4);
    world.untilPhase("app", "healthy");
    expect(world.notes("intent")).toHaveLength(1);
    expect(world.notes("outcome")).toMatchObject([{ verdict: "recovered" }]);
    expect(world.lines("external_restart"), "its members' restarts are nobody else's").toEqual([]);
  });

  test("goes on to the next worker when the last one has been online for ten seconds", () => {
    const world = sickGroup();
    world.untilPhase("app", "verifying");
    const [first, second, third] = world.executed.map(({ atMs }) => atMs);
    expect((second ?? 0) - (first ?? 0)).toBe(10_000);
    expect((third ?? 0) - (second ?? 0)).toBe(10_000);
  });

  test("writes each step under its id before the step", () => {
    const world = sickGroup();
    world.untilPhase("app", "verifying");
    expect(world.notes("step")).toEqual([
      { done: "app:0" },
      { next: "app:1" },
      { done: "app:1" },
      { next: "app:2" },
      { done: "app:2" },
      { done: "all" },
    ]);
  });

  test("is watched for a grace period from its last step on", () => {
    const world = sickGroup();
    world.untilPhase("app", "verifying");
    const { sinceMs } = world.phase("app", "verifying");
    world.untilPhase("app", "backoff");
    expect(world.nowMs - sinceMs).toBeGreaterThanOrEqual(GRACE);
    expect(world.nowMs - sinceMs).toBeLessThanOrEqual(GRACE + 4000);
    expect(world.control("app").failedHeals).toBe(1);
    expect(world.control("app:0").failedHeals).toBe(0);
  });

  test("leaves out a worker that changed before its turn, and goes on at once", () => {
    const world = sickGroup();
    world.faults.confirmTakesMs = 1000;
    world.until(() => world.control("app").phase.name === "intent" && world.executed.length === 1);
    world.pm2.crash(world.pm2.row("app:1"));
    world.untilPhase("app", "verifying");
    expect(restarted(world)).toEqual([0, 2]);
    expect(world.reasons("heal_action", "app")[1]).toMatch(/^app:1 left out: it is another process than the one judged/);
    expect(world.target("app:1").epoch.ignoreTasksUntilMs, "nothing was done to it").toBeLessThan(world.nowMs - 10_000);
  });

  test("leaves out workers that do not run", () => {
    const world = sickGroup();
    world.pm2.stop(world.pm2.row("app:1"));
    world.untilPhase("app", "verifying");
    expect(restarted(world)).toEqual([0, 2]);
  });

  test("ends with the worker that does not come back, so that it takes no other down", () => {
    const world = sickGroup();
    world.until(() => world.executed.length === 1);
    world.pm2.die(world.pm2.row("app:0"));
    world.untilPhase("app", "verifying", 5 * 60_000);
    expect(restarted(world)).toEqual([0]);
    expect(world.reasons("heal_action", "app").at(-1)).toBe("app:0 is not online 2 m after its restart; the other 2 are left as they are");
  });

  test("waits while PM2 does not answer", () => {
    const world = sickGroup();
    world.until(() => world.executed.length === 1);
    world.pm2.lost = "no answer";
    world.advance(60_000);
    expect(world.control("app").phase.name).toBe("rolling");
    world.pm2.lost = null;
    world.untilPhase("app", "verifying");
    expect(restarted(world)).toEqual([0, 1, 2]);
  });

  test("ends when PM2 is replaced half-way: everybody is new already", () => {
    const world = sickGroup();
    world.until(() => world.executed.length === 1);
    world.pm2.replace();
    world.cure("app");
    world.advance(60_000);
    expect(restarted(world)).toEqual([0]);
    expect(world.reasons("heal_verdict")).toEqual(["aborted: PM2 was replaced by a new daemon before the verdict"]);
  });

  test("stops half-way when it is paused, and the token is gone", () => {
    const world = sickGroup();
    world.until(() => world.executed.length === 1);
    world.command({ name: "pause", target: "app", forMs: null, reason: "" });
    world.advance(60_000);
    expect(restarted(world)).toEqual([0]);
    expect(world.reasons("heal_verdict")[0]).toMatch(/^aborted: nothing was done: paused by operator/);
    expect(world.state.globals.tokens).toBe(4);
  });

  test.each(["intent", "acting", "rolling"] as const)(
    "goes on after the daemon died while it was %s, and restarts nobody twice",
    (phase) => {
      const world = sickGroup();
      world.faults.confirmTakesMs = 1000;
      world.faults.takesMs = 1000;
      for (let waitedMs = 0; world.executed.length === 0 || world.control("app").phase.name !== phase; waitedMs += 500) {
        if (waitedMs > 120_000) throw new Error(`never ${phase}`);
        world.advance(500);
      }
      world.kill();
      world.advance(20_000);
      world.boot();
      world.untilPhase("app", "verifying", 10 * 60_000);
      expect([...new Set(restarted(world))]).toEqual(restarted(world));
      world.cure("app");
      world.untilPhase("app", "healthy");
      expect(world.notes("outcome")).toMatchObject([{ verdict: "recovered" }]);
    },
  );

  test("outdates what a snapshot from before it says of the group, also where a trim has followed", () => {
    const world = sickGroup();
    world.save();
    world.save = () => {}; // the only snapshot there will be
    world.untilPhase("app", "verifying");
    world.cure("app");
    world.untilPhase("app", "healthy");
    const healedAtMs = world.executed.at(-1)?.atMs ?? 0;
    world.command({ name: "trim", target: "app", keep: 2, outside: null, dryRun: false, force: [] });
    world.untilPhase("app", "verifying");
    world.untilPhase("app", "healthy");
    expect(world.control("app").lastHeal).toMatchObject({ action: "trim", verdict: "recovered" });
    world.kill();
    world.boot();
    world.turn();
    expect(world.target("app").epoch.atMs).toBeGreaterThan(healedAtMs);
  });

  test("does not begin while one of its workers is being healed, nor the other way round", () => {
    const world = new CoreWorld({ apps: { app: 3 } });
    const worker = scriptedRule(world.scripts);
    const rate = scriptedRule(world.scripts, {
      key: "rate",
      scope: "tasks",
      judge: (memory, view) => worker.judge(memory, view.kind === "group" ? view : { ...view, id: "nobody" }),
    });
    world.setPolicy(corePolicy([worker, rate]));
    world.sicken("app:0");
    world.turn();
    world.sicken("app");
    world.advance(60_000);
    expect(world.executed.map(({ target }) => target)).toEqual(["app:0"]);
    expect(world.reasons("hold", "app").at(-1)).toBe("a heal of its worker app:0 is under way");
    world.cure("app:0");
    world.untilPhase("app", "rolling");
    world.sicken("app:2");
    world.advance(4000);
    expect(world.reasons("hold", "app:2")).toEqual(["a heal of the whole group app is under way"]);
  });

  test("does not judge by figures of workers that somebody has restarted since, all of them", () => {
    const world = sickGroup();
    world.cure("app");
    world.advance(60_000);
    for (const instance of [0, 1]) world.pm2.restart(world.pm2.row(`app:${instance}`));
    world.advance(2000);
    const before = world.target("app").epoch.atMs;
    expect(before, "one of the old ones is left").toBeLessThan(world.nowMs - 30_000);
    world.pm2.restart(world.pm2.row("app:2"));
    world.advance(2000);
    expect(world.target("app").epoch.atMs).toBe(world.nowMs);
  });

  test("nor by those of a PM2 daemon that has gone", () => {
    const world = sickGroup();
    world.pm2.replace();
    world.advance(2000);
    expect(world.target("app").epoch.atMs).toBe(world.nowMs);
  });

  test("but goes by them while one of those is left that they speak of, also where healer was away", () => {
    const world = sickGroup();
    world.cure("app");
    world.advance(60_000);
    world.save();
    world.kill();
    const before = world.nowMs;
    world.pm2.restart(world.pm2.row("app:0"));
    world.boot();
    world.turn();
    expect(world.lines("external_restart")).toHaveLength(1);
    expect(world.target("app").epoch.atMs).toBeLessThan(before);
  });
});
