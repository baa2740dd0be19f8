import { describe, expect, test } from "vitest";
import { CoreWorld } from "../support/core-world.ts";
import { goneBad, groupOf, healed } from "../support/gone-bad.ts";
import { FINE, SICK } from "../support/scripted-rules.ts";

/** What an outage leaves behind in the evidence of workers that are well again (docs/decisions/0009). */

const MINUTE = 60_000;
const WIDE = { apps: { app: 3 } } as const;

describe("a member whose rate is bad only by what is past", () => {
  const OUTLIVED = { ...SICK, recently: "good" } as const;

  test("is nobody's canary, does not keep the incident alive, and is not healed for it afterwards", () => {
    const world = goneBad(WIDE, "app:0", "app:1", "app:2");
    for (const instance of [0, 1, 2]) world.scripts.set(`app:${instance}`, OUTLIVED);
    world.advance(2 * MINUTE - 4000);
    expect(groupOf(world)?.incident).not.toBeNull();
    const epochs = (): unknown[] => [0, 1, 2].map((instance) => world.state.targets.get(`app:${instance}`)?.rules[0]?.memory);
    const before = epochs();
    world.until(() => groupOf(world)?.incident === null);
    expect(healed(world)).toEqual([]);
    expect(epochs()).not.toEqual(before);
  });

  test("is not healed after a canary that recovered; one that may still be bad neither, until that is proven", () => {
    const world = goneBad(WIDE, "app:0", "app:1", "app:2");
    world.untilPhase("app:0", "verifying");
    world.scripts.set("app:1", { ...SICK, recently: "doubtful" });
    world.scripts.set("app:2", OUTLIVED);
    world.cure("app:0");
    world.until(() => groupOf(world)?.incident?.phase === "generalise");
    world.advance(MINUTE);
    expect(healed(world)).toEqual(["app:0"]);
    world.sicken("app:1");
    world.advance(2000);
    expect(healed(world)).toEqual(["app:0", "app:1"]);
  });

  test("whose newest tasks prove nothing is no canary either, but is not left for ever", () => {
    const world = goneBad(WIDE, "app:0", "app:1", "app:2");
    for (const instance of [0, 1, 2]) world.scripts.set(`app:${instance}`, { ...SICK, recently: "doubtful" });
    world.advance(4 * MINUTE + 4000);
    expect(healed(world)).toEqual([]);
    expect(world.reasons("hold", "app:0").at(-1)).toMatch(/^several workers of app went bad together and most such troubles pass/);
    world.advance(4 * MINUTE - 8000);
    expect(healed(world)).toEqual([]);
    world.advance(6000);
    expect(healed(world)).toEqual(["app:0"]);
  });

  test("is not healed in the very turn in which its incident closes, whoever of the group was judged before", () => {
    const world = goneBad(WIDE, "app:2");
    world.sicken("app:0", "app:1");
    world.until(() => groupOf(world)?.incident?.canary === "app:2");
    for (const id of ["app:0", "app:1"]) world.scripts.set(id, OUTLIVED);
    world.cure("app:2");
    world.until(() => groupOf(world)?.incident === null);
    for (const id of ["app:0", "app:1"]) world.scripts.set(id, FINE);
    world.advance(MINUTE);
    expect(healed(world)).toEqual(["app:2"]);
  });

  test("is healed when it is alone with that: a slow decline has no newest failures to show", () => {
    const world = new CoreWorld(WIDE);
    world.scripts.set("app:0", OUTLIVED);
    world.advance(4000);
    expect(healed(world)).toEqual(["app:0"]);
  });
});
