import { afterEach, describe, expect, test } from "vitest";
import { closeQueueStages, kindsIn, QUIET, queueStage, tasksIn } from "../support/queue-stage.ts";
import { facts, watchedWorker } from "../support/watched-worker.ts";

afterEach(closeQueueStages);

describe("totals only", () => {
  test("the first reading is a baseline; what is finished after it belongs to the group", async () => {
    const scene = await queueStage();
    scene.body = { total: 120, pending: 3, running: 2, completed: 100, failed: 15, uptime: "4 days", extra: [1] };
    const depth = { kind: "queue", queue: "llm", pending: 3, running: 2, totalsOnly: true };
    expect(await facts(scene.read())).toMatchObject([
      { ...depth, finished: null, atMs: 1_005_000 },
      { kind: "running", target: "rpa", tasks: 2 },
    ]);
    scene.body = { pending: 3, running: 2, completed: 107, failed: 17 };
    expect(await scene.read()).toMatchObject([
      { ...depth, finished: 9 },
      { kind: "tasks", target: "rpa", ok: 7, failed: 2, atMs: 1_010_000 },
      { kind: "running", target: "rpa", tasks: 2 },
    ]);
  });

  test("an idle queue is seen, and gives no rate", async () => {
    const scene = await queueStage();
    scene.body = QUIET;
    await scene.read();
    expect(await scene.read()).toMatchObject([{ kind: "queue", finished: 0 }, { kind: "running" }]);
  });

  test("the figures are those of every group whose strategy names the queue, and of no other", async () => {
    const workers = [watchedWorker({ name: "a" }, "one"), watchedWorker({ name: "b" }, "two"), watchedWorker({ name: "c" }, "three")];
    const scene = await queueStage({}, workers, ["one", "two"]);
    scene.body = QUIET;
    await scene.read();
    scene.body = { ...QUIET, completed: 1, failed: 4 };
    expect(tasksIn(await scene.read())).toEqual({ a: [1, 4], b: [1, 4] });
  });

  test.each([
    ["inflight, a number", { inflight: 4 }, 4],
    ["running, a list", { running: [{ id: 1 }, { id: 2 }] }, 2],
    ["not said", {}, null],
  ])("what is running may be %s", async (_, part, running) => {
    const scene = await queueStage();
    scene.body = { pending: 1, completed: 0, failed: 0, ...part };
    expect(await scene.read()).toContainEqual(expect.objectContaining({ kind: "queue", running }));
  });

  test.each([
    ["a count", 3],
    ["a list of names", ["rpa-0", "rpa-1"]],
    ["a list without figures", [{ id: "rpa-0", state: "idle" }]],
    ["null", null],
    ["empty", {}],
  ])("workers that are %s say nothing of single workers", async (_, workers) => {
    const scene = await queueStage();
    scene.body = { ...QUIET, workers };
    expect(await scene.read()).toContainEqual(expect.objectContaining({ kind: "queue", totalsOnly: true }));
  });
});

describe("what waits", () => {
  test.each([
    ["is not said", { completed: 1, failed: 0 }, {}, { pending: null }],
    ["is said with its age", { pending: 3, oldest_age_seconds: 90.5 }, {}, { pending: 3, oldestMs: 90_500 }],
    ["is said under another name", { pending: 3, waits: { max: 4 } }, { oldest_age_seconds: "waits.max" }, { oldestMs: 4_000 }],
    ["has no oldest, because nothing waits", { pending: 0, oldest_age_seconds: null }, {}, { pending: 0 }],
  ])("%s", async (_, body, fields, expected) => {
    const scene = await queueStage({ fields });
    scene.body = body;
    const [seen] = await facts(scene.read());
    expect(seen).toMatchObject({ kind: "queue", ...expected });
    expect(Object.hasOwn(seen ?? {}, "oldestMs")).toBe(Object.hasOwn(expected, "oldestMs"));
  });

  test("a queue that counts no outcomes says of nobody that nothing was finished", async () => {
    const scene = await queueStage();
    scene.body = { pending: 3 };
    expect(await scene.read()).toContainEqual(expect.objectContaining({ kind: "queue", totalsOnly: true, counted: [] }));
  });
});

