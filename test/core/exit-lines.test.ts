import { describe, expect, test } from "vitest";
import { sumOf } from "../../src/core/restart-ledger.ts";
import { HearingWorld } from "../support/hearing-world.ts";

const MINUTE = 60_000;

/** A world that only watches: nobody holds the loop down. */
function watching(): HearingWorld {
  const world = new HearingWorld({ strategy: { mode: "observe" } });
  world.advance(2_000);
  return world;
}

function loop(world: HearingWorld, turns: number): void {
  for (let turn = 0; turn < turns; turn++) {
    world.crash({ exitCode: turn % 2 });
    world.advance(2_000);
  }
}

function told(world: HearingWorld): number {
  return world.lines("worker_exit").reduce((sum, { more }) => sum + Number(more?.["exits"]), 0);
}

describe("a crash loop in the log", () => {
  test("gets three lines, then one a minute that says how many more there were, and the counts lose nothing", () => {
    const world = watching();
    loop(world, 100);
    const lines = world.lines("worker_exit");
    expect(lines.map(({ more }) => more?.["exits"])).toEqual([1, 1, 1, 30, 30, 30]);
    expect(lines[3]?.reason).toBe(
      "ended 30 times more in 1 m (exit code 1: 15, exit code 0 or SIGINT: 15); of so many exits one line a minute is written",
    );
    expect(lines[3]?.more).toMatchObject({ cause: "crash", ends: { "exit code 1": 15, "exit code 0 or SIGINT": 15 }, lived_ms: null });
    expect(world.restarts().counted).toBe(100);
    world.advance(MINUTE);
    expect(told(world)).toBe(100);
  });

  test("is over after a minute without an exit: the next one gets a line of its own", () => {
    const world = watching();
    loop(world, 10);
    world.advance(2 * MINUTE);
    const before = world.lines("worker_exit").length;
    world.crash({ exitCode: 9 });
    world.turn();
    expect(world.lines("worker_exit")).toHaveLength(before + 1);
    expect(world.newest("worker_exit")).toMatchObject({ exits: 1, exit_code: 9 });
  });

  test("is told to its end where the worker goes, and where healer is restarted in it", () => {
    const world = watching();
    loop(world, 10);
    world.save();
    world.kill();
    world.boot();
    world.turn();
    expect(told(world)).toBe(3);
    world.pm2.delete(world.app);
    world.turn();
    expect(told(world)).toBe(10);
    expect(world.newest("worker_exit")).toMatchObject({ exits: 7 });
  });

  test("with ever new ends keeps eight of them apart, and counts the others together", () => {
    const world = watching();
    for (let exitCode = 1; exitCode <= 20; exitCode++) {
      world.crash({ exitCode });
      world.turn();
    }
    const { ends } = world.restarts();
    expect(Object.keys(ends)).toHaveLength(9);
    expect(ends["others"]).toBe(12);
    expect(sumOf(ends)).toBe(20);
  });
});
