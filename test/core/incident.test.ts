import { describe, expect, test } from "vitest";
import { KNOBS } from "../support/core-policy.ts";
import { CoreWorld } from "../support/core-world.ts";
import { goneBad, groupOf, healed } from "../support/gone-bad.ts";
import { SICK } from "../support/scripted-rules.ts";

/** Workers of a group going bad together: one canary, and the others wait for its verdict (decision-core §2). */

const MINUTE = 60_000;
const GRACE = 180_000;
const NARROW = { apps: { app: 5 } } as const;
const WIDE = { apps: { app: 3 } } as const;

describe("an incident", () => {
  test("opens when two of five go bad together: one is healed at once, the other waits and says for whom", () => {
    const world = goneBad(NARROW, "app:0", "app:1");
    expect(world.reasons("incident_open")).toEqual([
      "2 of 5 workers went bad together (app:0, app:1): the cause is probably not in them; one of them is healed first, the others wait for its verdict",
    ]);
    expect(healed(world)).toEqual(["app:0"]);
    expect(world.reasons("incident_canary")).toEqual(["app:0 is healed first; the others of app wait for its verdict"]);
    world.advance(GRACE - 4000);
    expect(healed(world)).toEqual(["app:0"]);
    expect(world.reasons("hold", "app:1")).toEqual([
      "several workers of app went bad together; app:0 is healed first, this one waits for its verdict",
    ]);
  });

  test("is wide from half the group on, and then gives the trouble four minutes to pass", () => {
    const world = goneBad(WIDE, "app:0", "app:1");
    expect(groupOf(world)?.incident).toMatchObject({ wide: true, phase: "waiting" });
    world.advance(4 * MINUTE - 4000);
    expect(healed(world)).toEqual([]);
    world.advance(6000);
    expect(healed(world)).toEqual(["app:0"]);
  });

  test("becomes wide when half the group is in trouble before anybody was healed, and then waits as well", () => {
    const world = new CoreWorld(NARROW);
    for (const instance of [0, 1]) world.scripts.set(`app:${instance}`, { ...SICK, sustained: false });
    world.advance(2000);
    expect(groupOf(world)?.incident).toMatchObject({ wide: false });
    world.sicken("app:0", "app:1", "app:2");
    world.advance(2000);
    expect(world.reasons("incident_wide")).toEqual([
      "3 of 5 workers are in trouble by now; one of them will be healed first, in 3 m 58 s, unless it passes",
    ]);
    world.advance(4 * MINUTE - 6000);
    expect(healed(world)).toEqual([]);
    world.advance(6000);
    expect(healed(world)).toEqual(["app:0"]);
  });

  test("that has its canary already does not become wide: who is being healed tells more than waiting", () => {
    const world = goneBad(NARROW, "app:0", "app:1");
    world.sicken("app:2", "app:3");
    world.advance(2000);
    expect(world.lines("incident_wide")).toEqual([]);
    expect(groupOf(world)?.incident).toMatchObject({ wide: false, phase: "canary" });
  });

  test("does not open for one worker, nor for two that went bad ten minutes apart, nor in a group of one", () => {
    const alone = goneBad(WIDE, "app:0");
    alone.advance(10 * MINUTE);
    alone.sicken("app:1");
    alone.advance(2000);
    expect(alone.lines("incident_open")).toEqual([]);
    const two = goneBad({ apps: { one: 1, other: 1 } }, "one:0", "other:0");
    expect(two.lines("incident_open")).toEqual([]);
    expect(healed(two).sort()).toEqual(["one:0", "other:0"]);
  });

  test("makes the heal that is already under way its canary, whose failure is not charged to the worker", () => {
    const world = goneBad(NARROW, "app:0");
    expect(healed(world)).toEqual(["app:0"]);
    world.sicken("app:1");
    world.advance(2000);
    expect(world.reasons("incident_open")[0]).toContain("app:0 is being healed already; the others wait for its verdict");
    world.untilPhase("app:0", "backoff");
    expect(world.control("app:0").failedHeals).toBe(0);
    expect(groupOf(world)?.incident?.fails).toBe(1);
  });
});

