import { spawn, spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { endProcesses } from "../../src/actions/end-processes.ts";
import { commandHash } from "../../src/world/processes/command-hash.ts";
import { linuxProcesses } from "../../src/world/processes/linux-processes.ts";
import { fakeProcesses } from "../support/fake-processes.ts";
import { isAlive } from "../support/process-scan.ts";
import { until } from "../support/until.ts";

const ARGV = ["node", "/srv/app.js"];

function order(pid: number, startTicks = pid) {
  return { pid, startTicks, commandHash: commandHash(ARGV), waitMs: 10 };
}

describe("ending a copy outside PM2", () => {
  test("asks it, and then what it leaves behind", async () => {
    const processes = fakeProcesses({ pid: 10, brief: { argv: ARGV } }, { pid: 11, parentPid: 10, brief: { argv: ["sh"] } });
    expect(await endProcesses(processes, [order(10)])).toBeNull();
    expect(processes.signals).toEqual([
      { pid: 10, signal: "SIGTERM" },
      { pid: 11, signal: "SIGTERM" },
    ]);
  });

  test("asks with SIGINT what cares for nothing else, as PM2 itself would", async () => {
    const processes = fakeProcesses({ pid: 10, brief: { argv: ARGV }, details: { catches: ["SIGINT"] } });
    await endProcesses(processes, [order(10)]);
    expect(processes.signals).toEqual([{ pid: 10, signal: "SIGINT" }]);
  });

  test("of another user is an error, and nothing is forced", async () => {
    const processes = fakeProcesses({ pid: 10, brief: { argv: ARGV } });
    processes.forbidden.add(10);
    expect(await endProcesses(processes, [order(10)])).toBe("pid 10 belongs to another user: not ended");
    expect(processes.signals).toEqual([]);
  });

  test("that has ended by itself is what was wanted", async () => {
    expect(await endProcesses(fakeProcesses(), [order(10)])).toBeNull();
  });

  test("does not signal another process under its pid, nor the same one with another command line, in a hundred rounds", async () => {
    for (let round = 0; round < 100; round++) {
      const reused = fakeProcesses({ pid: 10, startTicks: 11 + round, brief: { argv: ARGV } });
      const changed = fakeProcesses({ pid: 10, brief: { argv: ["vim", "app.js"] } });
      for (const processes of [reused, changed]) {
        expect(await endProcesses(processes, [order(10)])).toBeNull();
        expect(processes.signals).toEqual([]);
      }
    }
  });
});

test.skipIf(process.platform !== "linux")("one that ignores SIGTERM is killed after its time, with what it has started", async () => {
  const script = "trap '' TERM; sleep 60 & while :; do sleep 0.1; done";
  const child = spawn("sh", ["-c", script], { stdio: "ignore", detached: true });
  const processes = linuxProcesses();
  const pid = child.pid ?? 0;
  await until(() => processes.snapshot().tree(pid).length >= 2, "the shell and its child");
  const tree = processes.snapshot().tree(pid);
  const argv = processes.brief(pid)?.argv ?? [];
  const waitMs = 300;
  expect(await endProcesses(processes, [{ pid, startTicks: tree[0]?.startTicks ?? 0, commandHash: commandHash(argv), waitMs }])).toBeNull();
  expect(tree.filter((each) => isAlive(each.pid) && processes.startTicks(each.pid) === each.startTicks)).toEqual([]);
});

const NAMESPACE = ["--pid", "--fork", "--mount-proc", "--kill-child"];
const mayUnshare = process.platform === "linux" && spawnSync("unshare", [...NAMESPACE, "true"]).status === 0;

test.skipIf(!mayUnshare)("no innocent is signalled where the kernel really gives the pid to another", { timeout: 60_000 }, () => {
  const rounds = ["--import", "tsx", "test/fixtures/processes/reuse-pids.ts", process.env["HEALER_ROUNDS"] ?? "20"];
  const ran = spawnSync("unshare", [...NAMESPACE, process.execPath, ...rounds], { encoding: "utf8" });
  const { reused, hurt } = JSON.parse(ran.stdout) as { reused: number; hurt: number };
  expect(reused).toBeGreaterThan(10);
  expect(hurt).toBe(0);
});
