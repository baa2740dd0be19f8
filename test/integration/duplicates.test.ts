import { describe, expect, test } from "vitest";
import { freePorts } from "../../src/demo/free-ports.ts";
import { stageDuplicates, type DuplicateStage } from "../support/duplicate-stage.ts";
import { startHealer, type HealerProcess, type HealLine } from "../support/healer.ts";
import { isAlive } from "../support/process-scan.ts";
import { startPm2 } from "../support/real-pm2.ts";
import { runResurrect } from "../support/resurrect-run.ts";
import { until } from "../support/until.ts";

// Real PM2, twice where it takes two; what stands for a minute in production stands for five seconds here. At length: bench/duplicates.ts,
// bench/resurrect.ts.

const STANDS_SECONDS = 5;

function configuration(home: string, trimOutside: string, rest = ""): string {
  return `version: 1
mode: heal
interval: 1s
pm2_home: ${home}
defaults: {grace_period_seconds: 1} # healing begins with one, trims included
strategies: [{name: rpa, match: {app: rpa}, max_workers: 1, trim_outside: ${trimOutside}, advanced: {trim_after_seconds: ${STANDS_SECONDS}}${rest}}]
api: false
`;
}

interface Scene {
  readonly stage: DuplicateStage;
  readonly healer: HealerProcess;
  linesOf(event: string): readonly HealLine[];
}

async function scene(trimOutside: "none" | "orphans" | "all", act: (scene: Scene) => Promise<void>): Promise<void> {
  const stage = await stageDuplicates({
    name: "rpa",
    script: trimOutside === "orphans" ? "idle.py" : "idle.mjs",
    ...pythonFor(trimOutside),
  });
  const healer = await startHealer({ pm2Home: stage.pm2.home, yaml: configuration(stage.pm2.home, trimOutside) }).catch(async (error) => {
    await stage.dispose();
    throw error;
  });
  try {
    await act({ stage, healer, linesOf: (event) => healer.lines().filter((line) => line.event === event) });
  } finally {
    await healer.dispose();
    await stage.dispose();
  }
}

function pythonFor(trimOutside: string): { interpreter?: string } {
  return trimOutside === "orphans" ? { interpreter: "python3" } : {};
}

const LEFT = { none: ["kept", "orphan", "script", "other"], orphans: ["kept", "script", "other"], all: ["kept", "other"] } as const;

describe.concurrent("five copies of one app", { timeout: 150_000 }, () => {
  test.each(["none", "orphans", "all"] as const)("are each found with their owner and origin, and trimmed as %s says", (trimOutside) =>
    scene(trimOutside, async ({ stage, healer, linesOf }) => {
      const { pids } = stage;
      const verdict = await healer.waitFor(({ event }) => event === "heal_verdict", { deadlineMs: 100_000, what: "the trim's verdict" });
      expect(verdict).toMatchObject({ verdict: "recovered" });
      const left: readonly string[] = LEFT[trimOutside];
      await until(() => stage.alive().join() === left.join(), `${left.join()} to be left of ${stage.alive().join()}`, 45_000);
      const owners = Object.fromEntries(linesOf("duplicate_found").map(({ pid, owner }) => [String(pid), owner]));
      expect(owners).toEqual({ [pids.surplus]: "pm2", [pids.orphan]: "orphan", [pids.script]: "outside", [pids.other]: "other_daemon" });
      for (const { origin } of linesOf("duplicate_found")) expect(origin).toMatchObject({ ancestors: expect.any(Array) as unknown[] });
      const script = linesOf("duplicate_found").find(({ pid }) => pid === pids.script);
      expect(script?.["origin"]).toMatchObject({ session: { leader: null }, output: expect.stringMatching(/script\.log$/) as string });
      expect(linesOf("alert").filter(({ violation }) => violation !== undefined)).toEqual([]);
      for (const line of linesOf("trim")) expect(line["restore"]).toMatch(/pm2 start .*--name rpa -f|^cd /);
      const { json } = await healer.call("GET", "/api/targets/rpa");
      const told = (json as { explain: { duplicates: string[] } }).explain.duplicates;
      expect(told.some((sentence) => sentence.includes(`pid ${pids.other} runs under another PM2 daemon`))).toBe(true);
    }),
  );
});

describe.concurrent("a PM2 daemon that was killed", { timeout: 150_000 }, () => {
  test("and has resurrected its apps beside the orphans: as many run as may, and no task is lost", async () => {
    const { lost, lines } = await runResurrect({ standsSeconds: STANDS_SECONDS, drainSeconds: 5 });
    expect(lost).toBe(0);
    expect(lines.filter(({ event }) => event === "trim")).toHaveLength(4);
  });

  test("and given up a row whose port an orphan holds: the orphan is ended, the row started, in one heal", async () => {
    const [port] = [await freePorts(24_000 + (process.pid % 1_000), 1)];
    const pm2 = await startPm2();
    const app = { name: "rpa", script: "http-health.mjs", pmx: false, exec_mode: "fork" as const, env: { PORT: String(port) } };
    const [before] = await pm2.start(app);
    const orphan = before?.pid ?? 0;
    await until(() => answers(port ?? 0), "the worker to listen");
    await pm2.save();
    const healer = await startHealer({ pm2Home: pm2.home, yaml: configuration(pm2.home, "orphans", ", grace_period_seconds: 5") });
    try {
      await pm2.orphanWorkers();
      await pm2.startDaemon();
      await pm2.resurrect();
      await healer.waitFor(({ event, verdict }) => event === "heal_verdict" && verdict === "recovered", { deadlineMs: 90_000 });
      expect(isAlive(orphan)).toBe(false);
      const [row] = await pm2.list();
      expect(row).toMatchObject({ status: "online" });
      expect(await answers(port ?? 0)).toBe(true);
      const trims = healer.lines().filter(({ event }) => event === "trim");
      expect(trims.map(({ pid }) => pid)).toEqual([orphan]);
      expect(new Set(healer.lines().flatMap(({ event, heal_id: id }) => (event === "heal_intent" ? [id] : []))).size).toBe(1);
    } finally {
      await healer.dispose();
      if (isAlive(orphan)) process.kill(orphan, "SIGKILL");
      await pm2.dispose();
    }
  });
});

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health`).then(
    (response) => response.ok,
    () => false,
  );
}
