import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { startTaskQueueServer } from "../../src/demo/task-queue-server.ts";
import { closeTaskStages, taskStage } from "../support/task-stage.ts";
import { watchedWorker, watchedWorkers } from "../support/watched-worker.ts";

afterEach(closeTaskStages);

const START_MS = 1_000_000;
const probe = { kind: "probe", target: "rpa", rule: "synthetic-task" };

describe("a task of a group", () => {
  test("is posted once, and its result is told with the time at which it was sent", async () => {
    const stage = await taskStage();
    expect(await stage.read(0)).toEqual([]);
    expect(stage.posted).toMatchObject([{ url: "/api/enqueue", body: { type: "health_check" } }]);
    stage.results.set("t1", { status: "running", worker: "rpa-1" });
    expect(await stage.read(2)).toEqual([]);
    stage.results.set("t1", { status: "Completed", worker: "rpa-1" });
    expect(await stage.read(2)).toEqual([{ ...probe, atMs: START_MS, tookMs: 4000, ok: true, detail: "done by rpa-1 within 4 s" }]);
    expect(stage.asked).toEqual(["/api/tasks/t1", "/api/tasks/t1"]);
    expect(await stage.read(55)).toEqual([]);
    expect(stage.posted).toHaveLength(1);
    await stage.read(1);
    expect(stage.posted).toHaveLength(2);
  });

  test("that came back failed is a bad probe, with the server's word and the worker", async () => {
    const stage = await taskStage();
    await stage.read(0);
    stage.results.set("t1", { status: "error", worker_id: 7 });
    expect(await stage.read(1)).toMatchObject([{ ...probe, ok: false, detail: 'came back failed ("error") by 7 within 1 s' }]);
  });

  test.each([
    [
      { status: "running", worker: "rpa-0" },
      { taken: true, detail: "in hand of rpa-0, not done after 30 s" },
    ],
    [{ status: "pending" }, { taken: false, detail: "not back after 30 s" }],
    [404, { taken: false, detail: "not back after 30 s" }],
    [204, { taken: false, detail: "not back after 30 s" }],
  ])("of which the server says %j when the time is over has not come back", async (said, { taken, detail }) => {
    const stage = await taskStage();
    await stage.read(0);
    stage.results.set("t1", said);
    expect(await stage.read(29)).toEqual([]);
    const unanswered = { taken, sentAtMs: START_MS, own: 1 };
    expect(await stage.read(1)).toEqual([{ ...probe, atMs: START_MS, ok: false, detail, unanswered }]);
  });

  test("is asked for ever less often, and once more when the time is over", async () => {
    const stage = await taskStage();
    for (let second = 0; second <= 30; second++) await stage.read(second === 0 ? 0 : 1);
    expect(stage.asked.length).toBeGreaterThan(6);
    expect(stage.asked.length).toBeLessThan(12);
  });

  test("is sent by nobody while nobody of the group is online", async () => {
    const stage = await taskStage(undefined, watchedWorkers(2, { status: "stopped", pid: null }));
    await stage.read(0);
    await stage.read(100);
    expect(stage.posted).toEqual([]);
  });
});

test("the demo's own server is asked with nothing but its url", async () => {
  const server = await startTaskQueueServer({ port: 0, tasksPerSecond: 0 });
  onTestFinished(() => server.close());
  const stage = await taskStage(() => ({ url: `${server.url}/api/enqueue` }));
  const post = (path: string, body: object) => fetch(server.url + path, { method: "POST", body: JSON.stringify(body) });
  await stage.read(0);
  await post("/api/claim", { worker: "rpa-1" });
  expect(await stage.read(30)).toMatchObject([{ ok: false, detail: "in hand of rpa-1, not done after 30 s" }]);
  await post("/api/complete", { worker: "rpa-1", id: 1, ok: true });
  await stage.read(30);
  await post("/api/claim", { worker: "rpa-1" });
  await post("/api/complete", { worker: "rpa-1", id: 2, ok: true });
  expect(await stage.read(2)).toMatchObject([{ ok: true, detail: "done by rpa-1 within 2 s" }]);
});

