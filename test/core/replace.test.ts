import { describe, expect, test } from "vitest";
import { explain } from "../../src/core/explain.ts";
import { CoreWorld } from "../support/core-world.ts";
import { crowd } from "../support/crowd.ts";
import { newer, REPLACE, replacing, rows, steps } from "../support/replacing.ts";

/** A worker that must not be missing: the second one comes up beside it before the old one goes (decisions/0014). */

const MINUTE = 60_000;
const GRACE = 180_000;
describe("a replace", () => {
  test("adds a second row under the same number, and deletes the old one when that has been online for ten seconds", () => {
    const world = replacing();
    expect(rows(world).map(({ pmId, instance }) => [pmId, instance])).toEqual([
      [0, "0"],
      [1, "0"],
    ]);
    world.advance(9_000);
    expect(steps(world)).toEqual(["add 0"]);
    world.untilPhase("app:0", "verifying");
    expect(steps(world)).toEqual(["add 0", "remove 0"]);
    const [added, removed] = world.executed;
    expect((removed?.atMs ?? 0) - (added?.atMs ?? 0)).toBe(10_000);
    expect(world.target("app:0").row?.pmId).toBe(1);
    expect(world.reasons("heal_action")).toEqual([
      "a second app:0 started in 0 ms (pm_id 1, pid 101); the old one (pm_id 0, pid 100) is deleted when that has been online for 10 s",
      "the old one (pm_id 0, pid 100) deleted in 0 ms; its replacement (pm_id 1, pid 101) works in its place",
    ]);
  });

  test("is one heal with one token, watched for a grace period from the end of the old one", () => {
    const world = replacing();
    world.untilPhase("app:0", "verifying");
    const doneAtMs = world.nowMs;
    world.cure("app:0");
    world.untilPhase("app:0", "healthy");
    expect(world.nowMs - doneAtMs).toBeGreaterThanOrEqual(GRACE);
    expect(world.notes("outcome")).toMatchObject([{ verdict: "recovered", streak: 0 }]);
    expect(world.state.globals.tokens).toBe(4);
    expect(world.lines("external_restart"), "nobody else has restarted it").toEqual([]);
  });

  test("keeps the worker's streak: whoever is replaced thrice in vain opens its circuit", () => {
    const world = replacing();
    world.untilPhase("app:0", "open");
    expect(steps(world)).toEqual(["add 0", "remove 0", "add 1", "remove 1", "add 2", "remove 2"]);
    expect(world.control("app:0")).toMatchObject({ failedHeals: 3 });
    expect([...world.state.targets.keys()]).toEqual(["app", "app:0"]);
  });

  test("is of one worker: its replacement is neither a target, nor counted, nor told as one too many", () => {
    const world = crowd({ maxWorkers: 2, trimAfterMs: 1000 }, { apps: { app: 2 }, ...REPLACE });
    const order = { name: "heal", target: "app:0", action: "replace", force: [] } as const;
    expect(world.command(order).code).toBe(0);
    for (let waitedMs = 0; waitedMs < 9_000; waitedMs += 1000, world.advance(1000)) {
      expect([...world.state.targets.keys()].toSorted()).toEqual(["app", "app:0", "app:1"]);
      expect(rows(world)).toHaveLength(2);
    }
    world.untilPhase("app:0", "healthy");
    expect([...world.lines("duplicate_found"), ...world.lines("trim"), ...world.lines("target_gone")]).toEqual([]);
    expect(world.reasons("target_new", "app:0~1")).toEqual([]);
  });

  test("says what it waits for", () => {
    const world = replacing();
    world.advance(4000);
    expect(explain(world.state, world.target("app:0"))).toMatchObject({
      decision: "busy",
      state: `heal ${world.executed[0]?.healId}: its replacement (pm_id 1, pid 101) has been online for 4 s; the old one is deleted after 10 s online`,
    });
    world.pm2.giveUp(newer(world));
    world.advance(2000);
    expect(world.lines("heal_action").at(-1)?.reason).toContain("its replacement deleted again in 0 ms: ");
  });

  test("waits for the old one's task in hand, as long as drain says", () => {
    const world = new CoreWorld({ ...REPLACE, knobs: { drainMs: 20_000 } });
    world.sicken("app:0");
    world.turn();
    world.target("app:0").runningTasks = 1;
    world.advance(25_000);
    expect(steps(world)).toEqual(["add 0"]);
    world.untilPhase("app:0", "verifying", MINUTE);
  });

  test("is refused where PM2 runs several under one number: they could not be told apart", () => {
    const world = new CoreWorld(REPLACE);
    world.pm2.add("app", { instance: "0" });
    world.sicken("app:0");
    world.advance(4000);
    expect(world.executed).toEqual([]);
    expect(world.reasons("heal_verdict")).toEqual([
      "failed: nothing was done: PM2 runs several under its number, and a replacement could not be told from them; use restart",
    ]);
    expect(world.lines("target_gone"), "the other one is no replacement").toEqual([]);
    expect([...world.state.targets.keys()]).toContain("app:0~1");
  });
});

