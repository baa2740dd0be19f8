import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { parseStat } from "../../../src/world/processes/proc-stat.ts";
import { openProcesses } from "../../../src/world/processes/open-processes.ts";
import { processTable } from "../../../src/world/processes/process-table.ts";
import type { Processes } from "../../../src/world/processes/processes.ts";
import { fakeProcesses } from "../../support/fake-processes.ts";
import { until } from "../../support/until.ts";

/** What the suite needs to stage: the real stage starts real processes, the fake one puts entries into the fake. */
interface Stage {
  readonly processes: Processes;
  /** A root with a child and a grandchild; pids root first. */
  tree(): Promise<readonly [number, number, number]>;
  idle(): Promise<number>;
  stopped(): Promise<number>;
  zombie(): Promise<number>;
  end(): void;
}

const NOBODY = 4_194_305; // above the kernel's largest pid

describe.skipIf(process.platform !== "linux")("real processes", () => contract(realStage));
describe("fake processes", () => contract(fakeStage));

function contract(open: () => Stage): void {
  let stage: Stage | undefined;
  afterEach(() => stage?.end());

  test("an idle process sleeps and has switched voluntarily at least once", async () => {
    stage = open();
    const pulse = stage.processes.pulse(await stage.idle());
    expect(pulse?.state).toBe("S");
    expect(pulse?.voluntarySwitches).toBeGreaterThan(0);
  });

  test("a process stopped by SIGSTOP shows T", async () => {
    stage = open();
    expect(stage.processes.pulse(await stage.stopped())?.state).toBe("T");
  });

  test("a zombie is still there and shows Z", async () => {
    stage = open();
    const pid = await stage.zombie();
    expect(stage.processes.pulse(pid)?.state).toBe("Z");
    expect(stage.processes.startTicks(pid)).not.toBeNull();
  });

  test("nobody's pid has no pulse, no start, no tree, no memory, no CPU time and takes no signal", () => {
    stage = open();
    const { processes } = stage;
    expect(processes.pulse(NOBODY)).toBeNull();
    expect(processes.startTicks(NOBODY)).toBeNull();
    expect(processes.snapshot().tree(NOBODY)).toEqual([]);
    expect(processes.snapshot().treeMemoryBytes(NOBODY)).toBeNull();
    expect(processes.snapshot().treeCpuMs(NOBODY)).toBeNull();
    expect(processes.signal({ pid: NOBODY, startTicks: 1 }, "SIGKILL")).toBe("gone");
  });

  test("a tree is the root first, then its descendants, each with its own start", async () => {
    stage = open();
    const pids = await stage.tree();
    const { processes } = stage;
    const tree = processes.snapshot().tree(pids[0]);
    expect(tree.map(({ pid }) => pid)).toEqual(pids);
    expect(tree.map(({ startTicks }) => startTicks)).toEqual(pids.map((pid) => processes.startTicks(pid)));
  });

  test("the memory of a tree is the sum of its members", async () => {
    stage = open();
    const [root, child, grandchild] = await stage.tree();
    const table = stage.processes.snapshot();
    const below = table.treeMemoryBytes(child) ?? 0;
    expect(table.treeMemoryBytes(grandchild)).toBeGreaterThan(0);
    expect(below).toBeGreaterThan(table.treeMemoryBytes(grandchild) ?? 0);
    expect(table.treeMemoryBytes(root)).toBeGreaterThan(below);
  });

  test("the CPU time of a tree holds that of its members", async () => {
    stage = open();
    const [root, child] = await stage.tree();
    const table = stage.processes.snapshot();
    expect(table.treeCpuMs(child)).toBeGreaterThanOrEqual(0);
    expect(table.treeCpuMs(root)).toBeGreaterThanOrEqual(table.treeCpuMs(child) ?? Number.NaN);
  });

  test("a reused pid is never signalled", async () => {
    stage = open();
    const pid = await stage.idle();
    const startTicks = stage.processes.startTicks(pid) ?? 0;
    expect(stage.processes.signal({ pid, startTicks: startTicks - 1 }, "SIGKILL")).toBe("reused");
    expect(stage.processes.pulse(pid)?.state).toBe("S");
  });

  test("a signal reaches the process that was meant, and it ends", async () => {
    stage = open();
    const { processes } = stage;
    const pid = await stage.idle();
    const identity = { pid, startTicks: processes.startTicks(pid) ?? 0 };
    expect(processes.signal(identity, "SIGTERM")).toBe("sent");
    await until(() => processes.startTicks(pid) === null, `the end of ${pid}`);
    expect(processes.signal(identity, "SIGKILL")).toBe("gone");
  });
}

