import { afterEach, describe, expect, test } from "vitest";
import { CLOCK_S, closePrometheusStages, prometheusStage, Raw, scalar, success } from "../support/prometheus-stage.ts";
import { kindsIn, tasksIn } from "../support/queue-stage.ts";
import { watchedWorker } from "../support/watched-worker.ts";

afterEach(closePrometheusStages);

const DEPTH = { pending: "pending", running: "running", oldest_age: "oldest_age" };

describe("figures by worker", () => {
  test("the first reading is a baseline; then each worker gets its own outcomes, and the group none", async () => {
    const scene = await prometheusStage();
    scene.found = { completed: { "rpa-0": 10, "rpa-1": 20 }, failed: { "rpa-0": 1, "rpa-1": 2 } };
    expect(await scene.read()).toMatchObject([
      { kind: "sight", sensor: "queue:orders", target: null },
      { kind: "queue", queue: "orders", finished: null, totalsOnly: false, counted: [], atMs: 1_005_000 },
    ]);
    scene.found = { completed: { "rpa-0": 10, "rpa-1": 23 }, failed: { "rpa-0": 5, "rpa-1": 2 } };
    const observations = await scene.read();
    expect(tasksIn(observations)).toEqual({ "rpa:0": [0, 4], "rpa:1": [3, 0] });
    expect(observations[0]).toMatchObject({ kind: "queue", finished: 7, totalsOnly: false, counted: ["rpa:0", "rpa:1"] });
  });

  test("a counter that goes back is a restart of its process: a baseline of that worker, and nobody else's", async () => {
    const scene = await prometheusStage();
    scene.found = { completed: { "rpa-0": 100, "rpa-1": 50 }, failed: { "rpa-0": 9, "rpa-1": 5 } };
    await scene.read();
    scene.found = { completed: { "rpa-0": 2, "rpa-1": 51 }, failed: { "rpa-0": 9, "rpa-1": 5 } };
    const after = await scene.read();
    expect(tasksIn(after)).toEqual({ "rpa:1": [1, 0] });
    expect(after).toContainEqual(expect.objectContaining({ kind: "queue", counted: ["rpa:1"] }));
    scene.found = { completed: { "rpa-0": 3, "rpa-1": 51 }, failed: { "rpa-0": 10, "rpa-1": 5 } };
    expect(tasksIn(await scene.read())).toEqual({ "rpa:0": [1, 1] });
  });

  test.each([
    ["has no series any more", { "rpa-1": 21 }, { "rpa-1": 2 }],
    ["has only one of the two counters", { "rpa-0": 17, "rpa-1": 21 }, { "rpa-1": 2 }],
    ["has NaN for a count", { "rpa-0": "NaN", "rpa-1": 21 }, { "rpa-0": 8, "rpa-1": 2 }],
  ])("a worker that %s has no data: neither tasks nor a standstill, and begins anew", async (_, completed, failed) => {
    const scene = await prometheusStage();
    scene.found = { completed: { "rpa-0": 10, "rpa-1": 20 }, failed: { "rpa-0": 1, "rpa-1": 2 } };
    await scene.read();
    scene.found = { completed, failed };
    const without = await scene.read();
    expect(tasksIn(without)).toEqual({ "rpa:1": [1, 0] });
    expect(without).toContainEqual(expect.objectContaining({ kind: "queue", counted: ["rpa:1"] }));
    scene.found = { completed: { "rpa-0": 90, "rpa-1": 21 }, failed: { "rpa-0": 90, "rpa-1": 2 } };
    expect(tasksIn(await scene.read())).toEqual({});
    scene.found = { completed: { "rpa-0": 91, "rpa-1": 21 }, failed: { "rpa-0": 90, "rpa-1": 2 } };
    expect(tasksIn(await scene.read())).toEqual({ "rpa:0": [1, 0] });
  });

  test("series without a worker are tasks that none had, and are left out", async () => {
    const scene = await prometheusStage({ worker_label: "worker" });
    scene.found = { completed: { "rpa-0": 1, "": 70 }, failed: { "rpa-0": 0 } };
    await scene.read();
    scene.found = { completed: { "rpa-0": 2, "": 99 }, failed: { "rpa-0": 0 } };
    expect(tasksIn(await scene.read())).toEqual({ "rpa:0": [1, 0] });
  });

  test("worker_key says what the label's values are", async () => {
    const workers = [watchedWorker({ env: { SLOT: "blue" } }), watchedWorker({ pmId: 1, instance: "1", env: { SLOT: "green" } })];
    const scene = await prometheusStage({ worker_key: "env.SLOT" }, workers);
    scene.found = { completed: { green: 1, red: 5 }, failed: { green: 0, red: 0 } };
    await scene.read();
    scene.found = { completed: { green: 1, red: 5 }, failed: { green: 2, red: 9 } };
    expect(tasksIn(await scene.read())).toEqual({ "rpa:1": [0, 2] });
  });
});

