import { describe, expect, test } from "vitest";
import { failure, success } from "../../src/core/outcome.ts";
import { bullmqKind } from "../../src/sensors/bullmq-queue.ts";
import type { BullmqFailure, BullmqQueue } from "../../src/world/bullmq/bullmq-queue.ts";
import type { BullmqFigures } from "../../src/world/bullmq/queue-figures.ts";
import { kindsIn, tasksIn } from "../support/queue-stage.ts";
import { facts, sensorContext, watchedWorkers } from "../support/watched-worker.ts";

/** A queue that shows what the test sets, and the sensor that looks at it every five seconds. */
function stage() {
  const context = sensorContext(watchedWorkers(2));
  const scene = { shows: idle() as BullmqFigures | BullmqFailure, closed: 0, opened: [] as unknown[] };
  const queue: BullmqQueue = {
    look: async () => ("message" in scene.shows ? failure(scene.shows) : success(scene.shows)),
    close: () => void scene.closed++,
  };
  const kind = bullmqKind(
    (options) => {
      scene.opened.push(options);
      return queue;
    },
    () => null,
  );
  const params = kind.params.parse({ type: "bullmq", url: "redis://me:hunter2@cache:7000/2", name: "emails" });
  const sensor = kind.create(params, { name: "mail", strategies: ["rpa"], intervalMs: 2_000 });
  const read = async (afterMs = 5_000) => {
    context.atMs += afterMs;
    return sensor.read(context);
  };
  return Object.assign(scene, { sensor, read });
}

function idle(completed = 0, failed = 0): BullmqFigures {
  return { pending: 0, running: 0, oldestMs: null, finished: { completed, failed } };
}

describe("a queue of BullMQ", () => {
  test("speaks of the group: what all its workers finished since the reading before", async () => {
    const scene = stage();
    scene.shows = { pending: 3, running: 2, oldestMs: 30_000, finished: { completed: 0, failed: 0 } };
    const depth = { kind: "queue", queue: "mail", pending: 3, running: 2, oldestMs: 30_000, totalsOnly: true };
    expect(await facts(scene.read())).toMatchObject([
      { ...depth, finished: null },
      { kind: "running", target: "rpa", tasks: 2 },
    ]);
    scene.shows = { ...scene.shows, finished: { completed: 4, failed: 1 } };
    const seen = await scene.read();
    expect(seen).toMatchObject([{ ...depth, finished: 5, counted: ["rpa"] }, { kind: "tasks" }, { kind: "running" }]);
    expect(tasksIn(seen)).toEqual({ rpa: [4, 1] });
  });

  test("of which nobody can say what was finished accuses nobody", async () => {
    const scene = stage();
    await scene.read();
    scene.shows = { ...idle(), pending: 5, finished: null };
    expect(await scene.read()).toMatchObject([{ kind: "queue", pending: 5, finished: null, counted: [] }, { kind: "running" }]);
  });

  test("that is missed for a moment counts on; after a minute it is blind, and comes back with a baseline", async () => {
    const scene = stage();
    scene.shows = idle(10, 0);
    await scene.read();
    scene.shows = { message: "connection refused", mayPass: true };
    expect(await scene.read()).toEqual([]);
    scene.shows = idle(12, 1);
    expect(tasksIn(await scene.read())).toEqual({ rpa: [2, 1] });
    scene.shows = { message: "connection refused", mayPass: true };
    const reason = "redis://cache:7000/2 bull:emails: connection refused";
    expect(await scene.read(60_000)).toMatchObject([{ kind: "blind", sensor: "queue:mail", target: null, reason }]);
    scene.shows = idle(12, 50);
    const back = await scene.read();
    expect(kindsIn(back)).toEqual(["sight", "queue", "running"]);
    expect(tasksIn(back)).toEqual({});
  });

  test("that makes no sense, or lets nobody in, is blind at once", async () => {
    const scene = stage();
    await scene.read();
    scene.shows = { message: "Redis says: WRONGPASS", mayPass: false };
    expect(kindsIn(await scene.read())).toEqual(["blind"]);
  });

  test("is opened where the URL says, and closed with its sensor", () => {
    const scene = stage();
    const address = { host: "cache", port: 7000, username: "me", password: "hunter2", database: 2, tls: false };
    expect(scene.opened).toEqual([{ address, name: "emails", prefix: "bull", timeoutMs: 5_000 }]);
    scene.sensor.close?.();
    expect(scene.closed).toBe(1);
  });
});