test("a process name with blanks and brackets does not shift the fields", () => {
  const tail = "S 7 1 9 34816 -1 4194560 375 348 0 1 83 211 786 372 20 0 13 0 4711 48283648 4129 1844";
  for (const name of ["node", "tmux: server", ") R 1 2 (x", "a)b c", "()"]) {
    expect(parseStat(`42 (${name}) ${tail}`), name).toEqual({
      ...{ name, state: "S", parentPid: 7, session: 9, terminal: 34816 },
      ...{ startTicks: 4711, cpuTicks: 83 + 211 + 786 + 372, pages: 4129 },
    });
  }
});

test.each([[""], ["garbage"], ["42 (node"], ["42 (node) S 1"]])("%j is no process", (text) => {
  expect(parseStat(text)).toBeNull();
});

test("a child older than its parent is a reused pid and belongs to no tree, and a ring ends", () => {
  const entry = (pid: number, parentPid: number, startTicks: number) =>
    [pid, { pid, parentPid, startTicks, memoryBytes: 1, cpuMs: 1 }] as const;
  const table = processTable(new Map([entry(10, 12, 5), entry(11, 10, 3), entry(12, 10, 5)]));
  expect(table.tree(10).map(({ pid }) => pid)).toEqual([10, 12]);
});

test.skipIf(process.platform !== "linux")("resident memory agrees with the kernel's own figure", () => {
  const bytes = openProcesses().snapshot().treeMemoryBytes(process.pid) ?? 0;
  const kernelKb = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
  // Vitest's workers may have children of their own, so only gross errors (pages taken for bytes) can be told.
  expect(bytes).toBeGreaterThan(kernelKb * 1024 * 0.5);
});

test.skipIf(process.platform !== "linux")("CPU time agrees with the kernel's own figure, and keeps that of a child that has ended", () => {
  const cpuMs = (): number => openProcesses().snapshot().treeCpuMs(process.pid) ?? 0;
  const before = cpuMs();
  execFileSync(process.execPath, ["-e", "while (process.cpuUsage().user < 300_000);"]);
  const { user, system } = process.cpuUsage();
  expect(cpuMs() - before).toBeGreaterThanOrEqual(250); // of its own: no other child of a test worker burns this much at will
  expect(cpuMs()).toBeGreaterThan((user + system) / 1000 / 2);
});

test("a platform without /proc reads nothing and signals nobody", () => {
  const processes = openProcesses("darwin");
  expect(processes.supported).toBe(false);
  expect(processes.pulse(process.pid)).toBeNull();
  expect(processes.startTicks(process.pid)).toBeNull();
  expect(processes.snapshot().tree(process.pid)).toEqual([]);
  expect(processes.pids()).toEqual([]);
  expect(processes.glance(process.pid)).toBeNull();
  expect(processes.brief(process.pid)).toBeNull();
  expect(processes.place(process.pid)).toEqual({ exe: null, cwd: null });
  expect(processes.details(process.pid)).toBeNull();
  expect(processes.maySignal(0)).toBe(false);
  expect(processes.signal({ pid: process.pid, startTicks: 0 }, "SIGKILL")).toBe("gone");
});

function realStage(): Stage {
  const processes = openProcesses();
  const started: ChildProcess[] = [];
  const spawned = async (script: string, size: number): Promise<number> => {
    const child = spawn("sh", ["-c", script], { stdio: "ignore", detached: true });
    started.push(child);
    const pid = child.pid ?? 0;
    await until(() => processes.snapshot().tree(pid).length === size && processes.pulse(pid)?.state === "S", `${size} processes`);
    return pid;
  };
  const idle = (): Promise<number> => spawned("exec sleep 60", 1);
  return {
    processes,
    idle,
    async tree() {
      const root = await spawned("sh -c 'sleep 60; true'; true", 3);
      const [, child, grandchild] = processes.snapshot().tree(root);
      return [root, child?.pid ?? 0, grandchild?.pid ?? 0];
    },
    async stopped() {
      const pid = await idle();
      process.kill(pid, "SIGSTOP");
      await until(() => processes.pulse(pid)?.state === "T", "the stop");
      return pid;
    },
    async zombie() {
      const parent = await spawned("sleep 0 & exec sleep 60", 2); // sleep, having replaced the shell, never reaps
      const pid = processes.snapshot().tree(parent)[1]?.pid ?? 0;
      await until(() => processes.pulse(pid)?.state === "Z", "a zombie");
      return pid;
    },
    end() {
      for (const { pid, exitCode, signalCode } of started) {
        if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, "SIGKILL");
      }
    },
  };
}

function fakeStage(): Stage {
  const processes = fakeProcesses({ pid: 100 }, { pid: 101, parentPid: 100 }, { pid: 102, parentPid: 101 }, { pid: 200 });
  processes.put({ pid: 201, pulse: { state: "T" } });
  processes.put({ pid: 202, parentPid: 200, pulse: { state: "Z" } });
  return {
    processes,
    tree: () => Promise.resolve([100, 101, 102]),
    idle: () => Promise.resolve(200),
    stopped: () => Promise.resolve(201),
    zombie: () => Promise.resolve(202),
    end: () => {},
  };
}
