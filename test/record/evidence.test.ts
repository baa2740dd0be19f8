import { spawn } from "node:child_process";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { evidencePage } from "../../src/cli/evidence-page.ts";
import { explain } from "../../src/core/explain.ts";
import { openEvidence, type EvidenceOrder } from "../../src/record/evidence.ts";
import { readEvidenceOf } from "../../src/record/read-evidence.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { openProcesses } from "../../src/world/processes/open-processes.ts";
import { CoreWorld } from "../support/core-world.ts";
import { temporaryDir } from "../support/temporary-dir.ts";
import { until } from "../support/until.ts";
import { workerRow } from "../support/worker-row.ts";

const VITALS = {
  readWallMs: Date.UTC(2026, 10, 26, 3, 14, 56),
  heapUsedMib: 480.12,
  heapTotalMib: 512,
  loopLatencyMs: 3,
  loopLatencyP95Ms: 12.34,
  handles: 12,
  requests: 0,
};
const HEAL = "20261126-031500-1";
const files = systemFiles();

async function stage() {
  const dir = temporaryDir();
  const child = spawn("sh", ["-c", "sleep 60; true", "worker", "--token=secret"], { stdio: "ignore", detached: true });
  onTestFinished(() => void (child.pid !== undefined && process.kill(-child.pid, "SIGKILL")));
  const processes = openProcesses();
  await until(() => processes.snapshot().tree(child.pid ?? -1).length === 2, "the child of the shell");
  const [out, err] = [join(dir, "out.log"), join(dir, "err.log")];
  const world = new CoreWorld();
  const order: EvidenceOrder = {
    ...{ healId: HEAL, target: "app:0", runningTasks: 2, wallMs: Date.UTC(2026, 10, 26, 3, 15) },
    row: workerRow({ pid: child.pid ?? -1, logs: { out, err }, vitals: VITALS }),
    ...{ why: "frozen: state T for 16 s", action: "restart" },
    explain: explain(world.state, world.target("app:0")),
  };
  const troubles: string[] = [];
  const keeper = openEvidence({ files, processes, dir: join(dir, "evidence") }, (trouble) => troubles.push(trouble));
  const read = (id = HEAL) => readEvidenceOf(files, join(dir, "evidence"), id);
  return { ...{ dir, out, err, order, keeper, troubles, read, pid: child.pid ?? -1 } };
}

test.runIf(process.platform === "linux")(
  "what a worker was, did and wrote last stays readable after it has gone, for healer's user alone",
  async () => {
    const { out, err, order, keeper, troubles, read, pid, dir } = await stage();
    writeFileSync(out, Array.from({ length: 5000 }, (_, number) => `line ${number}\n`).join(""));
    writeFileSync(err, "\u001b[31mboom\u001b[0m\nat worker.js:7\n");
    await keeper.keep(order);
    expect(troubles).toEqual([]);
    const found = read();
    if (!found.ok) throw new Error(found.error);
    const [evidence] = found.value;
    expect(evidence).toMatchObject({
      v: 1,
      heal_id: HEAL,
      target: "app:0",
      at: "2026-11-26T03:15:00.000Z",
      running_tasks: 2,
      row: { pid },
    });
    expect(evidence?.process?.status["State"]).toMatch(/^S/);
    expect(evidence?.tree.map(({ command }) => command)).toEqual(["sh -c sleep 60; true worker --token=***", "sleep 60"]);
    expect(evidence).toMatchObject({ why: "frozen: state T for 16 s", explain: { target: "app:0" } });
    expect(evidence?.process?.files).toContain("/dev/null");
    expect(evidence?.logs.map(({ path }) => path)).toEqual([err, out]);
    expect(evidence?.logs[1]?.lines).toHaveLength(40);
    expect(evidence?.logs[1]?.lines.at(-1)).toBe("line 4999");
    expect(statSync(join(dir, "evidence", `${HEAL}.jsonl`)).mode & 0o777).toBe(0o600);
    const page = evidencePage(evidence!, 80);
    expect(page).toContain("20261126-031500-1: app:0 at 2026-11-26T03:15:00.000Z, right before it was ended");
    expect(page).toContain("  why       frozen: state T for 16 s; action: restart");
    expect(page).toContain("  at worker.js:7");
    expect(evidence?.vitals).toEqual(VITALS);
    expect(page).toContain("  Node      heap 480.1 of 512 MiB (94 %), event loop latency 3 ms (p95 12.3 ms),");
    expect(page).not.toContain("\u001b");
  },
);

