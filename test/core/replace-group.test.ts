import { describe, expect, test } from "vitest";
import { corePolicy } from "../support/core-policy.ts";
import { CoreWorld } from "../support/core-world.ts";
import { REPLACE, steps } from "../support/replacing.ts";
import { scriptedRule } from "../support/scripted-rules.ts";

const MINUTE = 60_000;
const GRACE = 180_000;

describe("a replace of a group", () => {
  test("replaces its members one after another, under one id", () => {
    const world = new CoreWorld({ apps: { app: 3 }, rules: [] });
    world.setPolicy(corePolicy([scriptedRule(world.scripts, { key: "rate", scope: "tasks" })], REPLACE));
    world.sicken("app");
    world.untilPhase("app", "verifying");
    expect(steps(world)).toEqual(["add 0", "remove 0", "add 1", "remove 1", "add 2", "remove 2"]);
    expect(new Set(world.executed.map(({ healId, target }) => `${target} ${healId}`)).size).toBe(1);
    expect([...world.pm2.rows.values()].map(({ pmId, instance }) => `${pmId}:${instance}`)).toEqual(["3:0", "4:1", "5:2"]);
  });

  test("leaves out who shares a number, goes on with the others, and counts its grace from the last of them", () => {
    const world = new CoreWorld({ apps: { app: 3 }, ...REPLACE, rules: [] });
    world.pm2.add("app", { instance: "1" });
    const policy = corePolicy([scriptedRule(world.scripts, { key: "rate", scope: "tasks" })], { strategy: { actions: ["replace"] } });
    world.setPolicy(policy);
    world.advance(10 * MINUTE);
    world.sicken("app");
    world.until(() => world.lines("heal_verdict").length > 0, 20 * MINUTE);
    expect(steps(world)).toEqual(["add 0", "remove 0", "add 2", "remove 2"]);
    world.until(() => world.executed.length > 4, 60 * MINUTE);
    expect(world.executed[4]!.atMs - world.executed[3]!.atMs).toBeGreaterThanOrEqual(GRACE);
  });

  test.each([
    ["is added by somebody: the old one goes, and that one stays", [], ["add 0", "remove 0"]],
    ["is added by somebody who deletes the old one: nobody else goes", [0], ["add 0"]],
  ])("during which a third one of a number %s", (_what, deleted, begins) => {
    const world = new CoreWorld({ apps: { app: 2 }, rules: [] });
    world.setPolicy(corePolicy([scriptedRule(world.scripts, { key: "rate", scope: "tasks" })], REPLACE));
    world.sicken("app");
    world.until(() => world.executed.length === 1, 5 * MINUTE);
    world.advance(4000);
    const third = world.pm2.add("app", { instance: "0" });
    for (const pmId of deleted) world.pm2.delete(world.pm2.rows.get(pmId)!);
    world.advance(5 * MINUTE);
    expect(world.pm2.rows.has(third.pmId)).toBe(true);
    expect(steps(world).slice(0, begins.length + 1)).toEqual([...begins, "add 1"]);
  });

  test("that is cut short begins anew a grace period after its last step, not after its last start", () => {
    const world = new CoreWorld({ apps: { app: 3 }, rules: [] });
    world.setPolicy(corePolicy([scriptedRule(world.scripts, { key: "rate", scope: "tasks" })], REPLACE));
    world.sicken("app");
    world.until(() => world.executed.length === 2, 5 * MINUTE);
    world.faults.journal = "disk full";
    world.until(() => world.lines("heal_verdict").length > 0, 5 * MINUTE);
    world.faults.journal = null;
    world.until(() => world.executed.length > 2, 60 * MINUTE);
    expect(world.executed[2]!.atMs - world.executed[1]!.atMs).toBeGreaterThanOrEqual(GRACE);
  });
});