describe("totals", () => {
  test.each([
    ["a sum without a label", 100, 107],
    ["a scalar", new Raw(scalar("100")), new Raw(scalar("107"))],
  ])("%s belongs to the group", async (_, before, after) => {
    const scene = await prometheusStage();
    scene.found = { completed: before, failed: 3 };
    expect(await scene.read()).toContainEqual(expect.objectContaining({ kind: "queue", totalsOnly: true, counted: [] }));
    scene.found = { completed: after, failed: 5 };
    const observations = await scene.read();
    expect(tasksIn(observations)).toEqual({ rpa: [7, 2] });
    expect(observations).toContainEqual(expect.objectContaining({ kind: "queue", finished: 9, totalsOnly: true, counted: ["rpa"] }));
  });

  test("that keep going down are no counters: blind, with what to write instead", async () => {
    const scene = await prometheusStage();
    const reasons: string[] = [];
    for (let turn = 0; turn < 12; turn++) {
      scene.found = { completed: 50 + (turn % 3), failed: 5 };
      reasons.push(...(await scene.read()).flatMap((seen) => (seen.kind === "blind" ? [seen.reason] : [])));
    }
    expect(reasons.at(-1)).toMatch(/went down three times in thirty readings.*no rate\(\) or increase\(\), and by worker/);
  });
});

describe("depth", () => {
  test("what waits, is in hand and how long the oldest has waited are each one number", async () => {
    const scene = await prometheusStage(DEPTH);
    scene.found = { completed: 1, failed: 0, pending: 7.4, running: 2, oldest_age: new Raw(scalar("90.5")) };
    const observations = await scene.read();
    expect(observations).toContainEqual(expect.objectContaining({ kind: "queue", pending: 7, running: 2, oldestMs: 90_500 }));
    expect(observations).toContainEqual(expect.objectContaining({ kind: "running", target: "rpa", tasks: 2 }));
  });

  test("tasks in hand may be by worker, also of one whose outcomes are not known", async () => {
    const scene = await prometheusStage({ running: "running" });
    scene.found = { completed: { "rpa-0": 1 }, failed: { "rpa-0": 1 }, running: { "rpa-0": 0, "rpa-1": 3 } };
    const observations = await scene.read();
    expect(observations).toContainEqual(expect.objectContaining({ kind: "queue", running: 3 }));
    expect(observations.flatMap((seen) => (seen.kind === "running" ? [[seen.target, seen.tasks]] : []))).toEqual([
      ["rpa:0", 0],
      ["rpa:1", 3],
    ]);
  });

  test("alone is enough", async () => {
    const scene = await prometheusStage({ completed: undefined, failed: undefined, pending: "pending" });
    scene.found = { pending: 12 };
    expect(await scene.read()).toContainEqual(expect.objectContaining({ kind: "queue", pending: 12, finished: null, counted: [] }));
    expect(scene.asked.map(({ query }) => query)).toEqual(["time()", "pending"]);
  });

  test("an age a little below nothing is a clock that is behind", async () => {
    const scene = await prometheusStage({ oldest_age: "oldest_age" });
    scene.found = { completed: 1, failed: 1, oldest_age: -2.5 };
    expect(await scene.read()).toContainEqual(expect.objectContaining({ kind: "queue", oldestMs: 0 }));
  });
});

describe("no data", () => {
  test.each([
    ["absent metrics", {}],
    ["NaN as a scalar", { completed: new Raw(scalar("NaN")), failed: new Raw(scalar("NaN")), pending: new Raw(scalar("NaN")) }],
    ["NaN in vectors", { completed: { "rpa-0": "NaN" }, failed: { "rpa-0": "NaN" }, pending: "NaN", oldest_age: "NaN" }],
    ["one absent counter of two", { completed: 12, failed: null }],
  ])("%s are neither 0 nor blindness: nothing is known, of nobody", async (_, found) => {
    const scene = await prometheusStage(DEPTH);
    scene.found = found;
    await scene.read();
    const [seen, ...rest] = await scene.read();
    expect(seen).toMatchObject({ kind: "queue", pending: null, running: null, finished: null, counted: [] });
    expect(seen).not.toHaveProperty("oldestMs");
    expect(rest).toEqual([]);
  });

  test("counters by worker that have all gone do not become the group's", async () => {
    const scene = await prometheusStage({ worker_label: "worker" });
    scene.found = { completed: { "rpa-0": 1 }, failed: { "rpa-0": 1 } };
    await scene.read();
    scene.found = {};
    expect(await scene.read()).toMatchObject([{ kind: "queue", totalsOnly: false, finished: 0, counted: [] }]);
  });
});

describe("the queries", () => {
  test("are of one instant, by the server's own clock, and carry the time allowed", async () => {
    const scene = await prometheusStage(DEPTH);
    await scene.read();
    const [clock, ...others] = scene.asked;
    expect(clock).toEqual({ path: "/api/v1/query", query: "time()", time: null, timeout: "1800ms" });
    expect(others.map(({ query }) => query).toSorted()).toEqual(["completed", "failed", "oldest_age", "pending", "running"]);
    expect(new Set(others.map(({ time }) => time))).toEqual(new Set([String(CLOCK_S)]));
  });

  test("go to a server behind a path, with what else its URL says", async () => {
    const scene = await prometheusStage();
    const below = await prometheusStage({ url: `${scene.origin}/prom/?tenant=a` });
    await below.read();
    expect(scene.asked[0]).toMatchObject({ path: "/prom/api/v1/query", query: "time()" });
  });

  test("a vector where the clock should be is another server's: blind", async () => {
    const scene = await prometheusStage();
    scene.found = { "time()": new Raw(success("vector", [])) };
    expect(kindsIn(await scene.read())).toEqual(["blind"]);
  });
});
