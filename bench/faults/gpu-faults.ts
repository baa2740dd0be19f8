import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pause } from "../../test/integration/stage.ts";
import { standInSmi } from "../../test/support/stand-in-smi.ts";
import type { Fault } from "./fault.ts";

const TOTAL_MIB = 81_559;
const TAKEN_MS = 60_000;
const SEEN_MS = 12_000; // two readings of nvidia-smi

/**
 * Trouble with a GPU, which no restart mends: a program prints what nvidia-smi was recorded to print, of two cards. On card 0 somebody
 * outside PM2 takes the memory the workers had; card 1 is held down for heat.
 */
export function gpuFaults(): {
  readonly faults: readonly Fault[];
  readonly settings: Readonly<Record<string, unknown>>;
  dispose(): void;
} {
  const folder = mkdtempSync(join(tmpdir(), "g-"));
  const smi = standInSmi(folder);
  const stranger = spawn("sleep", ["3600"], { stdio: "ignore" });
  const cards: [Card, Card] = [COOL, COOL];
  const say = (): void => smi.says({ gpus: cards.map(gpuLine).join(""), apps: cards.flatMap(appLines).join("") });
  const change = (index: 0 | 1, card: Card): void => {
    cards[index] = card;
    say();
  };
  say();
  const lacking = (app: string, index: 0 | 1, sick: (held: Card["holders"]) => Card): Fault => ({
    name: index === 0 ? "its GPU memory taken by a stranger" : "its GPU throttled for heat",
    part: { app, queue: true, workers: { script: "faulty.mjs", instances: 2, env: { FAULT: "lacks something" } }, strategy: { rules: [] } },
    async begin(stage) {
      const held = (await stage.rows(app)).map(({ pid }) => [pid ?? -1, 14_000] as const);
      change(index, { ...COOL, holders: held });
      await pause(SEEN_MS);
      change(index, sick(held));
      stage.faultFile(app).set();
    },
    async mend(stage) {
      await pause(TAKEN_MS);
      change(index, COOL);
      stage.faultFile(app).clear();
    },
    ...{ restarts: 0, heals: "never", heldBy: "gpu", patienceMs: 30_000 },
  });
  return {
    faults: [
      lacking("gpu-taken", 0, () => ({ ...COOL, holders: [[stranger.pid ?? -1, 80_000]] })),
      lacking("gpu-hot", 1, (holders) => ({ temperature: 91, clock: 705, reasons: "0x0000000000000068", holders })),
    ],
    settings: { command: smi.command, every: "5s" },
    dispose() {
      stranger.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Card {
  readonly temperature: number;
  readonly clock: number;
  readonly reasons: string;
  /** pid and MiB. */
  readonly holders: readonly (readonly [number, number])[];
}

const COOL: Card = { temperature: 40, clock: 1980, reasons: "0x0000000000000001", holders: [] };

function gpuLine({ temperature, clock, reasons, holders }: Card, index: number): string {
  const used = holders.reduce((sum, [, mib]) => sum + mib, 0);
  const memory = `${TOTAL_MIB}, ${used}, ${TOTAL_MIB - used}`;
  return `${index}, GPU-${index}, NVIDIA H100 80GB HBM3, 0, ${memory}, ${temperature}, ${clock}, 1980, 120.00, ${reasons}\n`;
}

function appLines({ holders }: Card, index: number): readonly string[] {
  return holders.map(([pid, mib]) => `GPU-${index}, ${pid}, ${mib}\n`);
}
