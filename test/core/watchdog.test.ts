import { describe, expect, test } from "vitest";
import type { Effect } from "../../src/core/effect.ts";
import type { Event } from "../../src/core/event.ts";
import { beginTurn } from "../../src/core/turn.ts";
import { watched } from "../../src/core/watchdog.ts";
import { CoreWorld } from "../support/core-world.ts";

type Execute = Extract<Effect, { type: "execute" }>;

/** A world in which a heal is under way, and what the core then wanted done. */
function healing(workers = 1): { world: CoreWorld; done: Execute } {
  const world = new CoreWorld({ apps: { app: workers } });
  world.sicken("app:0");
  world.untilPhase("app:0", "verifying", 10 * 60_000);
  const [done] = world.executed;
  if (done === undefined) throw new Error("nothing was done");
  return { world, done };
}

function ask(world: CoreWorld, effect: Execute, event: Partial<Event> = {}): readonly Effect[] {
  const turn = beginTurn(world.state);
  turn.effects.push(effect);
  const durable = { type: "durable", target: effect.target, healId: effect.healId, pm2: "", atMs: 0, wallMs: 0, ...event };
  return watched(turn, durable as Event);
}

const next = { healId: "20261122-000000-99" };

describe("the watchdog", () => {
  test.each([
    ["I6", {}, { healId: "another" }],
    ["I18", {}, { type: "turn" }],
    ["I9", { row: { isModule: true } }, {}],
    ["I7", {}, {}],
    ["I3", next, {}],
  ])("lets nothing pass that breaks %s, says so, and lets nothing pass afterwards", (invariant, change, event) => {
    const { world, done } = healing();
    const wanted = { ...done, ...change, row: { ...done.row, ...("row" in change ? change.row : {}) } };
    const told = { healId: wanted.healId, ...event } as Partial<Event>;
    const effects = ask(world, wanted, told);
    expect(effects).toMatchObject([{ type: "log", record: { level: "error", event: "alert" } }]);
    expect(world.state.watchdog.violation).toMatch(new RegExp(`^${invariant}:`));
    world.advance(10 * 60_000);
    expect(ask(world, { ...done, ...next, target: "app:0" })).toEqual([]);
    world.sicken("app:0");
    world.advance(60 * 60_000);
    expect(world.executed).toHaveLength(1);
  });

  test("does not take a row that stood for a copy's limits for one that was removed", () => {
    const { world, done } = healing();
    const trim = { ...done, ...next, action: "trim" };
    const copy = { ...trim, ends: [{ pid: 5000, startTicks: 1, commandHash: "", waitMs: 0 }] };
    expect(ask(world, copy)).toEqual([copy]);
    expect(ask(world, trim)).toEqual([trim]);
  });

  test("does not take a row of a new PM2 daemon for one of the old that had its number", () => {
    const { world, done } = healing();
    const { pm2 } = world.state;
    if (pm2.name !== "up") throw new Error(`PM2 is ${pm2.name}`);
    world.state.pm2 = { ...pm2, generation: "another" };
    expect(ask(world, done)).toEqual([done]);
  });

  test("lets healer spend what a larger budget has earned until an edit took it away", () => {
    const { world, done } = healing(3);
    world.cure("app:0");
    world.advance(90 * 60_000);
    world.setPolicy({ ...world.policy, budget: { tokens: 1, refillMs: 3_600_000 } });
    for (const index of [0, 1, 2])
      ask(world, { ...done, target: `app:${index}`, healId: `20261122-000000-9${index}`, row: { ...done.row, pmId: 50 + index } });
    expect(world.state.watchdog.violation).toBeNull();
  });

  test("lets a heal pass that keeps all promises", () => {
    const { world, done } = healing();
    world.cure("app:0");
    world.advance(600_000);
    const wanted = { ...done, ...next };
    expect(ask(world, wanted)).toEqual([wanted]);
    expect(world.state.watchdog.violation).toBeNull();
  });
});