describe("a replacement that does not come up is deleted again, and the old one stays", () => {
  test.each<[string, (world: CoreWorld) => void, string]>([
    ["crashes three times", (world) => [1, 2, 3].forEach(() => world.pm2.crash(newer(world))), "it has crashed 3 times"],
    ["is given up by PM2", (world) => world.pm2.giveUp(newer(world)), "PM2 has given it up (errored)"],
    ["is stopped", (world) => world.pm2.stop(newer(world)), "it is stopped"],
    ["does not get online", (world) => world.pm2.die(newer(world)), "it has not been online for 10 s within 2 m 4 s"],
  ])("when it %s", (_what, happens, reason) => {
    const world = replacing();
    const { pid } = world.pm2.row("app:0");
    happens(world);
    world.untilPhase("app:0", "backoff", 5 * MINUTE);
    expect(steps(world)).toEqual(["add 0", "undo 1"]);
    expect(rows(world)).toMatchObject([{ pmId: 0, pid, status: "online" }]);
    expect(world.reasons("heal_verdict")).toEqual([`failed: its replacement (pm_id 1) did not come up: ${reason}; the old one stays`]);
    expect(world.control("app:0").failedHeals).toBe(1);
  });

  test("and when PM2 adds none and says why", () => {
    const world = new CoreWorld(REPLACE);
    world.faults.action = "error";
    world.sicken("app:0");
    world.untilPhase("app:0", "backoff", MINUTE);
    expect(world.reasons("heal_verdict")).toEqual(["failed: no second one has come up in PM2's list (PM2 says no); the old one stays"]);
    expect(rows(world)).toHaveLength(1);
  });
});

test("an error of PM2 that added it all the same is no failure: the world is believed", () => {
  const world = new CoreWorld(REPLACE);
  world.faults.action = "silent";
  world.sicken("app:0");
  world.until(() => rows(world).length === 2);
  world.faults.action = "ok";
  world.untilPhase("app:0", "verifying", 5 * MINUTE);
  expect(steps(world)).toEqual(["add 0", "remove 0"]);
});

