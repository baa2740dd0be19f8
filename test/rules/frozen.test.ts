import { describe, expect, it } from "vitest";
import { FrozenProcess } from "../support/frozen-process.ts";

describe("frozen, by the kernel's state", () => {
  it.each([
    // what, state, beats a reading, the pulse before (ms), params, sick after (ms; null = never)
    ["a stopped process is sick after 15 s", "T", 0, 10_000, {}, 16_000],
    ["a stopped process is sick without ever having shown a pulse", "T", 0, 0, {}, 16_000],
    ["a traced process counts as stopped", "t", 0, 10_000, {}, 16_000],
    ["a blocked event loop is sick after 90 s", "R", 0, 10_000, {}, 90_000],
    ["a busy process that still sleeps now and then is fine", "R", 1, 10_000, {}, null],
    ["a busy process that never showed a pulse is not judged", "R", 0, 0, {}, null],
    ["a process that waits after a steady pulse is sick after 90 s", "S", 0, 600_000, {}, 90_000],
    ["a process that waits after a short burst of work is merely idle", "S", 0, 60_000, {}, null],
    ["a process that waits and never showed a pulse is not judged", "S", 0, 0, {}, null],
    ["a process inside the kernel is not judged: a restart would not help", "D", 0, 600_000, {}, null],
    ["for overrides the patience with a stopped process", "T", 0, 10_000, { for: "40s" }, 40_000],
    ["for overrides the patience with a blocked event loop", "R", 0, 10_000, { for: 20 }, 20_000],
  ] as const)("%s", (_title, state, beats, pulseMs, params, sickAfterMs) => {
    const process = new FrozenProcess(params);
    process.read(1000, "S", 0);
    process.live(pulseMs, "S", 8);
    expect(process.live(900_000, state, beats)).toBe(sickAfterMs);
  });

  it.each([1000, 2000])("with for: 3s and a reading every %i ms finds a freeze within 4.5 s", (everyMs) => {
    for (const state of ["T", "R"]) {
      const process = new FrozenProcess({ for: "3s" });
      process.read(everyMs, "S", 0, 4242);
      process.live(10 * everyMs, "S", 8, { everyMs });
      expect(process.live(60_000, state, 0, { everyMs })).toBeLessThanOrEqual(4500);
    }
  });

  it("says that an ended but uncollected process is dead", () => {
    const process = new FrozenProcess();
    process.live(10_000, "S", 8);
    process.live(60_000, "Z", 0);
    expect(process.judge()).toMatchObject({ state: "sick", dead: true });
    expect(process.say()).toBe("process 4242 has ended but was not collected (zombie) for 16 s (allowed: 15s)");
  });

  it("judges other programs than Node by being stopped alone, unless for says how long is too long", () => {
    const python = { isNode: false };
    const computing = new FrozenProcess({}, python);
    computing.live(10_000, "S", 8);
    expect(computing.live(600_000, "R", 0)).toBeNull();
    expect(computing.live(60_000, "T", 0)).toBeLessThanOrEqual(16_000);
    const limited = new FrozenProcess({ for: "60s" }, python);
    limited.live(10_000, "S", 8);
    expect(limited.live(600_000, "R", 0)).toBe(60_000);
  });
});

describe("frozen, what voids a silence", () => {
  it("starts over when healer's own turn was late by more than five times", () => {
    const process = new FrozenProcess();
    process.live(10_000, "S", 8);
    process.live(80_000, "R", 0);
    process.read(process.view.nowMs + 30_000, "R", 0); // the machine slept, or healer did
    expect(process.judge().state).toBe("fine");
    expect(process.live(200_000, "R", 0)).toBe(90_000);
  });

  it("says nothing while it has not been read for long, and blames nobody for it", () => {
    const process = new FrozenProcess();
    process.live(10_000, "S", 8);
    process.live(80_000, "T", 0);
    expect(process.judge().state).toBe("sick");
    process.view.nowMs += 20_000;
    expect(process.judge().state).toBe("unknown");
    expect(process.say()).toContain("was not read for 20 s");
  });

  it("follows a longer interval instead of calling every reading late", () => {
    const process = new FrozenProcess();
    process.live(60_000, "S", 8, { everyMs: 1000 });
    process.live(300_000, "S", 8, { everyMs: 10_000 });
    expect(process.live(300_000, "T", 0, { everyMs: 10_000 })).toBe(20_000);
  });

  it("starts over with another process", () => {
    const process = new FrozenProcess();
    process.live(10_000, "S", 8);
    process.live(80_000, "R", 0);
    process.read(process.view.nowMs + 2000, "R", 0, 5000);
    expect(process.judge()).toMatchObject({ state: "unknown", n: 1 });
  });

  it("starts over with time spent inside the kernel", () => {
    const process = new FrozenProcess();
    process.live(10_000, "S", 8);
    process.live(80_000, "R", 0);
    process.live(4000, "D", 0);
    expect(process.live(200_000, "R", 0)).toBe(90_000);
  });
});

describe("frozen, words and verdict", () => {
  it("says why, for a person who never heard of context switches", () => {
    const process = new FrozenProcess();
    process.live(10_000, "S", 8);
    process.live(100_000, "R", 0);
    expect(process.say()).toBe("process 4242 stands still for 1 m 30 s (allowed: 1m30s), burning CPU: its event loop is blocked");
  });

  it("says how much longer it would have to stand still, and means it", () => {
    const process = new FrozenProcess();
    process.live(10_000, "S", 8);
    expect(process.flip()).toContain("for 1m30s burning CPU");
    process.live(50_000, "R", 0);
    expect(process.flip()).toBe("would heal if it stood still for 40 s more");
    expect(process.live(200_000, "R", 0)).toBe(40_000);
  });

  it.each([
    ["recovered", "S", 8, "it beats again"],
    ["recovered", "S", 0, "it sleeps, and never showed a pulse: all that can be seen of such a worker"],
    ["undecided", "R", 0, "it burns CPU without a pulse from its start on"],
    ["failed", "T", 0, "it is stopped again"],
    ["undecided", "D", 0, "it waits inside the kernel"],
  ] as const)("calls a heal %s after a minute of state %s with %i beats a reading: %s", (verdict, state, beats, _why) => {
    const process = new FrozenProcess();
    process.live(60_000, state, beats);
    expect(process.verdict()).toBe(verdict);
  });

  it("waits for three readings before it calls a heal a success", () => {
    const process = new FrozenProcess();
    process.live(4000, "S", 8);
    expect(process.verdict()).toBe("undecided");
    process.live(2000, "S", 8);
    expect(process.verdict()).toBe("recovered");
  });

  it("keeps its memory through JSON", () => {
    const process = new FrozenProcess();
    process.live(10_000, "S", 8);
    process.live(60_000, "R", 0);
    process.memory = JSON.parse(JSON.stringify(process.memory));
    expect(process.live(60_000, "R", 0)).toBe(30_000);
  });
});
