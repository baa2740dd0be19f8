import { join } from "node:path";
import type { Files } from "../world/files/files.ts";
import { printableJson } from "./printable.ts";
import { RotatingFile } from "./rotating-file.ts";

/** The daemon's own diagnostics (`daemon.log`): what its maintainers want to know, nothing that an operator must read. */
export interface DaemonLog {
  write(level: "info" | "warn" | "error", message: string, wallMs: number): void;
  close(): void;
}

const MESSAGE_CHARACTERS_MAX = 8_000; // room for a stack

export function openDaemonLog(options: { readonly files: Files; readonly dir: string }): DaemonLog {
  let lastWallMs = 0;
  const line = (level: string, message: string): string => {
    return printableJson({ ts: new Date(lastWallMs).toISOString(), level, message: message.slice(0, MESSAGE_CHARACTERS_MAX) });
  };
  const file = new RotatingFile({
    files: options.files,
    path: join(options.dir, "daemon.log"),
    lossLine: (lost, problem) => line("error", `${lost} lines of this log are lost: ${problem}`),
  });
  return {
    write(level, message, wallMs) {
      lastWallMs = wallMs;
      file.writeLine(line(level, message));
    },
    close: () => file.close(),
  };
}
