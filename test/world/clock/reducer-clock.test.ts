import { describe, expect, test } from "vitest";
import { systemClock } from "../../../src/world/clock/clock.ts";
import { anchorWithoutBoot, startReducerClock } from "../../../src/world/clock/reducer-clock.ts";
import { fakeClock } from "../../support/fake-clock.ts";

describe("reducer time within one process", () => {
  test("starts at 0 and moves with the monotonic clock", () => {
    const clock = fakeClock();
    const reducer = startReducerClock(clock, null);
    expect(reducer.nowMs()).toBe(0);
    clock.advance(2_000);
    expect(reducer.nowMs()).toBe(2_000);
    expect(reducer.read()).toEqual({ nowMs: 2_000, wallMs: clock.wallMs(), suspendedMs: 0, wallJumpMs: 0 });
  });

  test("stands still in a suspend, which the next reading reports once", () => {
    const clock = fakeClock();
    const reducer = startReducerClock(clock, null);
    clock.advance(2_000);
    clock.suspend(3_600_000);
    expect(reducer.read()).toMatchObject({ nowMs: 2_000, suspendedMs: 3_600_000, wallJumpMs: 0 });
    clock.advance(2_000);
    expect(reducer.read()).toMatchObject({ nowMs: 4_000, suspendedMs: 0 });
  });

  test.each([
    ["an hour ahead", 3_600_000],
    ["an hour back", -3_600_000],
  ])("is not moved by a wall clock set %s, which the next reading reports once", (_, jumpMs) => {
    const clock = fakeClock();
    const reducer = startReducerClock(clock, null);
    clock.advance(2_000);
    clock.setWall(clock.wallMs() + jumpMs);
    expect(reducer.read()).toMatchObject({ nowMs: 2_000, suspendedMs: 0, wallJumpMs: jumpMs });
    expect(reducer.read()).toMatchObject({ wallJumpMs: 0 });
  });

  test.each([
    ["a suspend", 2_000, 0],
    ["a wall jump", 0, 2_000],
  ])("does not report %s of exactly two seconds", (_, sleptMs, jumpMs) => {
    const clock = fakeClock();
    const reducer = startReducerClock(clock, null);
    clock.suspend(sleptMs);
    clock.setWall(clock.wallMs() + jumpMs);
    expect(reducer.read()).toMatchObject({ suspendedMs: 0, wallJumpMs: 0 });
  });

  test("is not fooled by a process stopped between two clock readings", () => {
    const clock = fakeClock();
    let stopNext = false;
    const interrupted = {
      ...clock,
      bootMs() {
        if (stopNext) clock.advance(30_000);
        stopNext = false;
        return clock.bootMs();
      },
    };
    const reducer = startReducerClock(interrupted, null);
    stopNext = true;
    expect(reducer.read()).toMatchObject({ nowMs: 30_000, suspendedMs: 0, wallJumpMs: 0 });
  });
});

describe("reducer time across restarts of the daemon", () => {
  test("goes on by the monotonic clock in the same boot, whatever the wall clock says", () => {
    const clock = fakeClock();
    const first = startReducerClock(clock, null);
    clock.advance(10_000);
    const anchor = first.anchor();
    clock.advance(60_000);
    clock.setWall(0);
    expect(startReducerClock(clock, anchor).nowMs()).toBe(70_000);
  });

  test("goes on by the wall clock after a boot", () => {
    const clock = fakeClock();
    const anchor = startReducerClock(clock, null).anchor();
    clock.reboot(90_000);
    expect(startReducerClock(clock, anchor).nowMs()).toBe(90_000);
  });

  test("counts no time at all when the wall clock after a boot is behind the saved one", () => {
    const clock = fakeClock();
    const first = startReducerClock(clock, null);
    clock.advance(10_000);
    const anchor = first.anchor();
    clock.reboot(0);
    clock.setWall(0);
    expect(startReducerClock(clock, anchor).nowMs()).toBe(10_000);
  });

  test("falls back on the wall clock when the monotonic clock went backwards within one boot id", () => {
    const clock = fakeClock();
    const anchor = { ...startReducerClock(clock, null).anchor(), monotonicMs: clock.monotonicMs() + 1_000_000, reducerMs: 500 };
    clock.advance(7_000);
    expect(startReducerClock(clock, anchor).nowMs()).toBe(7_500);
  });

  test("never starts before the newest record of the journal", () => {
    const clock = fakeClock();
    const anchor = { ...startReducerClock(clock, null).anchor(), reducerMs: 100 };
    expect(startReducerClock(clock, anchor, 4_000).nowMs()).toBe(4_000);
  });

  test("goes on from a journal record by the wall clock where the snapshot is lost", () => {
    const clock = fakeClock();
    const anchor = anchorWithoutBoot(50_000, clock.wallMs());
    clock.advance(5_000);
    expect(startReducerClock(clock, anchor).nowMs()).toBe(55_000);
  });
});

describe("the host's clocks", () => {
  test("share one boot id between two readers and never run backwards", () => {
    const one = systemClock();
    const other = systemClock();
    expect(one.bootId).toBe(other.bootId);
    expect(one.bootId).not.toBe("");
    const earlierMs = one.monotonicMs();
    expect(other.monotonicMs()).toBeGreaterThanOrEqual(earlierMs);
    expect(one.bootMs()).toBeGreaterThan(0);
  });
});