describe("a queue that stands still", () => {
  test("gets two tasks and no third, and every minute without them is one more bad probe", async () => {
    const stage = await taskStage();
    const bad: string[] = [];
    for (let second = 0; second <= 600; second += 5) {
      for (const seen of await stage.read(second === 0 ? 0 : 5)) if (seen.kind === "probe" && !seen.ok) bad.push(seen.detail);
      for (const id of ["t1", "t2"]) stage.results.set(id, { status: "queued" });
    }
    expect(stage.posted).toHaveLength(2);
    expect(bad).toHaveLength(10);
    expect(bad[2]).toBe("not back after 2 m 30 s (2 tasks out, no more are sent)");
  });

  test("that moves again makes room, and the next task is sent at once and judged for itself", async () => {
    const stage = await taskStage();
    for (let second = 0; second <= 125; second += 5) await stage.read(second === 0 ? 0 : 5);
    expect(stage.posted).toHaveLength(2);
    stage.results.set("t1", { status: "done" });
    expect(await stage.read(5)).toEqual([]);
    expect(stage.posted).toHaveLength(3);
    stage.results.set("t3", { status: "done" });
    expect(await stage.read(2)).toMatchObject([{ ok: true, atMs: START_MS + 130_000 }]);
  });

  test("whose workers were restarted has lost what they had in hand, and keeps what still waits", async () => {
    const stage = await taskStage();
    for (let second = 0; second <= 120; second += 5) {
      stage.results.set("t1", { status: "running" }).set("t2", { status: "queued" });
      await stage.read(second === 0 ? 0 : 5);
    }
    expect(stage.posted).toHaveLength(2);
    stage.context.workers = watchedWorkers(2, { status: "launching", pid: null });
    await stage.read(1);
    stage.context.workers = watchedWorkers(2, { pid: 5000 });
    await stage.read(1);
    expect(stage.posted).toHaveLength(3);
    expect(await stage.read(60)).toMatchObject([{ ok: false, unanswered: { own: 2, sentAtMs: START_MS + 60_000 } }]);
  });

  test("is believed to have lost a task of which it knows nothing after ten minutes", async () => {
    const stage = await taskStage();
    for (let second = 0; second <= 1_200; second += 5) await stage.read(second === 0 ? 0 : 5);
    expect(stage.posted).toHaveLength(4);
  });
});

describe("what is wrong with the server makes it blind, and nobody sick", () => {
  const blind = (reason: unknown) => [{ kind: "blind", sensor: "synthetic-task:rpa", target: "rpa", reason }];

  test.each([
    ["a full queue", 429, {}, /api\/enqueue: HTTP 429, the task was not taken$/],
    ["an answer without an id", 200, { ok: true }, /the answer has no id or task_id \(fields: id\), so the result cannot be asked for$/],
    ["an answer that is HTML", 200, "<html>", /the answer has no id or task_id/],
  ])("%s", async (_what, status, answer, reason) => {
    const stage = await taskStage();
    Object.assign(stage, { status, answer });
    expect(await stage.read(0)).toMatchObject(blind(expect.stringMatching(reason)));
    expect(await stage.read(30)).toEqual([]);
    expect(await stage.read(30)).toHaveLength(1);
  });

  test.each([
    ["a word nobody knows", { status: "smurf" }, /tasks\/t1: status: got the text "smurf", expected a word such as completed/],
    ["no status at all", { state: "done" }, /status: got undefined/],
    ["a list", [], /expected an object with the state of the task, got a list of 0$/],
    ["an error of its own", 500, /tasks\/t1: HTTP 500$/],
    ["a task that somebody took back", { status: "cancelled" }, /a task ended and nobody knows how \(cancelled\)$/],
  ])("%s in place of the result", async (_what, said, reason) => {
    const stage = await taskStage();
    await stage.read(0);
    stage.results.set("t1", said);
    expect(await stage.read(30)).toMatchObject(blind(expect.stringMatching(reason)));
    expect(await stage.read(5)).toEqual([]);
  });

  test("a task that was there and is gone: nobody knows how it ended", async () => {
    const stage = await taskStage();
    await stage.read(0);
    stage.results.set("t1", { status: "running" });
    await stage.read(1);
    stage.results.delete("t1");
    expect(await stage.read(5)).toMatchObject(blind(expect.stringContaining("HTTP 404 for a task that was there before")));
  });

  test("nobody listens there", async () => {
    const stage = await taskStage();
    await stage.close();
    expect(await stage.read(0)).toMatchObject(blind(expect.stringContaining("/api/enqueue: connection refused")));
  });

  test("a worker without the variable its task needs", async () => {
    const stage = await taskStage((url) => ({ url: `${url}/api/enqueue`, body: { lane: "{env.LANE}" } }), [watchedWorker()]);
    await stage.read(0);
    expect(await stage.read(20)).toMatchObject([
      { kind: "blind", target: "rpa:0", reason: "synthetic-task of rpa:0: its environment has no LANE, which body needs" },
    ]);
  });
});

