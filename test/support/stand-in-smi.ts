import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A program that prints what nvidia-smi was seen to print, from files that a test may change under way. */
export interface StandInSmi {
  readonly command: string;
  says(table: { readonly gpus: string; readonly apps?: string }): void;
  /** It prints this and exits so, whatever it is asked. */
  fails(text: string, code: number): void;
  hangs(): void;
}

export function standInSmi(folder: string): StandInSmi {
  const command = join(folder, "nvidia-smi");
  const program = (body: string): void => {
    writeFileSync(`${command}.new`, `#!/bin/sh\n${body}\n`);
    chmodSync(`${command}.new`, 0o755);
    writeFileSync(command, `#!/bin/sh\nexec sh '${command}.new' "$@"\n`);
    chmodSync(command, 0o755);
  };
  return {
    command,
    says({ gpus, apps = "" }) {
      writeFileSync(join(folder, "gpus.csv"), gpus);
      writeFileSync(join(folder, "apps.csv"), apps);
      program(`case "$1" in --query-gpu=*) cat '${folder}/gpus.csv' ;; *) cat '${folder}/apps.csv' ;; esac`);
    },
    fails(text, code) {
      writeFileSync(join(folder, "said.txt"), text);
      program(`cat '${folder}/said.txt'; exit ${code}`);
    },
    hangs: () => program("exec sleep 600"),
  };
}
