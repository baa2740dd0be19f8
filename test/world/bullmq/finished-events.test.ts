import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createFinishedEvents, type EventStream, type StreamEntry } from "../../../src/world/bullmq/finished-events.ts";

/** A stream as Redis keeps it, an entry a millisecond; `trim` takes the oldest away. */
function stream(startMs = 1_700_000_000_000) {
  let entries: StreamEntry[] = [];
  let ms = startMs;
  const asked: number[] = [];
  const msOf = (id: string | undefined): number => Number((id ?? "0-0").split("-")[0]);
  const scene: EventStream & {
    add(...events: readonly (string | readonly string[])[]): void;
    trim(kept: number): void;
    beginAnew(atMs: number): void;
    readonly asked: number[];
  } = {
    asked,
    add(...events) {
      for (const event of events) entries.push([`${ms++}-0`, typeof event === "string" ? ["event", event, "jobId", "7"] : event]);
    },
    trim: (kept) => void (entries = kept === 0 ? [] : entries.slice(-kept)),
    beginAnew: (atMs) => void ([entries, ms] = [[], atMs]),
    ends: async () => (entries.length === 0 ? null : { firstId: entries[0]?.[0] ?? "", lastId: entries.at(-1)?.[0] ?? "" }),
    after: async (id, count) => {
      asked.push(count);
      const from = Math.max(0, msOf(id) - msOf(entries[0]?.[0]) + 1);
      return entries.slice(from, from + count);
    },
  };
  return scene;
}

const NOTHING = { completed: 0, failed: 0 };

describe("outcomes", () => {
  test("from before the first look are nobody's; what comes after it counts, and goes on counting", async () => {
    const [events, redis] = [createFinishedEvents(), stream()];
    redis.add("completed", "failed", "failed");
    expect(await events.advance(redis)).toEqual(NOTHING);
    redis.add("added", "waiting", "active", "completed", "drained");
    expect(await events.advance(redis)).toEqual({ completed: 1, failed: 0 });
    expect(await events.advance(redis), "nothing new").toEqual({ completed: 1, failed: 0 });
    redis.add("failed", "retries-exhausted", "completed");
    expect(await events.advance(redis)).toEqual({ completed: 2, failed: 1 });
  });

  test("of a queue that had no events yet are all counted", async () => {
    const [events, redis] = [createFinishedEvents(), stream()];
    expect(await events.advance(redis)).toEqual(NOTHING);
    redis.add("completed", "failed");
    expect(await events.advance(redis)).toEqual({ completed: 1, failed: 1 });
  });

  test("a parent that fails with its child is no outcome of a worker, and words in other fields are no events", async () => {
    const [events, redis] = [createFinishedEvents(), stream()];
    await events.advance(redis);
    redis.add(["event", "failed", "jobId", "1", "failedReason", "child failed", "prev", "waiting-children"]);
    redis.add(["event", "progress", "jobId", "failed", "data", "completed"], ["jobId", "event", "event"]);
    redis.add(["event", "failed", "jobId", "2", "failedReason", "waiting-children", "prev", "active"]);
    expect(await events.advance(redis)).toEqual({ completed: 0, failed: 1 });
  });

  test("each counts once, however they are spread over readings", async () => {
    const reading = fc.array(fc.constantFrom("completed", "failed", "active"), { maxLength: 250 });
    const check = async (readings: readonly (readonly string[])[]): Promise<void> => {
      const [events, redis] = [createFinishedEvents(), stream()];
      await events.advance(redis);
      const all: string[] = [];
      for (const added of readings) {
        redis.add(...added);
        all.push(...added);
        const count = (event: string): number => all.filter((each) => each === event).length;
        expect(await events.advance(redis)).toEqual({ completed: count("completed"), failed: count("failed") });
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(reading, { maxLength: 5 }), check), { numRuns: 100 });
  });
});

describe("nothing is counted backwards:", () => {
  test("a stream that is gone changes nothing, and what comes after it counts", async () => {
    const [events, redis] = [createFinishedEvents(), stream()];
    redis.add("active");
    await events.advance(redis);
    redis.add("completed");
    await events.advance(redis);
    redis.trim(0);
    expect(await events.advance(redis)).toEqual({ completed: 1, failed: 0 });
    redis.add("failed", "completed");
    expect(await events.advance(redis)).toEqual({ completed: 2, failed: 1 });
  });

  test("a stream that began anew on a clock that went back is counted from where it ends", async () => {
    const [events, redis] = [createFinishedEvents(), stream()];
    redis.add("completed");
    await events.advance(redis);
    redis.beginAnew(1_000);
    redis.add("failed", "failed");
    expect(await events.advance(redis)).toEqual(NOTHING);
    redis.add("completed");
    expect(await events.advance(redis)).toEqual({ completed: 1, failed: 0 });
  });

  test("ids are compared as numbers: ten comes after nine", async () => {
    const [events, redis] = [createFinishedEvents(), stream(9)];
    redis.add("completed");
    await events.advance(redis);
    redis.add("completed");
    expect(await events.advance(redis)).toEqual({ completed: 1, failed: 0 });
  });
});

describe("a reading is bounded:", () => {
  test("it takes ten thousand entries in batches, skips the rest, and goes on from the end", async () => {
    const [events, redis] = [createFinishedEvents(), stream()];
    await events.advance(redis);
    redis.add(...Array.from({ length: 12_000 }, () => "completed"));
    expect(await events.advance(redis)).toEqual({ completed: 10_000, failed: 0 });
    expect(new Set(redis.asked)).toEqual(new Set([100]));
    redis.add("failed");
    expect(await events.advance(redis)).toEqual({ completed: 10_000, failed: 1 });
  });

  test("it stops after eight megabytes of what tasks returned", async () => {
    const [events, redis] = [createFinishedEvents(), stream()];
    await events.advance(redis);
    const large = ["event", "completed", "returnvalue", "x".repeat(100_000)];
    redis.add(...Array.from({ length: 1_000 }, () => large));
    expect(await events.advance(redis)).toEqual({ completed: 100, failed: 0 });
  });

  test("where so much was trimmed that no outcome is left, nobody can say whether there was one", async () => {
    const [events, redis] = [createFinishedEvents(), stream()];
    redis.add("active");
    await events.advance(redis);
    redis.add("completed", ...Array.from({ length: 50 }, () => "added"));
    redis.trim(20);
    expect(await events.advance(redis)).toBeNull();
    redis.add("completed");
    expect(await events.advance(redis)).toEqual({ completed: 1, failed: 0 });
  });

  test("where there was too much to read and no outcome among it, likewise", async () => {
    const [events, redis] = [createFinishedEvents(), stream()];
    await events.advance(redis);
    redis.add(...Array.from({ length: 11_000 }, () => "added"));
    expect(await events.advance(redis)).toBeNull();
  });
});
