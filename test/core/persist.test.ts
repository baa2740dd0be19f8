import { describe, expect, test } from "vitest";
import type { Control } from "../../src/core/control.ts";
import type { Effect } from "../../src/core/effect.ts";
import type { Event } from "../../src/core/event.ts";
import { loadState, saveState, type SavedState } from "../../src/core/persist.ts";
import { createState, type State } from "../../src/core/state.ts";
import { settledStandings } from "../../src/core/standing.ts";
import { step } from "../../src/core/step.ts";
import { CoreWorld, type WorldOptions } from "../support/core-world.ts";
import { SICK } from "../support/scripted-rules.ts";

/** Everything a decision rests on survives a restart of the daemon (interface §4), and the core is deterministic (I14). */

const MINUTE = 60_000;

function reloaded(world: CoreWorld): State {
  const state = createState({ policy: world.policy, self: { pids: [] }, seed: 7, atMs: world.nowMs, wallMs: world.wallMs });
  loadState(state, JSON.parse(JSON.stringify(saveState(world.state))) as SavedState);
  return state;
}

/** What a second core does with the events the first one is given from now on. */
function shadow(world: CoreWorld, state: State): { readonly first: string[]; readonly second: string[] } {
  const told = { first: [] as string[], second: [] as string[] };
  world.onStep = (event: Event, effects: readonly Effect[]) => {
    told.first.push(JSON.stringify(effects));
    told.second.push(JSON.stringify(step(state, event)));
  };
  return told;
}

describe("a core that was saved and loaded decides as the one that was not", () => {
  const cases: readonly [string, WorldOptions, (world: CoreWorld) => void][] = [
    ["with a symptom that is not sustained yet", {}, (world) => world.scripts.set("app:0", { ...SICK, sustained: false })],
    ["with a hold that was said", { uptimeMs: MINUTE }, (world) => world.sicken("app:0")],
    ["in observe mode, with would_heal said", { strategy: { mode: "observe" } }, (world) => world.sicken("app:0")],
    ["while a heal is watched", {}, (world) => world.sicken("app:0")],
    ["in its backoff", {}, (world) => (world.sicken("app:0"), world.untilPhase("app:0", "backoff"))],
    ["with an open circuit", {}, (world) => (world.sicken("app:0"), world.untilPhase("app:0", "open"))],
    ["while somebody else's restart settles", {}, (world) => (world.pm2.restart(world.pm2.row("app:0")), world.sicken("app:0"))],
    ["after two crashes", {}, (world) => [1, 2].forEach(() => (world.pm2.crash(world.pm2.row("app:0")), world.advance(2000)))],
    ["held down", {}, (world) => [1, 2, 3].forEach(() => (world.pm2.crash(world.pm2.row("app:0")), world.advance(2000)))],
    ["in an incident", { apps: { app: 3 } }, (world) => world.sicken("app:0", "app:1")],
    ["paused", {}, (world) => (world.sicken("app:0"), void world.command({ name: "pause", target: "app:0", forMs: MINUTE, reason: "" }))],
  ];

  test.each(cases)("%s", (_what, options, given) => {
    const world = new CoreWorld(options);
    given(world);
    world.advance(10_000);
    const told = shadow(world, reloaded(world));
    world.advance(10 * MINUTE);
    world.cure("app:0", "app:1");
    world.advance(10 * MINUTE);
    expect(told.second).toEqual(told.first);
    expect(told.first.length).toBeGreaterThanOrEqual(600);
  });

  test("with real rules, evidence and all", () => {
    const world = new CoreWorld({ rules: "real", apps: { app: 2 } });
    const feed = (ok: number, failed: number): void => {
      world.observations.push({ kind: "tasks", target: "app:0", atMs: world.nowMs, ok, failed });
      world.observations.push({ kind: "memory", target: "app:0", atMs: world.nowMs, bytes: 600 * 1024 * 1024 });
      world.advance(2000);
    };
    for (let count = 0; count < 15; count++) feed(1, 2);
    expect(world.executed, "not yet: neither has stood for a minute").toEqual([]);
    const told = shadow(world, reloaded(world));
    for (let count = 0; count < 60; count++) feed(1, 2);
    expect(told.second).toEqual(told.first);
    expect(world.executed).toHaveLength(1);
  });
});

