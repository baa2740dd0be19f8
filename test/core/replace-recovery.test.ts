import { describe, expect, test } from "vitest";
import { CoreWorld } from "../support/core-world.ts";
import { newer, REPLACE, replacing, rows, steps } from "../support/replacing.ts";

/** The daemon dies with a replace under way: whoever died, one of the two is left, and nothing is added twice. */

const MINUTE = 60_000;

describe("healer dies", () => {
  /** Everything takes a while, so that it can die in between. */
  function slow(): CoreWorld {
    const world = new CoreWorld(REPLACE);
    Object.assign(world.faults, { takesMs: 3000, confirmTakesMs: 1000 });
    world.sicken("app:0");
    return world;
  }

  test("before it asked PM2 for a second one: nothing was done, and that is not made up for", () => {
    const world = slow();
    world.untilPhase("app:0", "intent");
    world.kill();
    world.advance(MINUTE);
    world.cure("app:0");
    world.boot();
    world.advance(MINUTE);
    expect(world.executed).toEqual([]);
    expect(world.reasons("heal_verdict")).toEqual(["aborted: healer was restarted before it was done, and nothing has changed since"]);
  });

  test("when nobody knows whether it asked: what does not come is not waited for for ever", () => {
    const world = replacing();
    world.pm2.delete(newer(world));
    const target = world.target("app:0");
    const { phase } = target.control;
    if (phase.name !== "rolling" || phase.heal.replace == null) throw new Error(`it is ${phase.name}`);
    const replace = { ...phase.heal.replace, successor: null, addedAtMs: null };
    target.control = { ...target.control, phase: { ...phase, heal: { ...phase.heal, replace } } };
    world.advance(5 * MINUTE);
    expect(world.reasons("heal_verdict")[0]).toMatch(/^failed: no second one has come up in PM2's list.*; the old one stays$/);
  });

  test.each<[string, (world: CoreWorld) => boolean]>([
    ["while PM2 adds the second one", (world) => world.executed.length === 1],
    ["with two of them there", (world) => rows(world).length === 2 && world.control("app:0").phase.name === "rolling"],
    ["when the old one is to go", (world) => world.control("app:0").phase.name === "intent" && rows(world).length === 2],
    ["while PM2 deletes the old one", (world) => world.executed.length === 2],
  ])("%s: the next one finishes it, once", (_what, moment) => {
    const world = slow();
    for (let waitedMs = 0; waitedMs < MINUTE && !moment(world); waitedMs += 250) world.advance(250);
    world.kill();
    world.advance(30_000);
    world.boot();
    world.untilPhase("app:0", "verifying", MINUTE);
    expect(steps(world).toSorted()).toEqual(["add 0", "remove 0"]);
    expect(rows(world).map(({ pmId }) => pmId)).toEqual([1]);
    expect(world.reasons("target_new")).toEqual(['watched by strategy "all", mode heal']);
  });

  test("while PM2 adds the second one, and PM2 is replaced by one that brings back both: one of them goes", () => {
    const world = slow();
    world.untilPhase("app:0", "intent");
    world.save();
    world.until(() => world.executed.length === 1, MINUTE);
    world.kill();
    world.advance(4000);
    world.pm2.replace();
    world.cure("app:0");
    world.boot();
    world.advance(MINUTE);
    expect(rows(world).map(({ pmId }) => pmId)).toEqual([0]);
    expect(world.reasons("heal_verdict")).toEqual(["aborted: PM2 was replaced by a new daemon before it was done"]);
  });

  test("and its replacement crash-loops meanwhile: the next one deletes it", () => {
    const world = replacing();
    world.kill();
    world.pm2.giveUp(newer(world));
    world.advance(MINUTE);
    world.boot();
    world.untilPhase("app:0", "backoff", MINUTE);
    expect(steps(world)).toEqual(["add 0", "undo 1"]);
    expect(rows(world).map(({ pmId }) => pmId)).toEqual([0]);
  });
});
