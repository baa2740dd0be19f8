import type { Terminal } from "../../src/cli/terminal.ts";

export interface FakeTerminal extends Terminal {
  /** What was printed, without the last line feed. */
  readonly printed: () => string;
  readonly complained: () => string;
  /** As if the user pressed Ctrl-C. */
  readonly interrupt: () => void;
}

/** A terminal of 80 columns without colour that keeps what a command prints. */
export function fakeTerminal(env: Readonly<Record<string, string | undefined>>, changes: Partial<Terminal> = {}): FakeTerminal {
  let out = "";
  let err = "";
  const interrupted: { now: () => void } = { now: () => undefined };
  const signal = new Promise<string>((resolve) => (interrupted.now = () => resolve("SIGINT")));
  return {
    out: (text) => void (out += `${text}\n`),
    err: (text) => void (err += `${text}\n`),
    raw: (text) => void (out += text),
    env,
    cwd: process.cwd(),
    columns: 80,
    rows: 24,
    colour: false,
    live: false,
    user: "alice",
    version: "0.1.0",
    mainFile: "/opt/healer/dist/cli/main.js",
    untilSignal: () => signal,
    printed: () => out.trimEnd(),
    complained: () => err.trimEnd(),
    interrupt: () => interrupted.now(),
    ...changes,
  };
}
