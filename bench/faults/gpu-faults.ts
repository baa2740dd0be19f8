import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pause } from "../../test/integration/stage.ts";
import { COOL_CARD, standInSmi, type Card } from "../../test/support/stand-in-smi.ts";
import type { Fault } from "./fault.ts";

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
  const cards: [Card, Card] = [COOL_CARD, COOL_CARD];
  const change = (index: 0 | 1, card: Card): void => {
    cards[index] = card;
    smi.shows(cards);
  };
  smi.shows(cards);
  const lacking = (app: string, index: 0 | 1, sick: (held: Card["holders"]) => Card): Fault => ({
    name: index === 0 ? "its GPU memory taken by a stranger" : "its GPU throttled for heat",
    part: { app, queue: true, workers: { script: "faulty.mjs", instances: 2, env: { FAULT: "lacks something" } }, strategy: { rules: [] } },
    async begin(stage) {
      const held = (await stage.rows(app)).map(({ pid }) => [pid ?? -1, 14_000] as const);
      change(index, { ...COOL_CARD, holders: held });
      await pause(SEEN_MS);
      change(index, sick(held));
      stage.faultFile(app).set();
    },
    async mend(stage) {
      await pause(TAKEN_MS);
      change(index, COOL_CARD);
      stage.faultFile(app).clear();
    },
    ...{ restarts: 0, heals: "never", heldBy: "gpu", patienceMs: 30_000 },
  });
  return {
    faults: [
      lacking("gpu-taken", 0, () => ({ ...COOL_CARD, holders: [[stranger.pid ?? -1, 80_000]] })),
      lacking("gpu-hot", 1, (holders) => ({ temperature: 91, clock: 705, reasons: "0x0000000000000068", holders })),
    ],
    settings: { command: smi.command, every: "5s" },
    dispose() {
      stranger.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
