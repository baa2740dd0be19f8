import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import { createHealer } from "../../src/worker/healer.ts";
import { connectHealer } from "../../src/worker/connect-healer.ts";
import { workerHost } from "../support/worker-host.ts";

function told(host: ReturnType<typeof workerHost>): unknown {
  return host.reports().at(-1);
}

describe("a task", () => {
  test("hands on what it returns, at once or later, and counts it", async () => {
    const host = workerHost();
    const healer = createHealer(host, {});
    expect(await healer.task(() => 1)).toBe(1);
    expect(await healer.task(async () => Promise.resolve("two"))).toBe("two");
    healer.close();
    expect(told(host)).toMatchObject({ ok: 2, failed: 0 });
  });

  test.each([
    ["thrown", () => { throw new TypeError("mine"); }], // prettier-ignore
    ["rejected", () => Promise.reject(new TypeError("mine"))],
  ])("hands on the very error that is %s, and counts a failure", async (_how, work: () => Promise<never>) => {
    const host = workerHost();
    const healer = createHealer(host, {});
    await expect(healer.task(work)).rejects.toThrow(new TypeError("mine"));
    healer.close();
    expect(told(host)).toMatchObject({ ok: 0, failed: 1 });
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["text", "text"],
    ["an error whose name throws", { __proto__: Error.prototype, get name(): string { throw new Error("trap"); } }], // prettier-ignore
  ])("may fail with anything: %s", (_what, error) => {
    const host = workerHost();
    const healer = createHealer(host, {});
    healer.failed(error);
    healer.close();
    expect(told(host)).toMatchObject({ failed: 1 });
  });

  test("may be taken out of its object", async () => {
    const host = workerHost();
    const { task, succeeded, failed, close } = createHealer(host, {});
    await task(() => 1);
    succeeded();
    failed();
    close();
    expect(told(host)).toMatchObject({ ok: 2, failed: 1 });
  });
});

describe("a task by its type", () => {
  test("health_check says who answers, and is not counted", async () => {
    const host = workerHost();
    const healer = createHealer(host, {});
    expect(await healer.handle("health_check")).toEqual({
      ...{ worker_id: "rpa#3", server: hostname(), status: "healthy", uptime_seconds: 12.346 },
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown,
    });
    healer.close();
    expect(told(host)).toMatchObject({ ok: 0, failed: 0 });
  });

  test("benchmark_test computes for a bounded time, in one run for all who ask, and lets others have their turn", async () => {
    const healer = createHealer(workerHost({}), {});
    let turns = 0;
    const counting = setInterval(() => turns++, 1);
    const reports = await Promise.all([healer.handle("benchmark_test"), healer.handle("benchmark_test")]);
    clearInterval(counting);
    expect(turns).toBeGreaterThan(3);
    expect(reports[0]).toBe(reports[1]);
    expect(Object.keys(reports[0] as object)).toEqual([
      ...["worker_id", "benchmark", "elapsed_seconds", "operations_per_second", "timestamp"],
    ]);
    expect(reports[0]).toMatchObject({ worker_id: "4242", benchmark: "sha256-1KiB" });
    expect((reports[0] as { operations_per_second: number }).operations_per_second).toBeGreaterThan(0);
  });

  test("goes to the worker's own handler, with its payload, as a task; also in place of a built-in", async () => {
    const host = workerHost();
    const healer = createHealer(host, {
      handlers: { double: (payload) => Number(payload) * 2, fall: () => Promise.reject(new Error("down")), health_check: () => "mine" },
    });
    expect(await healer.handle("double", 21)).toBe(42);
    expect(await healer.handle("health_check")).toBe("mine");
    await expect(healer.handle("fall")).rejects.toThrow("down");
    healer.close();
    expect(told(host)).toMatchObject({ ok: 2, failed: 1 });
  });

  test.each(["nap", "constructor", "__proto__", "toString"])("is refused where nobody handles %s, with those there are", async (type) => {
    const host = workerHost();
    const healer = createHealer(host, { handlers: { double: () => 2 } });
    await expect(healer.handle(type)).rejects.toThrow(`unknown task type "${type}"; known are double, health_check, benchmark_test`);
    healer.close();
    expect(told(host)).toMatchObject({ ok: 0, failed: 0 });
  });
});

test("connectHealer takes the process itself, and is a no-op in one that PM2 does not run", async () => {
  const { send } = process;
  const healer = connectHealer({ guardSend: true });
  expect(await healer.task(() => "done")).toBe("done");
  healer.close();
  expect(process.send).toBe(send);
});
