import { spawn, type ChildProcess } from "node:child_process";
import { until } from "./until.ts";

/** A server's program as a child of the test, started and stopped as often as the test likes. */
export interface OwnServer {
  start(): Promise<void>;
  /** SIGTERM, and answers when it has ended. */
  stop(): Promise<void>;
}

interface OwnServerOptions {
  /** Added to the test's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly patienceMs?: number;
}

export function ownServer(
  program: string,
  args: readonly string[],
  isReady: () => Promise<boolean>,
  { env = {}, patienceMs = 20_000 }: OwnServerOptions = {},
): OwnServer {
  let child: ChildProcess | null = null;
  return {
    async start() {
      let said = "";
      const started = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
      child = started;
      started.on("error", (error) => (said += error.message));
      for (const stream of [started.stdout, started.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
      await until(isReady, `${program} to be ready`, patienceMs).catch((error: Error) => {
        throw new Error(`${error.message}: ${said}`);
      });
    },
    async stop() {
      const running = child;
      child = null;
      if (running === null || running.exitCode !== null || running.pid === undefined) return;
      const ended = new Promise((resolve) => running.once("exit", resolve));
      running.kill("SIGTERM");
      await ended;
    },
  };
}
