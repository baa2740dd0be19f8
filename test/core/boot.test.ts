import { describe, expect, test } from "vitest";
import { bootStatusOf, readBoots } from "../../src/core/boot.ts";
import type { Observation } from "../../src/core/observation.ts";
import { loadState, saveState, type SavedState } from "../../src/core/persist.ts";
import { createState } from "../../src/core/state.ts";
import { statusOf } from "../../src/core/status.ts";
import { CoreWorld } from "../support/core-world.ts";

const TARGET = "app:0";

function world(): CoreWorld {
  return new CoreWorld({ strategy: { queues: ["llm"] } });
}

/** What a sensor saw goes in with the next turn. */
function see(at: CoreWorld, ...seen: readonly Observation[]): void {
  at.observations.push(...seen);
  at.advance(at.turnMs);
}

function pending(at: CoreWorld, tasks: number): void {
  see(at, { kind: "queue", queue: "llm", atMs: at.nowMs, pending: tasks, running: 0, finished: null, totalsOnly: false });
}

function probe(at: CoreWorld, ok: boolean): Observation {
  return { kind: "probe", target: TARGET, rule: "http-probe", atMs: at.nowMs, ok, detail: "" };
}

function finished(at: CoreWorld): Observation {
  return { kind: "tasks", target: TARGET, atMs: at.nowMs, ok: 0, failed: 1 };
}

function pulse(at: CoreWorld, voluntarySwitches: number): Observation {
  const { pid } = at.pm2.row(TARGET);
  return { kind: "pulse", target: TARGET, atMs: at.nowMs, pid: pid ?? 0, state: "S", voluntarySwitches };
}

/** Somebody restarts the worker, and it works after so long. */
function startThat(at: CoreWorld, tookMs: number, sign: (at: CoreWorld) => Observation): void {
  at.pm2.restart(at.pm2.row(TARGET));
  at.advance(tookMs);
  see(at, sign(at));
}

function boot(at: CoreWorld) {
  return bootStatusOf(at.state, "app");
}

describe("the time a start takes", () => {
  test("is known of no start that healer has not watched", () => {
    const at = world();
    see(at, probe(at, true));
    pending(at, 3);
    see(at, finished(at));
    expect(boot(at)).toBeNull();
  });

  test("runs from ready to the first good probe; bad ones and later ones say nothing", () => {
    const at = world();
    startThat(at, 12_000, (now) => probe(now, false));
    see(at, probe(at, true));
    at.advance(60_000);
    see(at, probe(at, true));
    expect(boot(at)).toEqual({ sign: "probe", starts: 1, min_ms: 14_000, median_ms: 14_000, max_ms: 14_000 });
  });

  test("runs to the first finished task, failed or not, where tasks were pending all the while; that is the better sign", () => {
    const at = world();
    pending(at, 3);
    startThat(at, 6000, (now) => probe(now, true));
    pending(at, 3);
    at.advance(32_000);
    see(at, finished(at));
    expect(boot(at)).toMatchObject({ sign: "task", starts: 1, max_ms: 42_000 });
  });

  test("says nothing where there was no work to do, or work came later", () => {
    const at = world();
    startThat(at, 40_000, finished);
    at.pm2.restart(at.pm2.row(TARGET));
    at.advance(10_000);
    pending(at, 3);
    at.advance(10_000);
    see(at, finished(at));
    expect(boot(at)).toBeNull();
  });

  test("takes no task of the process before for the first of the new one, however seldom the queue is read", () => {
    const at = world();
    pending(at, 3);
    startThat(at, 20_000, finished); // the first reading after the start: what was finished before it is in there too
    expect(boot(at)).toBeNull();
    pending(at, 3);
    at.advance(20_000);
    see(at, finished(at));
    expect(boot(at)).toMatchObject({ sign: "task", max_ms: 44_000 });
  });

  test("runs to the first beat of life where nothing else is known, never of another process", () => {
    const at = world();
    startThat(at, 2000, (now) => pulse(now, 5));
    see(at, { ...pulse(at, 9), pid: 1 } as Observation);
    see(at, pulse(at, 5));
    expect(boot(at)).toBeNull();
    see(at, pulse(at, 6));
    expect(boot(at)).toMatchObject({ sign: "life", starts: 1, max_ms: 8000 });
  });

  test("is kept for the last eight starts, as least, median and most", () => {
    const at = world();
    for (const seconds of [600, 10, 20, 30, 40, 50, 60, 70, 80]) startThat(at, seconds * 1000, (now) => probe(now, true));
    expect(boot(at)).toEqual({ sign: "probe", starts: 8, min_ms: 10_000, median_ms: 50_000, max_ms: 80_000 });
  });

  test("stands in the status of the group, and in none of a worker", () => {
    const at = world();
    startThat(at, 10_000, (now) => probe(now, true));
    expect(statusOf(at.state, at.target("app")).boot).toMatchObject({ sign: "probe", max_ms: 10_000 });
    expect(statusOf(at.state, at.target(TARGET)).boot).toBeNull();
  });

  test("is remembered over a restart of healer, which has not watched the start that is under way", () => {
    const at = world();
    startThat(at, 10_000, (now) => probe(now, true));
    at.pm2.restart(at.pm2.row(TARGET));
    at.advance(10_000);
    at.save();
    at.kill();
    at.advance(60_000);
    at.boot();
    at.turn();
    see(at, probe(at, true));
    expect(boot(at)).toMatchObject({ starts: 1, max_ms: 10_000 });
  });
});

describe("what was saved of starts", () => {
  const saved: readonly (readonly [string, unknown])[] = [
    ["nothing, as a snapshot of 0.1.0", undefined],
    ["a list", [1]],
    ["a word", "boots"],
    ["a group without signs", { app: {} }],
    ["times that are none", { app: { task: ["5", -1, null, Number.NaN], probe: 5, life: {} } }],
  ];
  test.each(saved)("%s loads as nothing", (_what, boots) => {
    const at = world();
    const state = createState({ policy: at.policy, self: { pids: [] }, seed: 1, atMs: at.nowMs, wallMs: at.wallMs });
    loadState(state, { ...saveState(at.state), boots } as SavedState);
    expect(bootStatusOf(state, "app")).toBeNull();
  });

  test("more starts and groups than are kept are cut", () => {
    const many = Object.fromEntries(
      Array.from({ length: 1500 }, (_, index) => [`app-${index}`, { task: Array.from({ length: 20 }, () => 1) }]),
    );
    const boots = readBoots(many);
    expect([boots.size, boots.get("app-1499")?.task.length, boots.has("app-0")]).toEqual([1000, 8, false]);
  });
});
