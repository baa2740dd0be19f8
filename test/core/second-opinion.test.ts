import { describe, expect, test } from "vitest";
import { explain } from "../../src/core/explain.ts";
import type { BoundRule } from "../../src/core/judgement.ts";
import { corePolicy } from "../support/core-policy.ts";
import { CoreWorld } from "../support/core-world.ts";
import { FINE, scriptedRule, SICK, type Script } from "../support/scripted-rules.ts";

/** A rule that asks for the work itself is heard when another calls a heal recovered. */

const GRACE = 180_000;

interface Scene {
  readonly world: CoreWorld;
  /** What the second opinion is, target by target. */
  readonly works: Map<string, Script>;
}

/** `memory` has fired for app:0 and sees its symptom gone; `works` has not been asked yet. */
function healed(change: Partial<BoundRule> = {}): Scene {
  const works = new Map<string, Script>();
  const world = new CoreWorld({ apps: { app: 2 }, rules: [] });
  const second = scriptedRule(works, { key: "works", secondOpinion: true, ...change });
  world.setPolicy(corePolicy([scriptedRule(world.scripts, { key: "memory" }), second]));
  world.sicken("app:0");
  world.untilPhase("app:0", "verifying");
  world.cure("app:0");
  return { world, works };
}

function flipOf(world: CoreWorld): string {
  return explain(world.state, world.target("app:0")).flip;
}

describe("a second opinion", () => {
  test("that agrees, or has nothing to say, changes nothing", () => {
    for (const state of ["fine", "unknown"] as const) {
      const { world, works } = healed();
      works.set("app:0", { ...FINE, state });
      world.untilPhase("app:0", "healthy");
      expect(world.reasons("heal_verdict")).toEqual(["recovered: memory says fine of app:0"]);
    }
  });

  test("against the worker itself makes the heal a failed one, at the end of grace and not before", () => {
    const { world, works } = healed();
    works.set("app:0", SICK);
    world.advance(GRACE - 4000);
    expect(world.control("app:0").phase.name).toBe("verifying");
    world.advance(6000);
    expect(world.reasons("heal_verdict")).toEqual(["failed: memory says fine of app:0; but works: works says sick of app:0"]);
    expect(world.control("app:0")).toMatchObject({ failedHeals: 1, phase: { name: "backoff" } });
  });

  test("that is not proven yet, only observes, or is about another worker is not heard", () => {
    const { world, works } = healed();
    works.set("app:0", { ...SICK, sustained: false }).set("app:1", { ...SICK, sustained: false });
    world.untilPhase("app:0", "healthy");
    const told = healed({ observeOnly: true });
    told.works.set("app:0", SICK);
    told.world.untilPhase("app:0", "healthy");
    for (const each of [world, told.world]) expect(each.reasons("heal_verdict")).toEqual(["recovered: memory says fine of app:0"]);
  });

  test("against its group is given a second grace period to clear", () => {
    const { world, works } = healed({ scope: "group" });
    works.set("app", SICK);
    world.advance(GRACE + 60_000);
    expect(world.control("app:0").phase.name).toBe("verifying");
    works.set("app", FINE);
    world.advance(4000);
    expect(world.reasons("heal_verdict")).toEqual(["recovered: memory says fine of app:0"]);
  });

  test("against its group that stands leaves the verdict open, and the group is healed", () => {
    const { world, works } = healed({ scope: "group" });
    works.set("app", SICK);
    world.advance(2 * GRACE - 4000);
    expect(world.lines("heal_verdict")).toEqual([]);
    world.advance(6000);
    expect(world.reasons("heal_verdict")).toEqual([
      "inconclusive: memory says fine of app:0; but of the group app, works: works says sick of app",
    ]);
    expect(world.control("app:0")).toMatchObject({ failedHeals: 0, unproven: true });
    world.untilPhase("app", "verifying", 10 * GRACE);
    expect(world.reasons("heal_intent").at(-1)).toContain("works says sick of app; action: rolling restart of 2 workers");
  });

  test("against its group is no argument in an incident: the canary is compared with its peers", () => {
    const works = new Map<string, Script>([["app", SICK]]);
    const world = new CoreWorld({ apps: { app: 5 }, rules: [] });
    world.setPolicy(
      corePolicy([
        scriptedRule(world.scripts, { key: "memory" }),
        scriptedRule(works, { key: "works", scope: "group", secondOpinion: true }),
      ]),
    );
    world.sicken("app:0", "app:1");
    world.until(() => world.lines("incident_canary").length === 1);
    world.cure("app:0");
    world.until(() => world.lines("heal_verdict").length === 1, 2 * GRACE);
    expect(world.reasons("heal_verdict")).toEqual(["recovered: memory says fine of app:0"]);
  });

  test("against a group counts for the heal of that group", () => {
    const { world, works } = healed({ scope: "group" });
    works.set("app", FINE);
    world.untilPhase("app:0", "healthy");
    world.setPolicy(
      corePolicy([
        scriptedRule(world.scripts, { key: "rate", scope: "tasks" }),
        scriptedRule(works, { key: "works", scope: "group", secondOpinion: true }),
      ]),
    );
    world.sicken("app");
    world.untilPhase("app", "verifying");
    world.cure("app");
    works.set("app", SICK);
    world.until(() => world.reasons("heal_verdict").length === 2);
    expect(world.reasons("heal_verdict")[1]).toBe("failed: rate says fine of app; but works: works says sick of app");
  });

  test("is what explain says the verdict waits for", () => {
    const { world, works } = healed({ scope: "group" });
    works.set("app", SICK);
    world.advance(10_000);
    expect(flipOf(world)).toContain("as it looks now: undecided, of the group app, works: works says sick of app");
    world.advance(GRACE);
    expect(flipOf(world)).toContain("the verdict comes as soon as this clears: of the group app, works: works says sick of app, and ");
  });
});
