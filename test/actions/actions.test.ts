import { describe, expect, test } from "vitest";
import type { ActionStep } from "../../src/core/event.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import type { Action, ActionResult } from "../../src/actions/action.ts";
import { holdDown } from "../../src/actions/hold-down.ts";
import { ACTIONS } from "../../src/actions/registry.ts";
import { reload } from "../../src/actions/reload.ts";
import { replace } from "../../src/actions/replace.ts";
import { restart } from "../../src/actions/restart.ts";
import { stopStart } from "../../src/actions/stop-start.ts";
import type { Pm2Error } from "../../src/world/pm2/pm2.ts";
import { fakeProcesses, type FakeProcesses } from "../support/fake-processes.ts";
import { MemoryPm2 } from "../support/memory-pm2.ts";

const DONE: ActionResult = { ok: true, error: null };
const BUSY: Pm2Error = { kind: "busy", message: "Process with pid 100 already exists" };
const QUICK = { killTimeoutMs: 150, listenTimeoutMs: 150 };

interface ActionStage {
  readonly pm2: MemoryPm2;
  readonly processes: FakeProcesses;
  run(action: Action, step?: ActionStep, createdWallMs?: number): Promise<ActionResult>;
}

/** One worker with pid 100, a child 101 and a grandchild 102. */
function stage(changes: Partial<WorkerRow> = {}): ActionStage {
  const pm2 = new MemoryPm2();
  const row = pm2.rows.add("app", { pid: 100, ...QUICK, ...changes });
  const processes = fakeProcesses({ pid: 100 }, { pid: 101, parentPid: 100 }, { pid: 102, parentPid: 101 }, { pid: 500 });
  const seen = { ...row };
  const run: ActionStage["run"] = (action, step = "all", createdWallMs = 7) =>
    action.run({ pm2, processes, row: seen, step, ends: [], createdWallMs });
  return { pm2, processes, run };
}

test("the registry holds each action under its own name once", () => {
  expect(ACTIONS.map(({ name }) => name)).toEqual(["restart", "reload", "stop-start", "replace", "hold-down", "trim"]);
});

test.each<[Action, ActionStep, readonly string[]]>([
  [restart, "all", ["restart 0"]],
  [restart, "start", ["start 0"]],
  [reload, "all", ["reload 0"]],
  [stopStart, "all", ["stop 0", "start 0"]],
  [stopStart, "start", ["start 0"]],
  [replace, "add", ["duplicate 0"]],
  [replace, "remove", ["remove 0"]],
  [replace, "undo", ["remove 0"]],
  [holdDown, "stop", ["stop 0", "list"]],
  [holdDown, "start", ["start 0"]],
])("$name, step %s, asks PM2 for exactly this: %s", async (action, step, calls) => {
  const { pm2, processes, run } = stage({ mode: "cluster" });
  for (const pid of [100, 101, 102]) processes.end(pid);
  expect(await run(action, step)).toEqual(DONE);
  expect(pm2.calls).toEqual(calls);
});

test.each<[Action, "restart" | "reload" | "stop" | "start" | "duplicate" | "remove", ActionStep]>([
  [restart, "restart", "all"],
  [reload, "reload", "all"],
  [stopStart, "stop", "all"],
  [stopStart, "start", "start"],
  [replace, "duplicate", "add"],
  [replace, "remove", "remove"],
  [holdDown, "start", "start"],
])("$name tells in PM2's words why %s failed, and does not try again", async (action, name, step) => {
  const { pm2, processes, run } = stage({ mode: "cluster" });
  for (const pid of [100, 101, 102]) processes.end(pid);
  pm2.failures.push({ name, error: BUSY });
  expect(await run(action, step)).toEqual({ ok: false, error: BUSY.message });
  expect(pm2.calls).toHaveLength(1);
});

test("replace adds a row that is known by when it was created, and deletes only the row it is given", async () => {
  const { pm2, run } = stage({ instance: "3" });
  expect(await run(replace, "add", 1_700_000_000_123)).toEqual(DONE);
  expect([...pm2.rows.rows.values()].slice(1)).toMatchObject([{ name: "app", instance: "3", createdWallMs: 1_700_000_000_123 }]);
  expect(await run(replace, "remove")).toEqual(DONE);
  expect([...pm2.rows.rows.values()].map(({ pmId }) => pmId)).toEqual([1]);
});

test("reload refuses a fork worker, at check and when asked all the same", async () => {
  const { pm2, run } = stage({ mode: "fork" });
  expect(reload.whyNot({ mode: "fork" })).toContain("use restart");
  expect(await run(reload)).toEqual({ ok: false, error: reload.whyNot({ mode: "fork" }) });
  expect(pm2.calls).toEqual([]);
});

