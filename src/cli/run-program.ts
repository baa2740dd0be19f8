import { execFile } from "node:child_process";

export interface ProgramEnd {
  /** 127 where there is no such program, 1 where it was killed. */
  readonly code: number;
  /** What it printed, trimmed. */
  readonly text: string;
}

const NOT_FOUND = 127;

export function runProgram(program: string, args: readonly string[], timeoutMs: number): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    execFile(program, [...args], { timeout: timeoutMs }, (error, stdout, stderr) => {
      const text = [stdout, stderr]
        .map((part) => part.trim())
        .filter((part) => part !== "")
        .join("; ");
      if (error === null) resolve({ code: 0, text });
      else if (error.code === "ENOENT") resolve({ code: NOT_FOUND, text: `there is no ${program} here` });
      else resolve({ code: typeof error.code === "number" ? error.code : 1, text: text === "" ? error.message : text });
    });
  });
}
