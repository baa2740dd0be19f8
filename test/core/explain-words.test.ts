import { describe, expect, test } from "vitest";
import { explain, type Explanation } from "../../src/core/explain.ts";
import { CoreWorld } from "../support/core-world.ts";
import { crowd } from "../support/crowd.ts";
import { replacing } from "../support/replacing.ts";
import { flap } from "../support/flapping.ts";

/** Sentences that a person took for a contradiction. */

const MINUTE = 60_000;

function page(world: CoreWorld, target = "app:0"): Explanation {
  return explain(world.state, world.target(target));
}

describe("the page of explain", () => {
  test("says of a worker that is being replaced which of the two goes when, and nothing of a group", () => {
    const world = replacing();
    world.advance(4000);
    expect(page(world)).toMatchObject({
      reason: `heal ${world.executed[0]?.healId} goes on, two of it run for a while`,
      flip: "the old one is deleted when the new one has been online for 10 s, the new one if it does not come up; then it is watched",
    });
  });

  test("does not call a worker healthy that nobody has started", () => {
    const world = new CoreWorld();
    world.pm2.stop(world.pm2.row("app:0"));
    world.turn();
    expect(page(world).state).toBe("not running, stopped in PM2");
  });

  test("names no guard that would not hold: a trim does not wait for a grace period, and is what would come next", () => {
    const world = crowd({}, { apps: { app: 1 } });
    world.advance(10 * MINUTE);
    world.pm2.add("app", { instance: "1" });
    world.advance(4000);
    const { flip, guards, streak } = page(world, "app");
    expect(flip).toBe("duplicate-workers: would be trimmed, but: pm_id 1 (pid 101) has only been up for 4 s, and may be the one to keep");
    expect(guards.filter(({ holds }) => holds)).toEqual([]);
    expect(streak.next_action).toBe("trim");
  });

  test("says what a person does about a journal that cannot be trusted", () => {
    const world = new CoreWorld();
    world.state.journalError = { reason: "record 12 is damaged", retryAtMs: null };
    world.sicken("app:0");
    world.turn();
    expect(page(world).flip).toBe("restart when somebody repairs the journal and restarts healer, if probe still fires then");
  });

  test("says of an incident that waits what happens at the time it names", () => {
    const world = new CoreWorld({ apps: { app: 3 } });
    world.sicken("app:0", "app:1");
    world.turn();
    const held = page(world).guards.find(({ guard }) => guard === "incident");
    expect(held?.reason).toMatch(/most such troubles pass by themselves; one of them is healed first, in 4 m$/);
    expect(held?.flip).toBe("one of them is healed, or it has passed");
  });

  test("says of a circuit that opened although the heals helped what that means", () => {
    const world = new CoreWorld({ knobs: { maxHealsPerHour: 1 } });
    flap(world, 1);
    expect(page(world).state).toMatch(/^circuit open \(flapping: healed too often, sick again each time\); one trial in /);
  });

  test("says of a trial that a guard holds that it follows, although the last heal ended unproven", () => {
    const world = new CoreWorld({ uptimeMs: MINUTE });
    world.sicken("app:0");
    world.turn();
    const suspect = { name: "suspect", sinceMs: world.nowMs, trial: true, contain: null } as const;
    world.target("app:0").control = { ...world.control("app:0"), phase: suspect, failedHeals: 2, unproven: true };
    expect(page(world).flip).toMatch(/^restart in 2 m, at 00:02:00Z \(grace\), if probe still fires then$/);
  });
});
