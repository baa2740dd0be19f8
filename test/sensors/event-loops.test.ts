import { expect, test } from "vitest";
import type { WorkerRow, WorkerVitals } from "../../src/core/worker-row.ts";
import { createEventLoopsSensor } from "../../src/sensors/event-loops.ts";
import { facts, sensorContext, watchedWorker } from "../support/watched-worker.ts";

const LIST_EVERY_MS = 1_000;

function vitals(loopLatencyMs: number, readWallMs = 0): WorkerVitals {
  return { readWallMs, heapUsedMib: 5, heapTotalMib: 7, loopLatencyMs, loopLatencyP95Ms: 2, handles: 2, requests: 0 };
}

/** A sensor that is read with every list; each of them as changes of one row. Answers with what it says of turns. */
function listing() {
  const context = sensorContext();
  const sensor = createEventLoopsSensor({ neededFor: (strategy) => strategy === "rpa", everyMs: 1000, listEveryMs: LIST_EVERY_MS });
  const read = async () => (await facts(sensor.read(context))).map((fact) => (fact.kind === "loop-turn" ? fact.turned : fact.kind));
  const list = (row: Partial<WorkerRow>, afterMs = 1000, strategy = "rpa") => {
    context.atMs += afterMs;
    context.workers = [watchedWorker(row, strategy)];
    return read();
  };
  return { sensor, context, read, list };
}

test("figures that differ from those of the list before are a turn, the same ones are none; when they were read does not count", async () => {
  const { list, context, sensor } = listing();
  expect(await list({ vitals: vitals(0.2, 1) })).toEqual([null]);
  expect(await list({ vitals: vitals(0.3, 2) })).toEqual([true]);
  expect(await list({ vitals: vitals(0.3, 3) })).toEqual([false]);
  context.workers = [watchedWorker({ vitals: vitals(0.4) })];
  expect(await sensor.read(context)).toEqual([{ kind: "loop-turn", target: "rpa:0", atMs: context.atMs, pid: 4000, turned: true }]);
});

test("a list that was looked at before says nothing again", async () => {
  const { list, read, context } = listing();
  await list({ vitals: vitals(0.2) });
  context.atMs += 1000;
  expect(await read()).toEqual([]);
});

test("of lists close to each other the same figures say nothing, and other ones are a turn", async () => {
  const { list } = listing();
  await list({ vitals: vitals(0.2) });
  expect(await list({ vitals: vitals(0.2) }, 200)).toEqual([]);
  expect(await list({ vitals: vitals(0.2) }, 200)).toEqual([]);
  expect(await list({ vitals: vitals(0.2) }, 200)).toEqual([false]); // 600 ms after the one compared last
  expect(await list({ vitals: vitals(0.3) }, 200)).toEqual([true]);
});

test("after a hole nothing can be compared: what PM2 was told meanwhile may still be on its way", async () => {
  const { list } = listing();
  await list({ vitals: vitals(0.2) });
  expect(await list({ vitals: vitals(0.2) }, 3 * LIST_EVERY_MS + 1)).toEqual([null]);
  expect(await list({ vitals: vitals(0.2) })).toEqual([false]);
});

test("another process, also under the same pid, begins anew", async () => {
  const { list } = listing();
  await list({ vitals: vitals(0.2) });
  expect(await list({ vitals: vitals(0.2), pid: 4001 })).toEqual([null]);
  expect(await list({ vitals: vitals(0.2), pid: 4001, startedWallMs: 99 })).toEqual([null]);
});

test("nobody speaks of workers without an agent, that are down, or that no rule asks about, and PM2 is not listed for them", async () => {
  const { list, sensor } = listing();
  expect(await list({ vitals: null })).toEqual([]);
  expect(await list({ vitals: vitals(0.2), pid: null, status: "stopped" })).toEqual([]);
  expect(await list({ vitals: vitals(0.2) }, 1000, "other")).toEqual([]);
  expect(sensor.listEveryMs).toBeUndefined();
  await list({ vitals: vitals(0.2) });
  expect(sensor.listEveryMs).toBe(LIST_EVERY_MS);
});