describe("the canary", () => {
  test("is one at a time, also of two whose heals had begun before the incident", () => {
    const knobs = { maxUnavailable: { count: 2 }, incident: { ...KNOBS.incident, onsetWindowMs: 10_000 } } as const;
    const world = goneBad({ apps: { app: 6 }, knobs }, "app:0");
    world.advance(MINUTE);
    world.sicken("app:1");
    world.advance(MINUTE);
    expect(healed(world)).toEqual(["app:0", "app:1"]);
    world.sicken("app:2", "app:3");
    world.untilPhase("app:0", "backoff");
    expect(groupOf(world)?.incident).toMatchObject({ phase: "canary", canary: "app:1", fails: 1 });
    expect(healed(world)).toEqual(["app:0", "app:1"]);
    world.untilPhase("app:1", "backoff");
    expect(groupOf(world)?.incident).toMatchObject({ phase: "waiting", fails: 2 });
  });

  test("failed: the next one comes after four, then eight minutes, and no member's streak is charged", () => {
    const world = goneBad(NARROW, "app:0", "app:1");
    const starts: number[] = [];
    for (let count = 0; count < 3; count++) {
      world.until(() => world.executed.length > count);
      starts.push(world.nowMs);
      world.until(() => world.lines("heal_verdict").length > count);
    }
    const [first = 0, second = 0, third = 0] = starts;
    expect((second - first) / MINUTE).toBeCloseTo((GRACE + 4 * MINUTE) / MINUTE, 0);
    expect((third - second) / MINUTE).toBeCloseTo((GRACE + 8 * MINUTE) / MINUTE, 0);
    expect([0, 1].map((instance) => world.control(`app:${instance}`).failedHeals)).toEqual([0, 0]);
  });

  test("failed three times: the incident's circuit opens, a person is told, and nothing happens for a cool-down", () => {
    const world = goneBad(NARROW, "app:0", "app:1");
    world.until(() => groupOf(world)?.incident?.phase === "open");
    expect(world.reasons("escalate")[0]).toMatch(
      /^healing app does not help: 3 workers were restarted one after another and stayed bad\..* Next attempt in 30 m$/,
    );
    const executed = world.executed.length;
    world.advance(29 * MINUTE);
    expect(world.executed).toHaveLength(executed);
    world.advance(2 * MINUTE);
    expect(world.executed).toHaveLength(executed + 1);
  });

  test("recovered while its peers are still bad: restarting cures, and they are healed one at a time", () => {
    const world = goneBad(WIDE, "app:0", "app:1", "app:2");
    world.untilPhase("app:0", "verifying");
    world.cure("app:0");
    world.until(() => groupOf(world)?.incident?.phase === "generalise");
    world.advance(4000);
    expect(healed(world)).toEqual(["app:0", "app:1"]);
    world.cure("app:1");
    world.until(() => healed(world).includes("app:2"));
    world.cure("app:2");
    world.until(() => groupOf(world)?.incident === null);
    expect(healed(world)).toEqual(["app:0", "app:1", "app:2"]);
  });

  test("recovered and so did its peers: the cause was outside, and nobody else is healed", () => {
    const world = goneBad(WIDE, "app:0", "app:1", "app:2");
    world.untilPhase("app:0", "verifying");
    world.cure("app:0", "app:1", "app:2");
    world.untilPhase("app:0", "healthy");
    expect(world.reasons("incident_closed")[0]).toMatch(/^app:0 recovered and so did its peers by themselves: the cause was outside them/);
    expect(healed(world)).toEqual(["app:0"]);
  });

  test("superseded by an operator's restart: another one is tried", () => {
    const world = goneBad(NARROW, "app:0", "app:1");
    world.advance(2000);
    world.pm2.restart(world.pm2.row("app:0"));
    world.advance(4000);
    expect(healed(world)).toEqual(["app:0", "app:1"]);
    expect(groupOf(world)?.incident).toMatchObject({ phase: "canary", canary: "app:1" });
  });
});

