import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HealLine } from "../../support/healer.ts";
import { COOL_CARD, standInSmi } from "../../support/stand-in-smi.ts";
import { graceOver, nowIso, pause, type Part, type Stage } from "../stage.ts";

const APP = "gpu-taken";

export const gpuTakenPart: Part = {
  app: APP,
  queue: true,
  workers: { script: "faulty.mjs", env: { FAULT: "lacks something", WORK_MS: "100" } },
  strategy: { rules: [] },
};

/** A program that prints what nvidia-smi prints of one card, whose memory a stranger may take. */
export function takeableGpu() {
  const folder = mkdtempSync(join(tmpdir(), "g-"));
  const smi = standInSmi(folder);
  const stranger = spawn("sleep", ["3600"], { stdio: "ignore" });
  const held = (pid: number | null | undefined, mib: number): void =>
    smi.shows([{ ...COOL_CARD, holders: pid == null ? [] : [[pid, mib]] }]);
  held(null, 0);
  return {
    settings: { command: smi.command, every: "5s" },
    held,
    taken: () => held(stranger.pid, 80_000),
    stranger: stranger.pid,
    dispose(): void {
      stranger.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The worker fails its tasks while a stranger has the memory that the worker had. */
export async function gpuTaken(
  stage: Stage,
  gpu: ReturnType<typeof takeableGpu>,
): Promise<{ held: HealLine; heals: number; restarts: number }> {
  await graceOver(stage, APP, 4000);
  gpu.held((await stage.rows(APP))[0]?.pid, 14_000);
  await pause(7_000); // one reading at least
  const onset = nowIso();
  gpu.taken();
  stage.faultFile(APP).set();
  const held = await stage.waitFor(APP, ({ event }) => event === "hold", 60_000, onset);
  gpu.held(null, 0);
  stage.faultFile(APP).clear();
  await stage.waitFor(APP, ({ event }) => event === "symptom_cleared", 60_000, held.ts);
  await pause(12_000); // past its time to recover by itself
  const heals = stage.linesOf(APP, onset).filter(({ event }) => event === "heal_intent").length;
  return { held, heals, restarts: (await stage.rows(APP))[0]?.restarts ?? -1 };
}