test("the same events give the same effects, byte for byte", () => {
  const world = new CoreWorld({ apps: { app: 3, other: 1 } });
  world.sicken("app:0", "other:0");
  world.advance(60 * MINUTE);
  const state = createState({ policy: world.policy, self: { pids: [] }, seed: 7, atMs: world.events[0]?.atMs ?? 0, wallMs: 0 });
  state.standings = settledStandings(world.policy);
  const [first, ...rest] = world.events;
  world.scripts.clear(); // the world's first turn came before anybody was sick
  const again = first === undefined ? [] : [...step(state, first)];
  world.sicken("app:0", "other:0");
  again.push(...rest.flatMap((event) => step(state, event)));
  expect(JSON.stringify(again)).toBe(JSON.stringify(world.effects));
});

test("what is saved is plain JSON: nothing is lost or turned into null", () => {
  const world = new CoreWorld();
  world.sicken("app:0");
  world.untilPhase("app:0", "backoff");
  const saved = saveState(world.state);
  expect(JSON.parse(JSON.stringify(saved))).toEqual(saved);
});

test("what workers report decides nothing by itself: it is in no line, no record and no snapshot", () => {
  const told = [false, true].map((reports) => {
    const world = new CoreWorld({ apps: { app: 2 } });
    world.sicken("app:0");
    for (let turn = 0; turn < 600; turn++) {
      for (const row of world.pm2.rows.values())
        row.report = reports ? { ok: 7 * turn, failed: turn, beats: 4321 + turn, loopDelayMs: turn % 9, isClosed: false } : null;
      world.advance(2000);
    }
    expect(world.journal.length).toBeGreaterThan(3);
    return JSON.stringify([world.effects.filter(({ type }) => type === "log"), world.journal, saveState(world.state)]);
  });
  expect(told[1]).toBe(told[0]);
});

test("a control of an older version, with a field missing, is completed and not trusted to be whole", () => {
  const world = new CoreWorld();
  const saved = JSON.parse(JSON.stringify(saveState(world.state))) as { targets: Record<string, { control: Partial<Control> }> };
  delete saved.targets["app:0"]?.control.healsAtMs;
  const state = createState({ policy: world.policy, self: { pids: [] }, seed: 7, atMs: world.nowMs, wallMs: world.wallMs });
  loadState(state, saved as unknown as SavedState);
  step(state, { type: "turn", atMs: world.nowMs, wallMs: world.wallMs, pm2: world.pm2.view(), observations: [], stalledMs: 0 });
  expect(state.targets.get("app:0")?.control.healsAtMs).toEqual([]);
});

test("what a rule of an older version remembered, with a field missing, is completed", () => {
  const world = new CoreWorld({ rules: "real" });
  const beat = { kind: "pulse", target: "app:0", pid: world.pm2.row("app:0").pid ?? 0, state: "S" } as const;
  for (let switches = 1; switches < 4; switches++) {
    world.observations.push({ ...beat, atMs: world.nowMs, voluntarySwitches: 8 * switches });
    world.advance(2000);
  }
  type Rules = readonly { readonly key: string; readonly memory: unknown }[];
  const memoryOf = (rules: Rules): Record<string, unknown> => rules.find(({ key }) => key === "frozen")?.memory as Record<string, unknown>;
  const saved = JSON.parse(JSON.stringify(saveState(world.state))) as { targets: Record<string, { evidence: { rules: Rules } }> };
  const before = memoryOf(saved.targets["app:0"]!.evidence.rules);
  delete before["loop"];
  delete before["hasToldTurns"];
  const state = createState({ policy: world.policy, self: { pids: [] }, seed: 7, atMs: world.nowMs, wallMs: world.wallMs });
  loadState(state, saved as unknown as SavedState);
  step(state, { type: "turn", atMs: world.nowMs, wallMs: world.wallMs, pm2: world.pm2.view(), observations: [], stalledMs: 0 });
  const after = memoryOf(state.targets.get("app:0")!.rules);
  expect(after).toMatchObject({ hasBeaten: true, count: 3, loop: { turns: 0 }, hasToldTurns: false });
});
