import { describe, expect, test } from "vitest";
import type { BoundRule } from "../../src/core/judgement.ts";
import { RULES } from "../../src/rules/registry.ts";
import { corePolicy, KNOBS } from "../support/core-policy.ts";
import { CoreWorld } from "../support/core-world.ts";
import { FINE, scriptedRule, SICK, type Script } from "../support/scripted-rules.ts";

/** Rules that only tell: of the depth of a queue, which is nobody's own, and any with `mode: observe`. */

const MINUTE = 60_000;

function backlog(observeOnly: boolean): BoundRule {
  const rule = RULES.find(({ name }) => name === "queue-backlog")!;
  return rule.bind(rule.params.parse({ above: 100, for: "1m" }), { key: "queue-backlog", observeOnly, knobs: KNOBS });
}

/** Every turn the queue is read, and so much is pending. */
function piling(world: CoreWorld, pending: number | null, ms: number): void {
  const untilMs = world.nowMs + ms;
  while (world.nowMs < untilMs) {
    const depth = { queue: "q", pending, running: null, finished: null, totalsOnly: false };
    world.observations.push({ kind: "queue", atMs: world.nowMs, ...depth });
    world.advance(2_000);
  }
}

function crowd(rules: readonly BoundRule[]): CoreWorld {
  return new CoreWorld({ apps: { app: 3, other: 1 }, rules, strategy: { queues: ["q"] } });
}

describe("a backlog", () => {
  test("is told of each group that works through the queue, of no worker, and nobody is restarted for it", () => {
    const world = crowd([backlog(true)]);
    piling(world, 150, 10 * MINUTE);
    expect(world.lines("symptom").map(({ target }) => target)).toEqual(["app", "other"]);
    expect(world.reasons("would_heal", "app")).toEqual([
      "150 tasks pending in q, limit 100, above it for 1 m 2 s (allowed: 1m); would restart, symptom since 1 m 2 s (mode is observe: decided and recorded, not done)",
    ]);
    piling(world, 20, 4_000);
    expect(world.reasons("symptom_cleared", "app")).toEqual([
      "queue-backlog: gone by itself after 10 m 2 s; 20 tasks pending in q, limit 100",
    ]);
    expect(world.executed).toEqual([]);
  });

  test("restarts the group, one worker after another, where the rule says mode: heal", () => {
    const world = crowd([backlog(false)]);
    piling(world, 150, 2 * MINUTE);
    expect(world.reasons("heal_intent", "app")[0]).toMatch(/^150 tasks pending in q.*; action: rolling restart of 3 workers/);
    piling(world, 20, 5 * MINUTE);
    expect(world.reasons("heal_verdict", "app")[0]).toMatch(/recovered/);
  });

  test("of a strategy that does not name the queue is not its own", () => {
    const world = new CoreWorld({ rules: [backlog(true)], strategy: { queues: ["another"] } });
    piling(world, 150, 5 * MINUTE);
    expect(world.lines("symptom")).toEqual([]);
    expect(world.target("app").rules[0]?.judgement.n, "its rules do not even hear of it").toBe(0);
  });

  test("that a blindness falls into begins anew", () => {
    const world = crowd([backlog(true)]);
    piling(world, 150, 50_000);
    const sensor = { sensor: "queue:q", target: null };
    world.observations.push({ kind: "blind", ...sensor, atMs: world.nowMs, reason: "HTTP 500" });
    world.advance(2_000);
    world.observations.push({ kind: "sight", ...sensor, atMs: world.nowMs });
    piling(world, 150, 50_000);
    expect(world.lines("symptom")).toEqual([]);
    piling(world, 150, 20_000);
    expect(world.lines("symptom")).toHaveLength(2);
  });
});

describe("a rule that only observes", () => {
  function watched(scripts: Record<"told" | "acting", Script>): {
    world: CoreWorld;
    scripts: Record<"told" | "acting", Map<string, Script>>;
  } {
    const bySight = { told: new Map([["app:0", scripts.told]]), acting: new Map([["app:0", scripts.acting]]) };
    const rules = [scriptedRule(bySight.told, { key: "told", observeOnly: true }), scriptedRule(bySight.acting, { key: "acting" })];
    return { world: new CoreWorld({ rules }), scripts: bySight };
  }

  test.each([
    ["listed before one that acts does not stand in its way", SICK, SICK, ["acting"]],
    ["is told where it stands alone", SICK, FINE, []],
    ["is told while the other is not sustained yet", SICK, { ...SICK, sustained: false }, []],
    ["does not stand in the way of one that acts by knowing of a death", { ...SICK, dead: true }, SICK, ["acting"]],
  ])("%s", (_, told, acting, healed) => {
    const { world } = watched({ told, acting });
    world.advance(MINUTE);
    expect(world.lines("heal_intent").map(({ more }) => more?.["rule"])).toEqual(healed);
    expect(world.lines("would_heal").map(({ more }) => more?.["rule"])).toEqual(healed.length === 0 ? ["told"] : []);
  });

  test("keeps no circuit open: what opened it is over", () => {
    const { world, scripts } = watched({ told: SICK, acting: SICK });
    world.untilPhase("app:0", "open");
    scripts.acting.set("app:0", FINE);
    world.until(() => world.lines("circuit_closed").length > 0);
    expect(world.lines("circuit_half_open")).toEqual([]);
    expect(world.control("app:0").failedHeals).toBe(0);
  });

  test("acts once an edit says so, and no longer once an edit says not", () => {
    const { world, scripts } = watched({ told: SICK, acting: FINE });
    const edit = (observeOnly: boolean): void => {
      const rules = [scriptedRule(scripts.told, { key: "told", observeOnly }), scriptedRule(scripts.acting, { key: "acting" })];
      world.setPolicy(corePolicy(rules, { strategy: { fingerprint: String(observeOnly) } }));
    };
    edit(false);
    world.untilPhase("app:0", "open");
    world.until(() => world.lines("circuit_half_open").length > 0);
    edit(true);
    const healed = world.lines("heal_intent").length;
    world.advance(24 * 3_600_000);
    expect(world.lines("heal_intent")).toHaveLength(healed);
  });
});
