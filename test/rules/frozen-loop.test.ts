import { describe, expect, it } from "vitest";
import { FrozenProcess } from "../support/frozen-process.ts";

// A main thread that is blocked and makes garbage goes to sleep now and then, waiting for the threads that collect it: to the kernel it has
// a pulse. What PM2's agent tells, or no longer tells, shows that its event loop does not turn.

/** Healthy for so long, and telling. */
function telling(
  params: unknown = {},
  forMs = 60_000,
  options: { readonly isNode?: boolean; readonly everyMs?: number } = {},
): FrozenProcess {
  const process = new FrozenProcess(params, options);
  process.read(1000, "S", 0);
  process.live(forMs, "S", 8, { turned: true, ...options });
  return process;
}

describe("frozen, by the event loop", () => {
  it.each([
    ["blocked, with a pulse from collecting its garbage, is sick after 90 s", "R", 200, {}, {}, 90_000],
    ["in waits that never end, one after the other, is sick after 90 s", "S", 10, {}, {}, 90_000],
    ["in one wait is sick after 90 s, although its pulse had not been steady for long", "S", 0, {}, {}, 90_000],
    ["stopped by a signal is sick after 15 s, as without an agent", "T", 0, {}, {}, 16_000],
    ["inside the kernel is not judged: a restart would not help", "D", 3, {}, {}, null],
    ["with for is sick after that", "R", 200, { for: 20 }, {}, 20_000],
    ["with a for shorter than its agent's rhythm is given three seconds", "R", 200, { for: 1 }, { everyMs: 500 }, 3000],
  ] as const)("a loop %s", (_title, state, beats, params, options, sickAfterMs) => {
    const process = telling(params, 60_000, options);
    expect(process.live(900_000, state, beats, { turned: false, ...options })).toBe(sickAfterMs);
  });

  it("is fine while it turns, however busy", () => {
    expect(telling({ for: "3s" }).live(600_000, "R", 200, { turned: true })).toBeNull();
  });

  it("is not judged by the silence of an agent that has told nothing, or too little, before", () => {
    for (const forMs of [0, 2000]) {
      const process = telling({ for: "3s" }, forMs);
      expect(process.live(600_000, "R", 200, { turned: false })).toBeNull();
    }
  });

  it("is not known by lists that could be compared with nothing", () => {
    const process = telling({ for: "3s" }, 0);
    for (let list = 0; list < 9; list++) {
      process.read(process.view.nowMs + 2000, "S", 8);
      process.list(null);
    }
    expect(process.live(60_000, "R", 200, { turned: false })).toBeNull();
  });

  it("counts from the earlier of two silences, the kernel's and its own", () => {
    const toldLate = telling();
    toldLate.read(toldLate.view.nowMs + 2000, "R", 0);
    toldLate.list(true); // it told that just before it was blocked
    expect(toldLate.live(200_000, "R", 0, { turned: false })).toBe(88_000);
    const sleptLate = telling();
    sleptLate.live(10_000, "R", 200, { turned: false });
    expect(sleptLate.live(200_000, "R", 0, { turned: false })).toBe(80_000);
  });

  it("is no news of a process other than the one that was read", () => {
    const process = telling({ for: "3s" });
    process.read(process.view.nowMs + 2000, "R", 200);
    for (let list = 0; list < 9; list++) process.list(false, 5000);
    expect(process.live(60_000, "R", 200)).toBeNull();
  });

  it("needs three lists without a turn: of two, one may have crossed what the worker told", () => {
    const process = telling({ for: "3s" });
    process.live(4000, "R", 200, { turned: false });
    expect(process.judge().state).toBe("fine");
    process.live(2000, "R", 200, { turned: true });
    expect(process.live(60_000, "R", 200, { turned: false })).toBe(6000);
  });

  it.each([
    ["a list that can be compared with nothing", (process: FrozenProcess) => process.list(null)],
    ["a stop by a signal", (process: FrozenProcess) => process.read(process.view.nowMs + 2000, "T", 0)],
    ["a turn of healer's that was late", (process: FrozenProcess) => process.read(process.view.nowMs + 30_000, "R", 200)],
  ] as const)("starts over with %s", (_title, happen) => {
    const process = telling();
    process.live(80_000, "R", 200, { turned: false });
    happen(process);
    expect(process.judge().state).not.toBe("sick");
    expect(process.live(200_000, "R", 200, { turned: false })).toBe(90_000);
  });

  it("does not count time inside the kernel, and goes on after it", () => {
    const process = telling();
    process.live(60_000, "R", 200, { turned: false });
    expect(process.live(300_000, "D", 1, { turned: false })).toBeNull();
    expect(process.live(60_000, "R", 200, { turned: false })).toBe(30_000);
    const writing = telling();
    let sickAfterMs = 0;
    for (; writing.judge().state !== "sick" && sickAfterMs < 600_000; sickAfterMs += 4000) {
      writing.live(2000, "D", 5, { turned: false });
      writing.live(2000, "R", 5, { turned: false });
    }
    expect(sickAfterMs).toBe(180_000);
  });

  it("says what it saw, how much longer it may last, and what would end it", () => {
    const process = telling();
    process.live(50_000, "R", 200, { turned: false });
    expect(process.say()).toBe("the event loop of process 4242 has not turned for 50 s (allowed: 1m30s), burning CPU");
    expect(process.flip()).toBe("would heal if it stood still for 40 s more");
    expect(process.live(200_000, "R", 200, { turned: false })).toBe(40_000);
    expect(process.judge()).toMatchObject({ state: "sick", sustained: true, value: 90, threshold: 90 });
    expect(process.flip()).toBe("clears with the next sign of life: PM2 hears of its event loop again");
    process.live(2000, "R", 200, { turned: true });
    expect(process.judge().state).toBe("fine");
  });

  it("keeps its memory through JSON", () => {
    const process = telling();
    process.live(60_000, "R", 200, { turned: false });
    process.memory = JSON.parse(JSON.stringify(process.memory));
    expect(process.live(60_000, "R", 200, { turned: false })).toBe(30_000);
  });
});

describe("frozen, the verdict on a heal where the worker before told the turns of its loop", () => {
  it("waits for the first turn of a process that burns CPU, pulse or not", () => {
    const process = telling();
    for (let reading = 0; reading < 20; reading++) process.read(process.view.nowMs + 2000, "R", 200, 5000);
    expect(process.verdict()).toBe("undecided");
    process.list(null, 5000);
    process.list(true, 5000);
    expect(process.verdict()).toBe("recovered");
  });

  it("does not wait for one that sleeps", () => {
    const process = telling();
    for (let reading = 0; reading < 3; reading++) process.read(process.view.nowMs + 2000, "S", 8, 5000);
    expect(process.verdict()).toBe("recovered");
  });

  it("is held back by two lists without a turn, and failed by long silence", () => {
    const process = telling();
    process.live(4000, "R", 200, { turned: false });
    expect(process.verdict()).toBe("undecided");
    process.live(90_000, "R", 200, { turned: false });
    expect(process.verdict()).toBe("failed");
  });
});
