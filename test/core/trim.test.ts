import { describe, expect, test } from "vitest";
import { crowd, gone } from "../support/crowd.ts";
import { bindRealRules } from "../support/core-real-rules.ts";

/** Too many workers: who goes, when, and who is never touched (interface.md §3, decision-core I10). */

const MINUTE = 60_000;

describe("rows of PM2's that are too many", () => {
  test("go after a minute, the oldest first, one at a time, until as many are left as may be", () => {
    const world = crowd({}, { apps: { app: 3 } });
    world.advance(MINUTE - 4_000);
    expect(gone(world)).toEqual([]);
    world.untilPhase("app", "verifying", MINUTE);
    expect(gone(world)).toEqual(["pm_id 0", "pm_id 1"]);
    expect(new Set(world.executed.map(({ healId }) => healId)).size, "one heal").toBe(1);
    expect(world.executed[1]!.atMs).toBeGreaterThan(world.executed[0]!.atMs);
    world.untilPhase("app", "healthy", MINUTE);
    expect(world.notes("outcome")).toMatchObject([{ verdict: "recovered" }]);
    expect(world.state.globals.tokens, "it restarts nobody").toBe(5);
    expect([...world.pm2.rows.keys()]).toEqual([2]);
  });

  test.each([
    [2, "at most 2 may run"],
    [null, "any number may run by now"],
  ])("are left alone from the moment on at which an edit allows %s of them", (maxWorkers, words) => {
    const world = crowd({}, { apps: { app: 3 } });
    world.until(() => gone(world).length === 1, 3 * MINUTE);
    const [strategy] = world.policy.strategies;
    world.setPolicy({ ...world.policy, strategies: [{ ...strategy!, knobs: { ...strategy!.knobs, maxWorkers } }] });
    world.advance(10 * MINUTE);
    expect(gone(world)).toEqual(["pm_id 0"]);
    expect(world.reasons("heal_verdict")[0]).toBe(`recovered: 1 ended, 2 left, ${words}`);
  });

  test("are told once each, with whoever started them, and the removal says what brings them back", () => {
    const world = crowd({}, { apps: { app: 2 } });
    world.copies = [];
    world.untilPhase("app", "healthy", 3 * MINUTE);
    world.until(() => world.lines("heal_verdict").length > 0, 3 * MINUTE);
    expect(world.lines("duplicate_found")).toMatchObject([{ target: "app", pm_id: 0, pid: 100, more: { owner: "pm2" } }]);
    expect(world.reasons("trim")).toEqual([
      "pm_id 0 (pid 100) is removed from PM2: at most 1 may run. To bring it back: pm2 start /srv/app.js --name app -f --cwd /srv/api",
    ]);
    expect(world.reasons("target_gone")).toEqual(["trimmed by healer"]);
    expect(world.lines("external_restart")).toEqual([]);
  });

  test("of a deploy that doubles its workers for half a minute are left alone", () => {
    const world = crowd({}, { apps: { app: 1 } });
    world.advance(10 * MINUTE);
    for (let deploy = 0; deploy < 3; deploy++) {
      const old = [...world.pm2.rows.values()];
      world.pm2.add("app", { instance: String(deploy + 1) });
      world.advance(28_000);
      for (const row of old) world.pm2.delete(row);
      world.advance(5 * MINUTE);
    }
    expect(world.executed).toEqual([]);
    expect([...world.lines("symptom"), ...world.lines("duplicate_found")], "nor is anybody woken").toEqual([]);
  });

  test("of another program under the same name are no copies", () => {
    const world = crowd({}, { apps: { app: 1 } });
    world.pm2.add("app", { instance: "1", script: "/srv/other.js" });
    world.advance(10 * MINUTE);
    expect(world.executed).toEqual([]);
  });

  test("of two programs under one name are two trims, and each is judged by its own", () => {
    const world = crowd({}, { apps: { app: 2 } });
    world.pm2.add("app", { instance: "2", script: "/srv/b.js" });
    world.pm2.add("app", { instance: "3", script: "/srv/b.js" });
    world.advance(5 * MINUTE);
    expect(gone(world)).toEqual(["pm_id 0", "pm_id 2"]);
    expect(world.notes("outcome")).toMatchObject([{ verdict: "recovered" }, { verdict: "recovered" }]);
  });

  test("are not chosen while one has only just come that may be the one to keep: the newest stays, and one trim is enough", () => {
    const world = crowd({}, { apps: { app: 2 } });
    world.advance(MINUTE - 8_000);
    world.pm2.add("app", { instance: "2" });
    world.until(() => world.lines("heal_verdict").length > 0, 3 * MINUTE);
    expect(gone(world)).toEqual(["pm_id 0", "pm_id 1"]);
    expect(world.notes("outcome")).toMatchObject([{ verdict: "recovered" }]);
    expect([...world.pm2.rows.keys()]).toEqual([2]);
  });

  test("wait with their turn while the one to keep comes up again, and are no failure for that", () => {
    const world = crowd({}, { apps: { app: 4 } });
    world.until(() => world.executed.length === 1, 2 * MINUTE);
    world.pm2.crash(world.pm2.row("app:3"));
    world.until(() => world.lines("heal_verdict").length > 0, 3 * MINUTE);
    expect(world.notes("outcome")).toMatchObject([{ verdict: "recovered" }]);
    expect([...world.pm2.rows.keys()]).toEqual([3]);
  });

  test("stay while a heal of one of them is under way", () => {
    const world = crowd({}, { apps: { app: 2 } });
    world.command({ name: "heal", target: "app:1", action: "restart", force: ["grace"] });
    world.untilPhase("app:1", "verifying", MINUTE);
    world.advance(100_000);
    expect(gone(world)).toEqual([]);
    expect(world.reasons("hold", "app")).toContain("a heal of its worker app:1 is under way");
    world.until(() => gone(world).length > 0, 20 * MINUTE);
    expect(gone(world)).toEqual(["pm_id 0"]);
  });

  test("stay where PM2 is configured to run more than may be: one of the two is a slip", () => {
    const world = crowd({ maxWorkers: 2 }, { apps: { app: 3 } });
    for (const row of world.pm2.rows.values()) row.configuredInstances = 3;
    world.advance(10 * MINUTE);
    expect(world.executed).toEqual([]);
  });

  test("are only told in mode observe", () => {
    const world = crowd({}, { apps: { app: 2 }, strategy: { mode: "observe" } });
    world.advance(10 * MINUTE);
    expect(world.executed).toEqual([]);
    expect(world.reasons("would_heal")).toHaveLength(1);
    expect(world.reasons("would_heal")[0]).toMatch(/^2 workers where 1 may be, .*too many: pm_id 0 \(pid 100\); would trim/);
  });
});

