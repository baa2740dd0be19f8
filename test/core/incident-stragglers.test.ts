import { describe, expect, test } from "vitest";
import type { CoreWorld } from "../support/core-world.ts";
import { goneBad, groupOf, healed } from "../support/gone-bad.ts";
import { SICK } from "../support/scripted-rules.ts";

/** Members that do not recover by themselves when the others do: healed, one at a time, and only those still bad. */

const MINUTE = 60_000;
const ALL = ["app:0", "app:1", "app:2", "app:3", "app:4"] as const;

function outage(): CoreWorld {
  return goneBad({ apps: { app: 5 } }, ...ALL);
}

function incident(world: CoreWorld) {
  return groupOf(world)?.incident ?? null;
}

/** Whoever is restarted is well again. */
function cureWhoeverIsHealed(world: CoreWorld): void {
  world.onStep = (_event, effects) => {
    for (const effect of effects) if (effect.type === "execute") world.cure(effect.target);
  };
}

describe("after an outage", () => {
  test("the one that stays bad when the canary and its peers are well is healed, and the incident closes", () => {
    const world = outage();
    world.untilPhase("app:0", "verifying");
    world.cure("app:0", "app:1", "app:2", "app:4");
    cureWhoeverIsHealed(world);
    world.until(() => incident(world) === null);
    expect(healed(world)).toEqual(["app:0", "app:3"]);
    expect(world.lines("circuit_open")).toEqual([]);
  });

  test("that passed before the canary was due, those left are healed one after another, the canary first", () => {
    const world = outage();
    world.advance(MINUTE);
    world.cure("app:0", "app:1", "app:2");
    cureWhoeverIsHealed(world);
    world.until(() => incident(world) === null);
    expect(healed(world)).toEqual(["app:3", "app:4"]);
    const [first = 0, second = 0] = world.executed.map(({ atMs }) => atMs);
    expect(second - first).toBeGreaterThanOrEqual(3 * MINUTE); // the first one's grace period, as max_unavailable is one of five
    expect(world.reasons("incident_closed")).toHaveLength(1);
  });

  test("in which three canaries failed, those left do not wait for the end of the cool-down", () => {
    const world = outage();
    world.until(() => incident(world)?.phase === "open");
    const before = world.executed.length;
    world.advance(2 * MINUTE);
    world.cure("app:0", "app:1", "app:2", "app:3");
    cureWhoeverIsHealed(world);
    world.advance(4 * MINUTE - 4000);
    expect(world.executed).toHaveLength(before);
    world.advance(6000);
    expect(healed(world).slice(before)).toEqual(["app:4"]);
    world.until(() => incident(world) === null);
    expect(world.executed).toHaveLength(before + 1);
  });

  test("that is only half over, one restart is tried, and it fails: the rest waits as before", () => {
    const world = outage();
    world.until(() => incident(world)?.phase === "open");
    const before = world.executed.length;
    world.cure("app:0", "app:1", "app:2");
    world.advance(8 * MINUTE); // settled after four, and the attempt's verdict
    expect(world.executed).toHaveLength(before + 1);
    world.advance(20 * MINUTE);
    expect(world.executed).toHaveLength(before + 1);
  });

  test("nobody is healed while it is passing, though the next attempt is due, until it has shown who stays behind", () => {
    const world = outage();
    world.until(() => incident(world)?.fails === 1);
    world.advance(3 * MINUTE);
    world.cure("app:1", "app:2", "app:3");
    world.advance(2 * MINUTE); // the attempt was due a minute ago
    expect(world.executed).toHaveLength(1);
    world.advance(2 * MINUTE + 4000);
    expect(world.executed).toHaveLength(2);
  });

  test("nobody is hurried while one after another still recovers", () => {
    const world = outage();
    world.until(() => incident(world)?.phase === "open");
    const before = world.executed.length;
    for (const id of ALL) {
      world.cure(id);
      world.advance(3 * MINUTE);
    }
    world.until(() => incident(world) === null);
    expect(world.executed).toHaveLength(before);
  });

  test("a member whose newest tasks are good again is not healed, while one that is still bad is", () => {
    const world = outage();
    world.untilPhase("app:0", "verifying");
    world.cure("app:0");
    for (const id of ["app:1", "app:2"]) world.scripts.set(id, { ...SICK, recently: "good" });
    for (const id of ["app:3"]) world.scripts.set(id, { ...SICK, recently: "doubtful" });
    cureWhoeverIsHealed(world);
    world.advance(10 * MINUTE);
    expect(healed(world)).toEqual(["app:0", "app:4"]);
  });
});
