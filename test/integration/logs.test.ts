import { execFile } from "node:child_process";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readEvidenceOf } from "../../src/record/read-evidence.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { HEALER_CLI } from "../support/healer.ts";
import { until } from "../support/until.ts";
import { graceOver, nowIso, openStage, pause, signalWorker, type Part, type Stage } from "./stage.ts";

// Workers that stay online for PM2 whatever they throw or print: only what they tell, or say in their logs, gives them away.

const STRATEGY = {
  grace_period_seconds: 3,
  rules: [
    { rule: "exceptions-above", limit: 5, within: "10s" },
    { rule: "log-pattern", pattern: "/pool (exhausted|drained)/i", lines: 5, within: "10s", stream: "err" },
  ],
};
const worker = (trouble: string, mode: "fork" | "cluster"): NonNullable<Part["workers"]> => ({
  script: "troubled.mjs",
  exec_mode: mode,
  instances: 2,
  env: { TROUBLE: trouble },
});
const PARTS: readonly Part[] = [
  { app: "thrower", workers: worker("throws", "fork"), strategy: STRATEGY },
  { app: "clustered", workers: worker("throws", "cluster"), strategy: STRATEGY },
  { app: "sayer", workers: worker("says", "fork"), strategy: STRATEGY },
  { app: "merged", workers: { ...worker("says", "fork"), merge_logs: true }, strategy: STRATEGY },
];

const FIGURES_MS = 21_000; // Node's are taken of a process 5 s after its start, and healer's list of PM2 is 15 s old at most

const run = promisify(execFile);

async function logOf(stage: Stage, app: string, instance: number): Promise<string> {
  const row = (await stage.rows(app))[instance];
  return String(row?.pm2Env["pm_err_log_path"]);
}

/** What the worker was before it was ended: its last words too. */
async function expectEvidence(stage: Stage, { healId, app, pid }: { healId: string; app: string; pid: number }): Promise<void> {
  const read = readEvidenceOf(systemFiles(), join(stage.healer.home, "evidence"), healId);
  expect(read).toMatchObject({ ok: true, value: [{ target: `${app}:1`, row: { pid }, process: { status: { State: "S (sleeping)" } } }] });
  const lines = read.ok ? (read.value[0]?.logs.flatMap((log) => log.lines) ?? []) : [];
  if (app === "sayer") expect(lines.filter((line) => line.includes("pool exhausted")).length).toBeGreaterThan(4);
  const told = (await run(process.execPath, [HEALER_CLI, "log", "--evidence", healId], { env: { HEALER_HOME: stage.healer.home } })).stdout;
  expect(told).toContain(`${healId}: ${app}:1 at `);
  if (app === "sayer") expect(told).toMatch(/ Node +heap [\d.]+ of [\d.]+ MiB \(\d+ %\), event loop latency /);
}

describe.concurrent("exceptions and log lines on a real PM2", { timeout: 60_000 }, () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage(PARTS);
  }, 60_000);
  afterAll(async () => stage?.dispose(), 60_000);

  test.each([
    ["thrower", "exceptions-above"],
    ["clustered", "exceptions-above"],
    ["sayer", "log-pattern"],
  ] as const)("%s: one that goes bad and stays online is healed by %s, and its neighbour is left alone", async (app, rule) => {
    const saidBefore = await logOf(stage, app, 0);
    appendFileSync(saidBefore, "connection pool exhausted\n".repeat(4)); // one less than is a symptom
    await graceOver(stage, app, 3000);
    const before = await stage.rows(app);
    const upMs = Date.now() - (before[1]?.startedWallMs ?? 0);
    if (app === "sayer") await pause(Math.max(0, FIGURES_MS - upMs));
    const onset = nowIso();
    await signalWorker(stage, app, "SIGUSR2", 1);
    const verdict = await stage.waitFor(app, ({ event }) => event === "heal_verdict", 40_000, onset);
    expect(verdict).toMatchObject({ target: `${app}:1`, verdict: "recovered" });
    const intents = stage.linesOf(app).filter(({ event }) => event === "heal_intent");
    expect(intents).toMatchObject([{ target: `${app}:1`, rule }]);
    await expectEvidence(stage, { healId: String(verdict["heal_id"]), app, pid: before[1]?.pid ?? -1 });
    const after = await stage.rows(app);
    expect(after[0]?.pid).toBe(before[0]?.pid);
    expect(after[1]?.pid).not.toBe(before[1]?.pid);
    await pause(2_500); // lines of the old process are read by now, and none is held against the new one
    expect(stage.linesOf(app, onset).filter(({ event }) => event === "symptom")).toHaveLength(1);
  });

  test("merged: of a log that two workers write nobody is called sick, and it is said", async () => {
    await until(() => stage.linesOf("merged").some(({ event }) => event === "sensor_blind"), "the word that nothing is seen");
    const [blind] = stage.linesOf("merged").filter(({ event }) => event === "sensor_blind");
    expect(blind?.reason).toMatch(/merged:0 and merged:1 write one log, .*merged-error\.log, and nobody can tell whose a line is/);
    await graceOver(stage, "merged", 3000);
    await signalWorker(stage, "merged", "SIGUSR2", 1);
    await pause(6_000);
    expect(stage.linesOf("merged").filter(({ event }) => event === "symptom")).toEqual([]);
  });
});
