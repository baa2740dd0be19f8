import { describe, expect, test } from "vitest";
import { createTaskQueue, WORKERS_MAX } from "../../src/demo/task-queue.ts";

function queueAt(options: { readonly pendingMax?: number } = {}) {
  const clock = { ms: 0 };
  return { clock, queue: createTaskQueue({ now: () => clock.ms, leaseMs: 1000, ...options }) };
}

describe("a task queue", () => {
  test("hands out the oldest task, to one worker only", () => {
    const { queue } = queueAt();
    const [first, second] = [queue.enqueue(), queue.enqueue()];
    expect([queue.claim("a"), queue.claim("b"), queue.claim("c")]).toEqual([first, second, null]);
  });

  test("counts outcomes for the worker that had the task, and in all", () => {
    const { queue } = queueAt();
    for (const [worker, ok] of [
      ["a", true],
      ["a", false],
      ["b", true],
    ] as const) {
      queue.enqueue();
      queue.complete({ id: queue.claim(worker) ?? 0, worker, ok });
    }
    queue.enqueue();
    queue.claim("b");
    expect(queue.stats()).toEqual({
      ...{ total: 4, pending: 0, running: 1, completed: 2, failed: 1 },
      workers: { a: { completed: 1, failed: 1, running: 0 }, b: { completed: 1, failed: 0, running: 1 } },
    });
  });

  test.each([
    ["another worker's task", { id: 1, worker: "b", ok: true }],
    ["a task that does not exist", { id: 99, worker: "a", ok: true }],
  ])("refuses the outcome of %s", (_what, done) => {
    const { queue } = queueAt();
    queue.enqueue();
    queue.claim("a");
    expect(queue.complete(done)).toBe(false);
    expect(queue.stats()).toMatchObject({ completed: 0, running: 1 });
  });

  test("gives the task of a silent worker to the next one when the lease is over, and no second earlier", () => {
    const { queue, clock } = queueAt();
    const id = queue.enqueue();
    queue.claim("silent");
    clock.ms = 999;
    expect(queue.claim("next")).toBeNull();
    clock.ms = 1000;
    expect(queue.claim("next")).toBe(id);
    expect(queue.complete({ id: id ?? 0, worker: "silent", ok: true })).toBe(false);
  });

  test("takes back what a restarted worker left behind, ahead of the others", () => {
    const { queue } = queueAt();
    const [first] = [queue.enqueue(), queue.enqueue()];
    queue.claim("a");
    expect(queue.claim("a")).toBe(first);
    expect(queue.stats()).toMatchObject({ pending: 1, running: 1 });
  });

  test("refuses tasks beyond its bound", () => {
    const { queue } = queueAt({ pendingMax: 2 });
    expect([queue.enqueue(), queue.enqueue(), queue.enqueue()]).toEqual([1, 2, null]);
  });

  test("does not grow with invented worker names", () => {
    const { queue } = queueAt({ pendingMax: WORKERS_MAX + 1 });
    for (let n = 0; n <= WORKERS_MAX; n += 1) queue.enqueue();
    for (let n = 0; n < WORKERS_MAX; n += 1) queue.claim(`worker-${n}`);
    expect(queue.claim("one-too-many")).toBeNull();
    expect(queue.stats().pending).toBe(1);
  });
});