describe("copies outside PM2", () => {
  test.each([
    ["none", []],
    ["orphans", ["pid 5001"]],
    ["all", ["pid 5002", "pid 5001"]],
  ] as const)("trim_outside: %s ends %j, and never another daemon's or one that must not be touched", (trimOutside, ended) => {
    const world = crowd({ trimOutside });
    world.addCopy("app", { owner: "orphan", startedWallMs: world.wallMs - 5_000 });
    world.addCopy("app", { owner: "outside", startedWallMs: world.wallMs - 9_000 });
    world.addCopy("app", { owner: "other_daemon" });
    world.addCopy("app", { owner: "outside", untouchable: "its working directory is /root, not /srv" });
    world.advance(10 * MINUTE);
    expect(gone(world)).toEqual(ended);
    expect(world.lines("duplicate_found").map(({ pid, more }) => [pid, more?.["owner"]])).toEqual([
      [5001, "orphan"],
      [5002, "outside"],
      [5003, "other_daemon"],
      [5004, "outside"],
    ]);
    expect([...world.pm2.rows.keys()], "PM2's own row stays").toEqual([0]);
  });

  test("go before rows, though rows are too many as well", () => {
    const world = crowd({ trimOutside: "orphans" }, { apps: { app: 2 } });
    world.addCopy("app");
    world.advance(10 * MINUTE);
    expect(gone(world)).toEqual(["pid 5001", "pm_id 0"]);
  });

  test("go in the same trim as the rows, though the first look for them takes longer than they have to stand", () => {
    const world = crowd({ trimOutside: "all" }, { apps: { app: 2 } });
    world.advance(MINUTE + 20_000);
    expect(gone(world), "nobody has looked yet").toEqual([]);
    world.addCopy("app");
    world.until(() => world.lines("heal_verdict").length > 0, 3 * MINUTE);
    expect(gone(world)).toEqual(["pid 5001", "pm_id 0"]);
    expect(world.notes("outcome")).toMatchObject([{ verdict: "recovered" }]);
  });

  test("do not keep rows from being trimmed for ever where nobody can look for them", () => {
    const world = crowd({ trimOutside: "all" }, { apps: { app: 2 } });
    world.advance(MINUTE + 40_000);
    expect(gone(world)).toEqual(["pm_id 0"]);
  });

  test("count as the ones that may be, where PM2 runs fewer", () => {
    const world = crowd({ trimOutside: "orphans", maxWorkers: 3 }, { apps: { app: 2 } });
    world.addCopy("app");
    world.advance(10 * MINUTE);
    expect(gone(world)).toEqual([]);
  });

  test("stay as long as PM2's own row has not been up for ten seconds: somebody has to do the work", () => {
    const knobs = { maxWorkers: 1, trimOutside: "orphans" } as const;
    const world = crowd(knobs, { rules: bindRealRules(knobs).filter(({ name }) => name === "duplicate-workers") });
    world.addCopy("app");
    world.addCopy("app");
    const row = world.pm2.row("app:0");
    for (let second = 0; second < 200; second += 8) {
      world.advance(8_000);
      world.pm2.crash(row);
    }
    expect(gone(world)).toEqual([]);
    world.advance(MINUTE + 10_000);
    expect(gone(world)).toEqual(["pid 5001", "pid 5002"]);
  });

  test("that came while others are being ended are not ended with them", () => {
    const world = crowd({ trimOutside: "orphans" });
    world.addCopy("app");
    world.addCopy("app");
    world.until(() => world.executed.length === 1, 2 * MINUTE);
    world.addCopy("app");
    world.untilPhase("app", "verifying", MINUTE);
    expect(gone(world)).toEqual(["pid 5001", "pid 5002"]);
    world.advance(55_000);
    expect(gone(world), "its own minute is not over").toHaveLength(2);
    world.advance(3 * MINUTE);
    expect(gone(world).at(-1)).toBe("pid 5003");
  });

  test("whose pid belongs to another process by now are not ended", () => {
    const world = crowd({ trimOutside: "orphans" });
    const copy = world.addCopy("app");
    world.faults.confirmTakesMs = 1_000;
    world.untilPhase("app", "intent", 2 * MINUTE);
    world.copies = [{ ...copy, startTicks: copy.startTicks + 1, startedWallMs: world.wallMs }];
    world.advance(4_000);
    expect(world.executed).toEqual([]);
    expect(world.reasons("heal_verdict")).toEqual(["aborted: nothing was done: none of those that were too many still is"]);
  });

  test("that will not go make the heal fail, and the third time the circuit opens", () => {
    const world = crowd({ trimOutside: "orphans" });
    world.immortal.add(world.addCopy("app").pid);
    world.untilPhase("app", "open", 60 * MINUTE);
    expect(world.notes("outcome")).toMatchObject([{ verdict: "failed" }, { verdict: "failed" }, { verdict: "failed" }]);
    expect(world.reasons("heal_verdict")[0]).toBe("failed: still or again too many: orphan pid 5001");
  });

  test("that are started again by a timetable are told with it, and the flapping is brought to a person", () => {
    const world = crowd({ trimOutside: "all" });
    world.wallAheadMs -= world.wallMs % MINUTE; // on a full minute
    for (let time = 0; time < 6; time++) {
      world.addCopy("app", { owner: "outside" });
      world.advance(5 * MINUTE);
    }
    expect(world.reasons("duplicate_found")[2]).toMatch(/copy number 3 within 24 h .*a timetable starts them, cron or a timer/);
    expect(world.control("app").phase.name).toBe("open");
    expect(world.executed).toHaveLength(5);
  });

  test("wait for the tasks in hand, as long as drain says", () => {
    const world = crowd({ trimOutside: "orphans", drainMs: 30_000 }, { strategy: { queues: ["q"] } });
    world.addCopy("app");
    const busy = (running: number): void =>
      void world.observations.push({ kind: "queue", queue: "q", atMs: world.nowMs, pending: 0, running, finished: 0, totalsOnly: true });
    world.advance(MINUTE - 4_000);
    for (let turn = 0; turn < 8; turn++) {
      busy(1);
      world.advance(2_000);
    }
    expect(gone(world)).toEqual([]);
    expect(world.reasons("hold", "app")[0]).toMatch(/^1 task in hand; waiting up to/);
    busy(0);
    world.advance(4_000);
    expect(gone(world)).toEqual(["pid 5001"]);
    expect(world.executed[0]!.ends[0]!.waitMs, "kill_timeout and drain").toBe(31_600);
  });
});