describe("somebody else acts while there are two", () => {
  test.each<[string, (world: CoreWorld) => void, { left: number[]; does: string[]; reason: RegExp }]>([
    [
      "restarts the old one: its replacement goes",
      (world) => world.pm2.restart(rows(world)[0]!),
      { left: [0], does: ["add 0", "undo 1"], reason: /^aborted: superseded: somebody else restarted the old one meanwhile/ },
    ],
    [
      "stops the old one: that is respected, and its replacement goes too",
      (world) => world.pm2.stop(rows(world)[0]!),
      { left: [0], does: ["add 0", "undo 1"], reason: /^aborted: superseded: somebody stopped the old one meanwhile/ },
    ],
    [
      "deletes the old one: its replacement stays in its place",
      (world) => world.pm2.delete(rows(world)[0]!),
      {
        left: [1],
        does: ["add 0"],
        reason: /^aborted: superseded: somebody deleted the old one \(pm_id 0\); its replacement \(pm_id 1\) stays/,
      },
    ],
    [
      "deletes the replacement: the old one stays",
      (world) => world.pm2.delete(newer(world)),
      { left: [0], does: ["add 0"], reason: /^aborted: superseded: somebody deleted its replacement \(pm_id 1\)/ },
    ],
    [
      "replaces PM2, which brings back both: one of them goes",
      (world) => world.pm2.replace(),
      { left: [0], does: ["add 0", "undo 1"], reason: /^aborted: PM2 was replaced by a new daemon/ },
    ],
  ])("%s", (_what, happens, { left, does, reason }) => {
    const world = replacing();
    world.advance(4000);
    happens(world);
    world.cure("app:0");
    world.advance(MINUTE);
    expect(rows(world).map(({ pmId }) => pmId)).toEqual(left);
    expect(steps(world)).toEqual(does);
    expect(world.reasons("heal_verdict")).toEqual([expect.stringMatching(reason)]);
    expect(world.control("app:0").failedHeals).toBe(0);
    if (left[0] === 1) expect(world.lines("external_restart"), "nobody restarted anything").toEqual([]);
  });

  test("adds a third one under the number: the old one goes, and that one stays", () => {
    const world = replacing();
    world.advance(4000);
    world.pm2.add("app", { instance: "0" });
    world.advance(2 * MINUTE);
    expect(rows(world).map(({ pmId }) => pmId)).toEqual([1, 2]);
    expect(steps(world)).toEqual(["add 0", "remove 0"]);
  });

  test("adds a third one and deletes the old one: both that are left stay", () => {
    const world = replacing();
    world.advance(4000);
    world.pm2.add("app", { instance: "0" });
    world.advance(2000);
    world.pm2.delete(rows(world)[0]!);
    world.cure("app:0");
    world.advance(2 * MINUTE);
    expect(rows(world).map(({ pmId }) => pmId)).toEqual([1, 2]);
    expect(steps(world)).toEqual(["add 0"]);
    expect(world.reasons("heal_verdict")).toEqual(["aborted: pm_id 0 is gone from PM2's list"]);
  });

  test("restarts the replacement: its ten seconds begin anew", () => {
    const world = replacing();
    world.advance(6000);
    world.pm2.restart(newer(world));
    world.advance(10_000);
    expect(steps(world)).toEqual(["add 0"]);
    world.untilPhase("app:0", "verifying", MINUTE);
    expect(steps(world)).toEqual(["add 0", "remove 0"]);
  });

  test("restarts the replacement, and PM2 is replaced then: it is still known, and goes", () => {
    const world = replacing();
    world.advance(4000);
    world.pm2.restart(newer(world));
    world.cure("app:0");
    world.advance(2000);
    world.pm2.replace();
    world.advance(MINUTE);
    expect(rows(world).map(({ pmId }) => pmId)).toEqual([0]);
  });

  test("restarts the replacement before healer has heard of it: it is known by its number", () => {
    const world = new CoreWorld(REPLACE);
    world.faults.action = "silent";
    world.sicken("app:0");
    world.until(() => rows(world).length === 2);
    world.advance(1000);
    world.pm2.restart(newer(world));
    world.faults.action = "ok";
    world.untilPhase("app:0", "verifying", 5 * MINUTE);
    expect(rows(world).map(({ pmId }) => pmId)).toEqual([1]);
  });

  test("pauses healer: both are left as they are, and it goes on afterwards", () => {
    const world = replacing();
    world.command({ name: "pause", target: "app:0", forMs: 10 * MINUTE, reason: "a look at the old one" });
    world.advance(5 * MINUTE);
    expect(rows(world)).toHaveLength(2);
    expect(world.notes("step"), "nothing is even planned").toEqual([{ added: 1, error: null }]);
    world.command({ name: "resume", target: "app:0" });
    world.advance(4000);
    expect(rows(world).map(({ pmId }) => pmId)).toEqual([1]);
  });

  test("takes the app out of the configuration: a person is told of the two, and how to end one", () => {
    const world = replacing();
    const [strategy] = world.policy.strategies;
    world.setPolicy({ ...world.policy, strategies: [{ ...strategy!, selector: { apps: ["other"], namespace: null, exclude: [] } }] });
    expect(world.reasons("target_gone")[0]).toContain("two of it run: pm_id 0 and 1; to end the new one: pm2 delete 1");
  });
});

test("an old one that PM2 does not delete is deleted again every thirty seconds, and a person is told", () => {
  const world = replacing();
  world.faults.action = "error";
  world.advance(3 * MINUTE);
  expect(world.reasons("alert")).toEqual(["PM2 says no; two rows of it run, the old one is to go: tried again in 30 s"]);
  expect(world.lines("hold")).toHaveLength(2);
  world.faults.action = "ok";
  world.untilPhase("app:0", "verifying", MINUTE);
  expect(rows(world).map(({ pmId }) => pmId)).toEqual([1]);
});

test("an old one that PM2 has stopped and still lists is not the one that stays, whatever becomes of the new one", () => {
  const world = replacing();
  world.faults.action = "error";
  world.until(() => world.executed.length === 2, MINUTE);
  world.pm2.stop(rows(world)[0]!);
  world.pm2.die(newer(world));
  world.faults.action = "ok";
  world.untilPhase("app:0", "verifying", MINUTE);
  expect(steps(world)).toEqual(["add 0", "remove 0", "remove 0"]);
  expect(rows(world)).toMatchObject([{ pmId: 1 }]);
});

test("a journal that cannot be written keeps both, until it can", () => {
  const world = replacing();
  world.faults.journal = "disk full";
  world.advance(2 * MINUTE);
  expect(rows(world)).toHaveLength(2);
  expect(steps(world)).toEqual(["add 0"]);
  world.faults.journal = null;
  world.untilPhase("app:0", "verifying", MINUTE);
  expect(rows(world).map(({ pmId }) => pmId)).toEqual([1]);
});
