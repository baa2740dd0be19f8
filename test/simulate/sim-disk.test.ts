import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/simulate/random.ts";
import { SimDisk } from "../../src/simulate/sim-disk.ts";
import { createTimeline } from "../../src/simulate/timeline.ts";

function disk(seed = 1): SimDisk {
  return new SimDisk(randomFrom(seed));
}

function appender(made: SimDisk, path: string) {
  const opened = made.openAppend(path, "any");
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

describe("a simulated disk", () => {
  test("keeps what was written over a kill, and after a power cut only what was synced, for certain", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const made = disk(seed);
      const file = appender(made, "/d/a");
      file.write(Buffer.from("one"));
      file.sync();
      made.syncDir("/d");
      file.write(Buffer.from("two"));
      expect(made.read("/d/a", 99)).toMatchObject({ ok: true, value: Buffer.from("onetwo") });
      made.cutPower();
      const left = made.read("/d/a", 99);
      expect(left.ok && left.value.subarray(0, 3).toString()).toBe("one");
    }
  });

  test("may lose the name of a file whose folder was not synced", () => {
    const left = Array.from({ length: 40 }, (_, seed) => {
      const made = disk(seed);
      const file = appender(made, "/d/a");
      file.write(Buffer.from("one"));
      file.sync();
      made.cutPower();
      return made.read("/d/a", 99).ok;
    });
    expect(left).toContain(true);
    expect(left).toContain(false);
  });

  test("replaces a file as a whole or not at all, wherever healer dies in it", () => {
    for (let step = 0; step < 8; step++) {
      const made = disk(step);
      made.replace("/d/state", "old");
      let left = step;
      made.before = () => {
        if (left-- === 0) throw new Error("killed");
      };
      try {
        made.replace("/d/state", "new", "/d/state.bak");
      } catch {
        made.before = () => {};
      }
      const found = made.read("/d/state", 99);
      expect(found.ok && ["old", "new"].includes(found.value.toString()), `killed at step ${step}`).toBe(true);
    }
  });

  test("forgets what an fsync has failed on, and does not say so again", () => {
    const made = disk();
    const file = appender(made, "/d/a");
    made.syncDir("/d");
    file.write(Buffer.from("lost"));
    made.trouble.syncs = true;
    expect(file.sync().ok).toBe(false);
    made.trouble.syncs = false;
    file.write(Buffer.from("kept"));
    expect(file.sync().ok).toBe(true);
    made.cutPower();
    const left = made.read("/d/a", 99);
    expect(left.ok && left.value.toString()).toBe("\0\0\0\0kept");
  });
});

describe("virtual time", () => {
  test("runs what is due in order of its time, and of its entry where two are due at once", () => {
    const timeline = createTimeline();
    const ran: string[] = [];
    for (const [atMs, name] of [
      [30, "c"],
      [10, "a"],
      [20, "b1"],
      [20, "b2"],
    ] as const)
      timeline.at(atMs, () => void ran.push(name));
    timeline.at(20, () => timeline.at(25, () => void ran.push("later")));
    timeline.runUntil(29);
    expect(ran).toEqual(["a", "b1", "b2", "later"]);
    expect([timeline.nowMs, timeline.nextAtMs]).toEqual([29, 30]);
  });
});

describe("chance from a seed", () => {
  test("is the same for the same seed, and a concern's stream does not depend on how much others have drawn", () => {
    const [one, other] = [randomFrom(5), randomFrom(5)];
    other.next();
    expect(one.split("faults").next()).toBe(other.split("faults").next());
    expect(one.split("faults").next()).not.toBe(one.split("fleet").next());
  });

  test("has the means it is asked for", () => {
    const random = randomFrom(11);
    const mean = (draw: () => number): number => Array.from({ length: 20_000 }, draw).reduce((sum, value) => sum + value, 0) / 20_000;
    expect(mean(() => random.next())).toBeCloseTo(0.5, 1);
    expect(mean(() => random.poisson(3))).toBeCloseTo(3, 1);
    expect(mean(() => random.poisson(100)) / 100).toBeCloseTo(1, 1);
    expect(mean(() => random.binomial(10, 0.3))).toBeCloseTo(3, 1);
    expect(mean(() => random.exponential(5)) / 5).toBeCloseTo(1, 1);
  });
});