test("logs that are missing, a process that has ended and a log without an end cost nothing but a word", async () => {
  const { out, order, keeper, troubles, read } = await stage();
  writeFileSync(out, "x".repeat(200_000));
  await keeper.keep({ ...order, row: { ...order.row, pid: 2 ** 22 + 1 } });
  const found = read();
  const [evidence] = found.ok ? found.value : [];
  expect(troubles).toEqual([]);
  expect(evidence).toMatchObject({ process: null, tree: [] });
  expect(evidence?.logs[0]?.error).toMatch(/^cannot read .*err\.log: ENOENT/);
  expect(evidence?.logs[1]).toMatchObject({ lines: [], error: null });
  expect(evidencePage(evidence!, 80)).toContain("had ended already, or cannot be seen here");
});

test("a heal of several workers has an entry each; the newest two hundred heals are kept", async () => {
  const { order, keeper, read, dir } = await stage();
  await keeper.keep(order);
  await keeper.keep({ ...order, target: "app:1" });
  expect(read()).toMatchObject({ value: [{ target: "app:0" }, { target: "app:1" }] });
  for (let number = 2; number < 205; number++) writeFileSync(join(dir, "evidence", `20261126-041500-${number}.jsonl`), "");
  await keeper.keep({ ...order, healId: "20261126-051500-999" });
  expect(read()).toMatchObject({ ok: false });
  const kept = files.list(join(dir, "evidence"));
  expect(kept.ok && kept.value.length).toBe(200);
});

test("a disk that takes nothing is told and stops nothing; a name that is none writes nothing", async () => {
  const { order, keeper, troubles, dir } = await stage();
  writeFileSync(join(dir, "evidence"), "a file where the folder should be");
  await keeper.keep(order);
  await keeper.keep({ ...order, healId: "../../etc/cron" });
  expect(troubles).toEqual([
    expect.stringMatching(/^evidence of 20261126-031500-1 could not be kept: cannot /),
    "evidence of ../../etc/cron could not be kept: its name is no name of a file",
  ]);
});

test("a heal nobody knows is told with the newest, and the beginning of an id is enough where it is one's alone", async () => {
  const { order, keeper, read } = await stage();
  expect(read("2026")).toMatchObject({ ok: false, error: expect.stringMatching(/^no evidence of a heal "2026" in /) as string });
  await keeper.keep(order);
  await keeper.keep({ ...order, healId: "20261126-041500-2" });
  expect(read("20261126-03")).toMatchObject({ ok: true });
  expect(read("20261126")).toEqual({
    ok: false,
    error: '"20261126" is the beginning of 2 heals; the newest: 20261126-041500-2, 20261126-031500-1',
  });
  expect(read("../secret")).toMatchObject({ ok: false });
});

test("figures of Node that were not told are left out of the page, also where an older healer wrote none", async () => {
  const { order, keeper, read } = await stage();
  const vitals = { ...VITALS, heapUsedMib: 7, heapTotalMib: null, loopLatencyMs: null, loopLatencyP95Ms: 4, handles: null, requests: 1 };
  await keeper.keep({ ...order, row: { ...order.row, vitals } });
  const found = read();
  const evidence = found.ok ? found.value[0] : undefined;
  expect(evidencePage(evidence!, 80)).toContain("  Node      heap 7 MiB, 1 request, as PM2 had it 4 s before");
  const { vitals: _, ...older } = evidence!;
  expect(evidencePage(older, 80)).not.toContain("Node");
});
