import { expect, test } from "vitest";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import { createEventLoopsSensor } from "../../src/sensors/event-loops.ts";
import { facts, sensorContext, watchedWorker } from "../support/watched-worker.ts";

const LIST_EVERY_MS = 1_000;

/** A sensor that is read with every list; each of them as changes of one row. Answers with what it says of turns. */
function listing(listEveryMs = LIST_EVERY_MS) {
  const context = sensorContext();
  const sensor = createEventLoopsSensor({ neededFor: (strategy) => strategy === "rpa", everyMs: 1000, listEveryMs });
  const read = async () => (await facts(sensor.read(context))).map((fact) => (fact.kind === "loop-turn" ? fact.turned : fact.kind));
  const list = (row: Partial<WorkerRow>, afterMs = 1000, strategy = "rpa") => {
    context.atMs += afterMs;
    context.workers = [watchedWorker(row, strategy)];
    return read();
  };
  return { sensor, context, read, list };
}

test("figures that differ from those of the list before are a turn, the same ones are none", async () => {
  const { list, context, sensor } = listing();
  expect(await list({ agentFigures: "0.2" })).toEqual([null]);
  expect(await list({ agentFigures: "0.3" })).toEqual([true]);
  expect(await list({ agentFigures: "0.3" })).toEqual([false]);
  context.workers = [watchedWorker({ agentFigures: "0.4" })];
  expect(await sensor.read(context)).toEqual([{ kind: "loop-turn", target: "rpa:0", atMs: context.atMs, pid: 4000, turned: true }]);
});

test("a list that was looked at before says nothing again", async () => {
  const { list, read, context } = listing();
  await list({ agentFigures: "0.2" });
  context.atMs += 1000;
  expect(await read()).toEqual([]);
});

test("of lists close to each other the same figures say nothing, and other ones are a turn", async () => {
  const { list } = listing();
  await list({ agentFigures: "0.2" });
  expect(await list({ agentFigures: "0.2" }, 200)).toEqual([]);
  expect(await list({ agentFigures: "0.2" }, 200)).toEqual([]);
  expect(await list({ agentFigures: "0.2" }, 200)).toEqual([false]); // 600 ms after the one compared last
  expect(await list({ agentFigures: "0.3" }, 200)).toEqual([true]);
});

test("after a hole nothing can be compared: what PM2 was told meanwhile may still be on its way", async () => {
  const { list } = listing();
  await list({ agentFigures: "0.2" });
  expect(await list({ agentFigures: "0.2" }, 3 * LIST_EVERY_MS + 1)).toEqual([null]);
  expect(await list({ agentFigures: "0.2" })).toEqual([false]);
});

test("another process, also under the same pid, begins anew", async () => {
  const { list } = listing();
  await list({ agentFigures: "0.2" });
  expect(await list({ agentFigures: "0.2", pid: 4001 })).toEqual([null]);
  expect(await list({ agentFigures: "0.2", pid: 4001, startedWallMs: 99 })).toEqual([null]);
});

test("nobody speaks of workers without an agent, that are down, or that no rule asks about, and PM2 is not listed for them", async () => {
  const { list, sensor } = listing();
  expect(await list({ agentFigures: null })).toEqual([]);
  expect(await list({ agentFigures: "0.2", pid: null, status: "stopped" })).toEqual([]);
  expect(await list({ agentFigures: "0.2", isNode: false })).toEqual([]);
  expect(await list({ agentFigures: "0.2" }, 1000, "other")).toEqual([]);
  expect(sensor.listEveryMs).toBeUndefined();
});

test("PM2 is listed every second until the first turns of a process are known, for half a minute at most, then at the pace asked for", async () => {
  const pacesOf = async (figures: (second: number) => string | null): Promise<readonly (number | undefined)[]> => {
    const { list, sensor } = listing(15_000);
    const paces: (number | undefined)[] = [];
    for (let second = 0; second < 32; second++) {
      await list({ agentFigures: figures(second) });
      paces.push(sensor.listEveryMs);
    }
    return paces;
  };
  expect(await pacesOf((second) => String(second))).toEqual([1000, 1000, ...Array<number>(30).fill(15_000)]);
  expect(await pacesOf(() => "stands")).toEqual([...Array<number>(30).fill(1000), 15_000, 15_000]);
  expect(await pacesOf(() => null)).toEqual([...Array<number>(30).fill(1000), undefined, undefined]);
});