describe("counts that go back", () => {
  test("a restarted server is a baseline, not minus a hundred tasks", async () => {
    const scene = await queueStage();
    for (const [completed, failed, expected] of [
      [100, 10, {}],
      [103, 10, { rpa: [3, 0] }],
      [2, 1, {}],
      [4, 1, { rpa: [2, 0] }],
    ] as const) {
      scene.body = { ...QUIET, completed, failed };
      expect(tasksIn(await scene.read())).toEqual(expected);
    }
  });

  test("only one of two counts going down is a restart all the same", async () => {
    const scene = await queueStage();
    scene.body = { ...QUIET, completed: 100, failed: 10 };
    await scene.read();
    scene.body = { ...QUIET, completed: 130, failed: 2 };
    expect(tasksIn(await scene.read())).toEqual({});
  });

  test("counts that keep going down count a window: blind for as long as they do", async () => {
    const scene = await queueStage();
    const kinds: string[] = [];
    for (let turn = 0; turn < 60; turn++) {
      scene.body = { ...QUIET, completed: 50 + (turn % 4), failed: 5 };
      kinds.push(...kindsIn(await scene.read()).filter((kind) => turn > 0 && (kind === "blind" || kind === "sight")));
    }
    expect(new Set(kinds)).toEqual(new Set(["blind"]));
    expect(kinds.length).toBeGreaterThan(45);
  });

  test("when the totals go down, no worker's figure is evidence", async () => {
    const scene = await queueStage();
    scene.body = {
      ...QUIET,
      completed: 90,
      failed: 9,
      workers: { "rpa-0": { completed: 1, failed: 0 }, "rpa-1": { completed: 89, failed: 9 } },
    };
    await scene.read();
    scene.body = {
      ...QUIET,
      completed: 9,
      failed: 3,
      workers: { "rpa-0": { completed: 4, failed: 3 }, "rpa-1": { completed: 5, failed: 0 } },
    };
    expect(tasksIn(await scene.read())).toEqual({});
  });
});

describe("figures by worker", () => {
  const both = (first: [number, number], second: [number, number]) => ({
    ...QUIET,
    completed: first[0] + second[0],
    failed: first[1] + second[1],
    workers: { "rpa-0": { completed: first[0], failed: first[1], running: 1 }, "rpa-1": { completed: second[0], failed: second[1] } },
  });

  test("each worker gets its own increments and what it has in hand; the group gets none", async () => {
    const scene = await queueStage();
    scene.body = both([10, 1], [20, 2]);
    await scene.read();
    scene.body = both([10, 5], [23, 2]);
    const observations = await scene.read();
    expect(tasksIn(observations)).toEqual({ "rpa:0": [0, 4], "rpa:1": [3, 0] });
    expect(observations).toContainEqual(expect.objectContaining({ kind: "running", target: "rpa:0", tasks: 1 }));
    expect(observations).toContainEqual(expect.objectContaining({ kind: "queue", finished: 7, totalsOnly: false }));
  });

  test("a worker seen for the first time, and one whose counts went down, have a baseline; the other is counted", async () => {
    const scene = await queueStage();
    const workers = (figures: Record<string, [number, number]>) => ({
      pending: 0,
      workers: Object.entries(figures).map(([id, [completed, failed]]) => ({ id, completed, failed })),
    });
    scene.body = workers({ "rpa-0": [50, 5] });
    await scene.read();
    scene.body = workers({ "rpa-0": [51, 5], "rpa-1": [7, 7] });
    expect(tasksIn(await scene.read())).toEqual({ "rpa:0": [1, 0] });
    scene.body = workers({ "rpa-0": [0, 1], "rpa-1": [8, 9] });
    expect(tasksIn(await scene.read())).toEqual({ "rpa:1": [1, 2] });
  });

  test("a map that is empty for a while does not turn the workers' figures into the group's", async () => {
    const scene = await queueStage();
    scene.body = both([10, 1], [20, 2]);
    await scene.read();
    scene.body = { ...QUIET, completed: 31, failed: 9, workers: {} };
    expect(tasksIn(await scene.read())).toEqual({});
  });

  test("other names, also inside, are mapped", async () => {
    const scene = await queueStage({ fields: { pending: "jobs.waiting", completed: "jobs.done", failed: "jobs.bad", workers: "nodes" } });
    const body = (done: number, bad: number) => ({ jobs: { waiting: 7, done, bad }, nodes: [{ name: "rpa-0", done, bad }] });
    scene.body = body(1, 1);
    await scene.read();
    scene.body = body(2, 3);
    const observations = await scene.read();
    expect(tasksIn(observations)).toEqual({ "rpa:0": [1, 2] });
    expect(observations).toContainEqual(expect.objectContaining({ kind: "queue", pending: 7, finished: 3 }));
  });

  test("keys that could mean two things are held: blind with the candidates, and no evidence", async () => {
    const workers = [watchedWorker({ name: "0", pmId: 1 }), watchedWorker({ name: "1", pmId: 0 })];
    const scene = await queueStage({}, workers);
    scene.body = { pending: 0, workers: { 0: { completed: 1, failed: 0 }, 1: { completed: 2, failed: 0 } } };
    expect(await scene.read()).toMatchObject([
      { kind: "blind", target: null, reason: expect.stringMatching(/fit both name and pm_id.*set worker_key/) as string },
    ]);
  });
});
