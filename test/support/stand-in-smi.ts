import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A program that prints what nvidia-smi was seen to print, from files that a test may change under way. */
export interface StandInSmi {
  readonly command: string;
  says(table: { readonly gpus: string; readonly apps?: string }): void;
  /** The same of cards that are told apart by their number. */
  shows(cards: readonly Card[]): void;
  /** It prints this and exits so, whatever it is asked. */
  fails(text: string, code: number): void;
  hangs(): void;
}

/** An H100, and who holds its memory: pid and MiB. */
export interface Card {
  readonly temperature: number;
  readonly clock: number;
  readonly reasons: string;
  readonly holders: readonly (readonly [number, number])[];
}

export const COOL_CARD: Card = { temperature: 40, clock: 1980, reasons: "0x0000000000000001", holders: [] };

const TOTAL_MIB = 81_559;

function gpuLine({ temperature, clock, reasons, holders }: Card, index: number): string {
  const used = holders.reduce((sum, [, mib]) => sum + mib, 0);
  const memory = `${TOTAL_MIB}, ${used}, ${TOTAL_MIB - used}`;
  return `${index}, GPU-${index}, NVIDIA H100 80GB HBM3, 0, ${memory}, ${temperature}, ${clock}, 1980, 120.00, ${reasons}\n`;
}

function appLines({ holders }: Card, index: number): readonly string[] {
  return holders.map(([pid, mib]) => `GPU-${index}, ${pid}, ${mib}\n`);
}

export function standInSmi(folder: string): StandInSmi {
  const command = join(folder, "nvidia-smi");
  const program = (body: string): void => {
    writeFileSync(`${command}.new`, `#!/bin/sh\n${body}\n`);
    chmodSync(`${command}.new`, 0o755);
    writeFileSync(command, `#!/bin/sh\nexec sh '${command}.new' "$@"\n`);
    chmodSync(command, 0o755);
  };
  const says: StandInSmi["says"] = ({ gpus, apps = "" }) => {
    writeFileSync(join(folder, "gpus.csv"), gpus);
    writeFileSync(join(folder, "apps.csv"), apps);
    program(`case "$1" in --query-gpu=*) cat '${folder}/gpus.csv' ;; *) cat '${folder}/apps.csv' ;; esac`);
  };
  return {
    ...{ command, says },
    shows: (cards) => says({ gpus: cards.map(gpuLine).join(""), apps: cards.flatMap(appLines).join("") }),
    fails(text, code) {
      writeFileSync(join(folder, "said.txt"), text);
      program(`cat '${folder}/said.txt'; exit ${code}`);
    },
    hangs: () => program("exec sleep 600"),
  };
}
