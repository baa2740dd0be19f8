import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createApi } from "../../src/api/api.ts";
import { serveSocket } from "../../src/api/serve.ts";
import { runCli } from "../../src/cli/program.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import { FakeControlPlane } from "./fake-control-plane.ts";
import { fakeTerminal, type FakeTerminal } from "./fake-terminal.ts";
import { temporaryDir } from "./temporary-dir.ts";

export interface FakeDaemon {
  readonly plane: FakeControlPlane;
  readonly home: string;
  /** Runs a command line against it. */
  readonly cli: (
    args: readonly string[],
    changes?: Partial<Terminal>,
  ) => Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
  readonly terminal: (changes?: Partial<Terminal>) => FakeTerminal;
}

/** The real API on a control socket in a home of its own, in front of a fake daemon. */
export async function fakeDaemon(): Promise<FakeDaemon> {
  const plane = new FakeControlPlane();
  const home = temporaryDir();
  const served = await serveSocket(createApi(plane, { access: { via: "socket" } }), join(home, "healer.sock"));
  if (!served.ok) throw new Error(served.error);
  onTestFinished(() => served.value.close());
  const terminal = (changes: Partial<Terminal> = {}): FakeTerminal => fakeTerminal({ HEALER_HOME: home }, changes);
  return {
    plane,
    home,
    terminal,
    async cli(args, changes) {
      const screen = terminal(changes);
      const code = await runCli(args, screen);
      return { code, out: screen.printed(), err: screen.complained() };
    },
  };
}
