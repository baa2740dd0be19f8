import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { carriers } from "./process-scan.ts";
import { HEALER_CLI } from "./healer.ts";
import type { RealPm2 } from "./real-pm2.ts";
import { until } from "./until.ts";

/** How an app stands when callers of `healer ensure` meet. */
export const BEGINNINGS = ["stopped", "dumped", "running"] as const;
/** `crowded`: two rows more than there should be. */
export type Beginning = (typeof BEGINNINGS)[number] | "crowded";

export interface Call {
  /** null: killed. */
  readonly code: number | null;
  readonly said: string;
  readonly tookMs: number;
}

/** An app of so many processes, brought to that state from nothing. */
export async function bringTo(pm2: RealPm2, name: string, beginning: Beginning, instances = 1): Promise<void> {
  if ((await pm2.list()).some((row) => row.name === name)) await pm2.remove(name);
  await pm2.start({ script: "idle.mjs", name, instances, exec_mode: "fork" });
  if (beginning === "stopped") await pm2.stop(name);
  if (beginning === "dumped") {
    await pm2.save();
    await pm2.remove(name);
  }
  if (beginning === "crowded") await pm2.scale(name, instances + 2);
  const living = { running: instances, crowded: instances + 2, stopped: 0, dumped: 0 }[beginning];
  await until(() => livingOf(name).length === living, `${name} to be ${beginning}`);
}

/** Living processes of the app, also those that PM2 has lost sight of. */
export function livingOf(name: string): readonly number[] {
  return carriers(`name=${name}`).map(({ pid }) => pid);
}

export interface CallOptions {
  /** When the caller meets SIGKILL; left out: it does not. */
  readonly killAfterMs?: number | null;
  readonly cwd?: string;
  /** Another command than `ensure NAME`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** So many callers in one instant, as a scheduler has them. */
export function ensureAtOnce(
  pm2: RealPm2,
  name: string,
  callers: number,
  optionsOf: (caller: number) => CallOptions = () => ({}),
): Promise<readonly Call[]> {
  return Promise.all(Array.from({ length: callers }, (_, caller) => ensureOnce(pm2, name, optionsOf(caller))));
}

/** The same, with as many callers of `healer trim NAME --keep N` among them. */
export function ensureAndTrimAtOnce(
  pm2: RealPm2,
  name: string,
  callers: { readonly ensure: number; readonly trim: number; readonly keep: number },
  optionsOf: (caller: number) => CallOptions = () => ({}),
): Promise<readonly Call[]> {
  const trims = Array.from({ length: callers.trim }, (_, caller) =>
    ensureOnce(pm2, name, { ...optionsOf(caller), args: ["trim", name, "--keep", String(callers.keep)] }),
  );
  return Promise.all([ensureAtOnce(pm2, name, callers.ensure, optionsOf), ...trims]).then(([ensures, ...others]) => [
    ...ensures,
    ...others,
  ]);
}

export function ensureOnce(pm2: RealPm2, name: string, options: CallOptions = {}): Promise<Call> {
  const { killAfterMs = null, cwd = tmpdir(), env = {} } = options;
  const beganMs = performance.now();
  const child = spawn(process.execPath, [HEALER_CLI, ...(options.args ?? ["ensure", name])], {
    cwd,
    env: { ...process.env, PM2_DISABLE_VERSION_CHECK: "true", PM2_HOME: pm2.home, HEALER_HOME: `${pm2.home}/healer`, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = killAfterMs === null ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  return new Promise((resolve, reject) => {
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => void (said += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(kill);
      resolve({ code, said: said.trim(), tookMs: performance.now() - beganMs });
    });
  });
}
