import { expect, onTestFinished, test } from "vitest";
import { startTaskQueueServer } from "../../src/demo/task-queue-server.ts";
import { until } from "../support/until.ts";

async function served(tasksPerSecond = 0) {
  const server = await startTaskQueueServer({ port: 0, tasksPerSecond });
  onTestFinished(() => server.close());
  const call = async (path: string, body?: unknown): Promise<{ status: number; json: unknown }> => {
    const init = body === undefined ? {} : { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) };
    const response = await fetch(server.url + path, init);
    const text = await response.text();
    return { status: response.status, json: text === "" ? null : JSON.parse(text) };
  };
  return { server, call };
}

test("a task goes from enqueue over claim to complete, and stats show it", async () => {
  const { call } = await served();
  expect(await call("/api/claim", { worker: "a" })).toEqual({ status: 204, json: null });
  expect(await call("/api/enqueue", {})).toEqual({ status: 201, json: { id: 1, ids: [1] } });
  expect(await call("/api/tasks/1")).toEqual({ status: 200, json: { id: 1, status: "pending", worker: null } });
  expect(await call("/api/claim", { worker: "a" })).toEqual({ status: 200, json: { id: 1 } });
  expect((await call("/api/tasks/1")).json).toEqual({ id: 1, status: "running", worker: "a" });
  expect(await call("/api/complete", { id: 1, worker: "a", ok: true })).toEqual({ status: 200, json: {} });
  expect((await call("/api/tasks/1")).json).toEqual({ id: 1, status: "completed", worker: "a" });
  expect(await call("/api/tasks/2")).toMatchObject({ status: 404 });
  expect(await call("/api/complete", { id: 1, worker: "a", ok: true })).toMatchObject({ status: 409 });
  const workers = { a: { completed: 1, failed: 0, running: 0 } };
  expect((await call("/api/stats")).json).toEqual({ total: 1, pending: 0, running: 0, completed: 1, failed: 0, workers });
});

test.each([
  ["text that is no JSON", "/api/claim", "{worker"],
  ["a claim without a name", "/api/claim", {}],
  ["a name of 201 letters", "/api/claim", { worker: "x".repeat(201) }],
  ["an outcome that is neither yes nor no", "/api/complete", { id: 1, worker: "a", ok: "yes" }],
  ["a body of a megabyte", "/api/claim", { worker: "a", padding: "x".repeat(1_000_000) }],
  ["a million tasks at once", "/api/enqueue", { count: 1_000_000 }],
])("%s is refused with 400 and counts nothing", async (_what, path, body) => {
  const { server, call } = await served();
  // A server that stops reading a huge body may cut the connection before the answer is through; both are refusals.
  const status = await call(path, body).then(
    (answer) => answer.status,
    () => 400,
  );
  expect(status).toBe(400);
  expect(server.stats()).toMatchObject({ total: 0, workers: {} });
});

test("a full queue answers 429", async () => {
  const { call } = await served();
  expect((await call("/api/enqueue", { count: 1000 })).status).toBe(201);
  expect((await call("/api/enqueue", {})).status).toBe(429);
});

test("the producer keeps the queue filled", async () => {
  const { server } = await served(200);
  await until(() => server.stats().pending > 20, "the producer to enqueue twenty tasks");
});

test("a second server on the same port is told so", async () => {
  const { server } = await served();
  const port = Number(new URL(server.url).port);
  await expect(startTaskQueueServer({ port, tasksPerSecond: 0 })).rejects.toThrow("EADDRINUSE");
});

test("people get a page", async () => {
  const { server } = await served();
  expect(await (await fetch(server.url)).text()).toContain("0 pending");
});