describe("another server's shape", () => {
  test("an id of healer's making, headers, fields inside, words of its own", async () => {
    const stage = await taskStage((url) => ({
      url: `${url}/jobs`,
      body: { job: { id: "{id}", kind: "ping", tags: ["{name}"] } },
      result_url: `${url}/jobs/{id}`,
      headers: { authorization: "Bearer x" },
      fields: { status: "job.state", worker: "job.by" },
      statuses: { ok: ["WELL"], waiting: ["NEW"] },
    }));
    stage.answer = { accepted: true };
    await stage.read(0);
    const [{ job }] = stage.posted.map(({ body }) => body) as [{ job: { id: string } }];
    expect(stage.posted).toMatchObject([{ url: "/jobs", headers: { authorization: "Bearer x", "content-type": "application/json" } }]);
    expect(job).toEqual({ id: expect.stringMatching(/^healer-[0-9a-f-]{36}$/) as string, kind: "ping", tags: ["rpa"] });
    stage.results.set(job.id, { job: { state: "new" } });
    expect(await stage.read(1)).toEqual([]);
    stage.results.set(job.id, { job: { state: "well", by: "w9" } });
    expect(await stage.read(1)).toMatchObject([{ ok: true, detail: "done by w9 within 2 s" }]);
  });

  test.each([
    [{ done: true }, [true]],
    [{ done: false }, [false]],
    [{ done: null }, []],
    [{ done: false, status: "running" }, []],
    [{ done: true, status: "failed" }, [false]],
  ])("with `success` mapped, %j", async (said, expected) => {
    const stage = await taskStage((url) => ({ url: `${url}/api/enqueue`, fields: { id: "job.id", success: "done" } }));
    stage.answer = { job: { id: "j/1" } };
    await stage.read(0);
    stage.results.set("j/1", said);
    const seen = await stage.read(1);
    expect(stage.asked).toEqual(["/api/tasks/j%2F1"]);
    expect(seen.map((each) => each.kind === "probe" && each.ok)).toEqual(expected);
  });

  test("what was sent to a worker that is gone for good is not counted among its own any more", async () => {
    const stage = await taskStage((url) => ({ url: `${url}/{instance}/enqueue` }));
    for (let second = 0; second <= 15; second++) await stage.read(second === 0 ? 0 : 1);
    expect(stage.posted).toHaveLength(2);
    stage.context.workers = watchedWorkers(1);
    expect(await stage.read(30)).toMatchObject([{ target: "rpa:0", ok: false, unanswered: { own: 1 } }]);
  });

  test("a task addressed to each worker is its own, and a worker that went away is forgotten", async () => {
    const stage = await taskStage((url) => ({ url: `${url}/{instance}/enqueue` }));
    for (let second = 0; second <= 15; second++) await stage.read(second === 0 ? 0 : 1);
    expect(stage.posted.map(({ url }) => url).sort()).toEqual(["/0/enqueue", "/1/enqueue"]);
    for (const id of ["t1", "t2"]) stage.results.set(id, { status: "ok" });
    const seen = [...(await stage.read(5)), ...(await stage.read(5))];
    expect(seen.flatMap((each) => (each.kind === "probe" ? [each.target] : [])).sort()).toEqual(["rpa:0", "rpa:1"]);
    stage.context.workers = watchedWorkers(1);
    await stage.read(60);
    await stage.read(15);
    expect(stage.posted.map(({ url }) => url).filter((url) => url === "/1/enqueue")).toHaveLength(1);
  });
});