describe("stop-start", () => {
  test("ends what outlived the stop, leaves first, and only what stood in the worker's tree", async () => {
    const { pm2, processes, run } = stage();
    pm2.afterCommand = (name) => void (name === "stop" && processes.end(100));
    expect(await run(stopStart)).toEqual(DONE);
    expect(processes.signals).toEqual([
      { pid: 102, signal: "SIGTERM" },
      { pid: 101, signal: "SIGTERM" },
    ]);
  });

  test("kills what does not listen, and starts only then", async () => {
    const { pm2, processes, run } = stage();
    const order: string[] = [];
    pm2.afterCommand = (name) => {
      order.push(name);
      if (name === "stop") processes.end(100);
    };
    const { signal } = processes;
    processes.signal = (process, kind) => {
      order.push(`${kind} ${process.pid}`);
      return process.pid === 102 && kind === "SIGTERM" ? "sent" : signal(process, kind);
    };
    expect(await run(stopStart)).toEqual(DONE);
    expect(order).toEqual(["stop", "SIGTERM 102", "SIGTERM 101", "SIGKILL 102", "start"]);
  });

  test("does not start a second one beside a process that would not end", async () => {
    const { pm2, processes, run } = stage({ killTimeoutMs: 0 });
    pm2.afterCommand = (name) => void (name === "stop" && [100, 101].forEach((pid) => processes.end(pid)));
    processes.forbidden.add(102);
    expect(await run(stopStart)).toEqual({ ok: false, error: "would not end: pid 102; not started beside them" });
    expect(pm2.calls).toEqual(["stop 0"]);
  });

  test("never signals a process that has taken over a pid of the tree", async () => {
    const { pm2, processes, run } = stage();
    pm2.afterCommand = (name) => {
      if (name !== "stop") return;
      for (const pid of [100, 101, 102]) processes.end(pid);
      processes.put({ pid: 101, startTicks: 9_999 });
    };
    expect(await run(stopStart)).toEqual(DONE);
    expect(processes.signals).toEqual([]);
  });

  test("never signals what has the pid of a worker that died and waits for its restart", async () => {
    const { processes, run } = stage({ status: "waiting restart" });
    expect(await run(stopStart)).toEqual(DONE);
    expect(processes.signals).toEqual([]);
  });

  test("takes a zombie for ended", async () => {
    const { pm2, processes, run } = stage();
    pm2.afterCommand = (name) => {
      if (name !== "stop") return;
      for (const pid of [100, 101]) processes.end(pid);
      processes.put({ pid: 102, startTicks: 102, pulse: { state: "Z" } });
    };
    expect(await run(stopStart)).toEqual(DONE);
    expect(processes.signals).toEqual([]);
  });

  test("of a row without a process stops and starts it", async () => {
    const { pm2, run } = stage({ pid: null, status: "errored" });
    expect(await run(stopStart)).toEqual(DONE);
    expect(pm2.calls).toEqual(["stop 0", "start 0"]);
  });
});

describe("hold-down stops", () => {
  test("again when PM2's own restart came after the stop, and tells after four times that it cannot", async () => {
    for (const [comebacks, result] of [
      [3, DONE],
      [4, { ok: false, error: "PM2 brought it back 4 times" }],
    ] as const) {
      const { pm2, run } = stage();
      let left = comebacks;
      pm2.afterCommand = (_name, row) => void (left-- > 0 && pm2.rows.start(row));
      expect(await run(holdDown, "stop")).toEqual(result);
      expect(pm2.calls.filter((call) => call === "stop 0")).toHaveLength(4);
    }
  });

  test("again a row that only waits for its next restart", async () => {
    const { pm2, run } = stage();
    let stops = 0;
    pm2.afterCommand = (_name, row) => void (stops++ === 0 && (row.status = "waiting restart"));
    expect(await run(holdDown, "stop")).toEqual(DONE);
    expect(stops).toBe(2);
  });

  test("a row that PM2 has given up, and says so", async () => {
    const { pm2, run } = stage({ pid: null, status: "errored" });
    expect(await run(holdDown, "stop")).toEqual(DONE);
    expect(pm2.calls[0]).toBe("stop 0");
  });

  test("nothing it cannot see: a list that fails and a row that is gone are failures", async () => {
    const first = stage();
    first.pm2.failures.push({ name: "list", error: BUSY });
    expect(await first.run(holdDown, "stop")).toEqual({ ok: false, error: BUSY.message });
    const second = stage();
    second.pm2.afterCommand = (_name, row) => second.pm2.rows.delete(row);
    expect(await second.run(holdDown, "stop")).toEqual({ ok: false, error: "it is gone from PM2's list" });
  });

  test("in spite of an error that meant nothing", async () => {
    const { pm2, run } = stage();
    pm2.failures.push({ name: "stop", error: BUSY });
    expect(await run(holdDown, "stop")).toEqual(DONE);
    expect(pm2.calls).toEqual(["stop 0", "list", "stop 0", "list"]);
  });
});