describe("an incident", () => {
  test("that passes before its canary is due costs no restart and closes after two quiet minutes", () => {
    const world = goneBad(WIDE, "app:0", "app:1");
    world.advance(MINUTE);
    world.cure("app:0", "app:1");
    world.advance(2 * MINUTE - 4000);
    expect(world.lines("incident_closed")).toEqual([]);
    world.advance(6000);
    expect(world.reasons("incident_closed")[0]).toMatch(/^no worker of the group has been in trouble for 2 m; it lasted 3 m/);
    expect(healed(world)).toEqual([]);
  });

  test("is not kept alive by an open circuit", () => {
    const world = goneBad(WIDE, "app:0");
    world.untilPhase("app:0", "open");
    world.sicken("app:1", "app:2");
    world.advance(2000);
    expect(world.lines("incident_open")).toHaveLength(1);
    world.cure("app:1", "app:2");
    world.advance(2 * MINUTE + 4000);
    expect(world.lines("incident_closed")).toHaveLength(1);
  });

  test("does not hold back the stop of a crash loop", () => {
    const world = goneBad(WIDE, "app:0", "app:1");
    for (let crash = 0; crash < 3; crash++) {
      world.pm2.crash(world.pm2.row("app:2"));
      world.advance(2000);
    }
    expect(world.executed.map(({ target, step }) => `${target} ${step}`)).toEqual(["app:2 stop"]);
  });

  test("is closed by a reset of its group", () => {
    const world = goneBad(WIDE, "app:0", "app:1");
    world.command({ name: "reset", target: "app" }, "anna");
    expect(world.reasons("incident_closed")[0]).toMatch(/^closed by anna/);
  });

  test("survives the daemon, and the canary that died with it is not waited for", () => {
    const world = new CoreWorld(NARROW);
    world.scripts.set("app:1", { ...SICK, sustained: false });
    world.sicken("app:0");
    world.advance(2000);
    world.save(); // says: app:0 is the canary
    world.cure("app:0");
    world.advance(1000);
    world.pm2.restart(world.pm2.row("app:0"));
    world.send({ type: "turn", pm2: world.pm2.view(), observations: [], stalledMs: 0 }); // aborts its heal; only the journal knows
    world.kill();
    world.boot();
    world.sicken("app:1");
    world.advance(6000);
    expect(groupOf(world)?.incident?.canary).toBe("app:1");
    expect(healed(world)).toEqual(["app:0", "app:1"]);
  });

  test("and one whose canary began after the snapshot is not given a second", () => {
    const world = new CoreWorld(NARROW);
    world.scripts.set("app:0", { ...SICK, sustained: false });
    world.scripts.set("app:1", { ...SICK, sustained: false });
    world.advance(2000);
    world.save(); // says: waiting
    world.sicken("app:0", "app:1");
    world.turn();
    world.kill();
    world.boot();
    world.advance(MINUTE);
    expect(healed(world)).toEqual(["app:0"]);
    expect(groupOf(world)?.incident).toMatchObject({ phase: "canary", canary: "app:0" });
  });

  test("holds a heal of the whole group as well", () => {
    const world = new CoreWorld(NARROW);
    const [probe] = world.policy.strategies[0]?.rules ?? [];
    if (probe === undefined) throw new Error("no rule");
    const strategies = world.policy.strategies.map((strategy) => ({
      ...strategy,
      rules: [probe, { ...probe, key: "rate", scope: "tasks" as const }],
    }));
    world.setPolicy({ ...world.policy, strategies });
    world.scripts.set("app:0", { ...SICK, sustained: false });
    world.scripts.set("app:1", { ...SICK, sustained: false });
    world.advance(2000);
    world.sicken("app");
    world.advance(MINUTE);
    expect(healed(world)).toEqual([]);
    expect(world.reasons("hold", "app")).toEqual(["several workers of app went bad together; one of them is healed first"]);
  });
});
