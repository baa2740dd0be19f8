import { describe, expect, test } from "vitest";
import { explain } from "../../src/core/explain.ts";
import { statusOf } from "../../src/core/status.ts";
import { CoreWorld, type WorldOptions } from "../support/core-world.ts";
import { SICK } from "../support/scripted-rules.ts";

/** What an incident points at: a word for whoever is woken by it. */

const MINUTE = 60_000;
const HOUR = 3_600_000;

function opened(world: CoreWorld, target = "app") {
  const [line] = world.lines("incident_open", target);
  if (line === undefined) throw new Error("no incident");
  return { reason: line.reason, suspect: line.more?.["suspect"], afterRestartMs: line.more?.["after_restart_ms"] };
}

function sickenUnproven(world: CoreWorld, ...ids: readonly string[]): void {
  for (const id of ids) world.scripts.set(id, { ...SICK, sustained: false });
}

function worldOf(apps: Readonly<Record<string, number>>, options: WorldOptions = {}): CoreWorld {
  return new CoreWorld({ apps, ...options });
}

function restart(world: CoreWorld, ...ids: readonly string[]): void {
  for (const id of ids) world.pm2.restart(world.pm2.row(id));
  world.advance(2000);
}

describe("an incident suspects a deploy", () => {
  test("when most of those who went bad had been restarted by somebody else within a quarter of an hour", () => {
    const world = worldOf({ app: 5 });
    restart(world, "app:0", "app:1", "app:2");
    world.advance(4 * MINUTE);
    world.sicken("app:0", "app:1", "app:2");
    world.advance(2000);
    expect(opened(world)).toEqual({
      reason:
        "3 of 5 workers went bad together (app:0, app:1, app:2), 4 m 2 s after somebody started or restarted them: suspect that deploy; one of them will be healed first, in 4 m, unless it passes",
      suspect: "deploy",
      afterRestartMs: 244_000,
    });
    expect(statusOf(world.state, world.target("app"))).toMatchObject({ incident: "waiting", incident_suspect: "deploy" });
    expect(explain(world.state, world.target("app:0")).incident).toContain("went bad together 0 s ago; suspect: deploy; one of them");
  });

  test("when they had just been started for the first time, also before healer itself was", () => {
    const world = worldOf({ app: 3 }, { uptimeMs: 5 * MINUTE });
    world.sicken("app:0", "app:1");
    world.advance(2000);
    expect(opened(world).reason).toContain(", 5 m 2 s after somebody started or restarted them: suspect that deploy;");
  });

  test("and names how many of them, if not all were restarted", () => {
    const world = worldOf({ app: 4 });
    restart(world, "app:0", "app:1");
    world.advance(4 * MINUTE);
    sickenUnproven(world, "app:0", "app:1", "app:2");
    world.advance(2000);
    expect(opened(world).reason).toContain("4 m 2 s after somebody started or restarted 2 of them: suspect that deploy");
  });

  test.each([
    { what: "only half of them were restarted", restarted: ["app:0"], laterMs: 4 * MINUTE },
    { what: "the restart was longer ago", restarted: ["app:0", "app:1"], laterMs: 16 * MINUTE },
  ])("but not when $what", ({ restarted, laterMs }) => {
    const world = worldOf({ app: 3 });
    restart(world, ...restarted);
    world.advance(laterMs);
    world.sicken("app:0", "app:1");
    world.advance(2000);
    expect(opened(world).suspect).not.toBe("deploy");
  });

  test("and not when it was healer that restarted them", () => {
    const world = worldOf({ app: 2 });
    for (const id of ["app:0", "app:1"]) {
      world.sicken(id);
      world.until(() => world.executed.some(({ target }) => target === id));
      world.cure(id);
      world.until(() => world.lines("heal_verdict", id).length > 0);
    }
    world.sicken("app:0", "app:1");
    world.advance(2000);
    expect(opened(world).suspect).not.toBe("deploy");
    expect(opened(world).afterRestartMs).toBeLessThan(5 * MINUTE);
  });

  test("also after healer was restarted in between", () => {
    const world = worldOf({ app: 3 });
    restart(world, "app:0", "app:1");
    world.advance(MINUTE);
    world.save();
    world.kill();
    world.boot();
    world.advance(3 * MINUTE);
    world.sicken("app:0", "app:1");
    world.advance(2000);
    expect(opened(world).suspect).toBe("deploy");
  });
});

describe("an incident suspects what is upstream", () => {
  test("when workers of different age go bad within seconds of one another", () => {
    const world = worldOf({ app: 3 });
    restart(world, "app:1");
    world.advance(30 * MINUTE);
    sickenUnproven(world, "app:0");
    world.advance(8000);
    sickenUnproven(world, "app:1");
    world.advance(2000);
    expect(opened(world)).toEqual({
      reason:
        "2 of 3 workers went bad together (app:0, app:1) within 8 s, though they were started 1 h apart: suspect upstream, the cause is probably not in them; one of them will be healed first, in 4 m, unless it passes",
      suspect: "upstream",
      afterRestartMs: 1_812_000,
    });
  });

  test("but not when they are minutes apart, nor when they were started together", () => {
    const apart = worldOf({ app: 3 });
    restart(apart, "app:1");
    apart.advance(30 * MINUTE);
    sickenUnproven(apart, "app:0");
    apart.advance(MINUTE);
    sickenUnproven(apart, "app:1");
    apart.advance(2000);
    expect(opened(apart).suspect).toBe("unknown");
    const together = worldOf({ app: 3 });
    together.sicken("app:0", "app:1");
    together.advance(2000);
    expect(opened(together)).toMatchObject({ suspect: "unknown", afterRestartMs: HOUR + 2000 });
  });

  test("when a worker of another group that works on the same queue has gone bad as well", () => {
    const world = worldOf({ app: 2, other: 1, apart: 1 }, { strategy: { queues: ["llm"] } });
    sickenUnproven(world, "other:0");
    world.advance(MINUTE);
    world.sicken("app:0", "app:1");
    world.advance(2000);
    expect(opened(world).suspect).toBe("upstream");
    expect(opened(world).reason).toContain(
      "(app:0, app:1), and so did 1 worker of other, which works on the same queue llm: suspect upstream, the cause is probably not in them;",
    );
  });

  test("but not when that one had gone bad long before, or shares no queue", () => {
    const before = worldOf({ app: 2, other: 1 }, { strategy: { queues: ["llm"] } });
    sickenUnproven(before, "other:0");
    before.advance(6 * MINUTE);
    before.sicken("app:0", "app:1");
    before.advance(2000);
    expect(opened(before).suspect).toBe("unknown");
    const none = worldOf({ app: 2, other: 1 });
    none.sicken("other:0", "app:0", "app:1");
    none.advance(2000);
    expect(opened(none).suspect).toBe("unknown");
  });
});

test("the line of a large incident names five workers and counts the others", () => {
  const world = worldOf({ app: 8 });
  world.sicken(...Array.from({ length: 8 }, (_, instance) => `app:${instance}`));
  world.advance(2000);
  expect(opened(world).reason).toContain("8 of 8 workers went bad together (app:0, app:1, app:2, app:3, app:4 and 3 more): the cause");
});
