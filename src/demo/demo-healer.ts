import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DemoPlace } from "./demo-place.ts";

/** The healer daemon as a child process, as an operator would start it. */
export interface DemoHealer {
  /** The process ended; resolves with what it last said. */
  readonly ended: Promise<string>;
  /** SIGTERM, and SIGKILL when it takes longer than ten seconds. */
  end(): Promise<void>;
}

export const HEALER = fileURLToPath(new URL("../cli/main.js", import.meta.url));
const END_MS = 10_000;
const SAID_MAX = 2000;

export function startDemoHealer(place: DemoPlace, config: string): DemoHealer {
  const configFile = join(place.dir, "healer.config.yaml");
  writeFileSync(configFile, config);
  const env = { ...process.env, HEALER_HOME: place.healerHome, PM2_HOME: place.pm2Home };
  // A process group of its own, so that Ctrl-C reaches it only through the demo, after the last line was read.
  const child = spawn(process.execPath, [HEALER, "run", "-c", configFile], { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-SAID_MAX)));
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", () => resolve(said.trim()));
  });
  return {
    ended,
    end: async () => {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
