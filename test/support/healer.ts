import { spawn, type ChildProcess } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isAlive } from "./process-scan.ts";
import { until } from "./until.ts";

/** A line of the heal log as it stands in the file: the fields of `interface.md` §5, those of the event beside them. */
export interface HealLine {
  readonly ts: string;
  readonly level: string;
  readonly event: string;
  readonly target: string;
  readonly reason: string;
  readonly heal_id?: string;
  readonly [field: string]: unknown;
}

/** A healer daemon in a process of its own, as an operator runs it, with a home and a configuration file of its own. */
export interface HealerProcess {
  readonly home: string;
  readonly configFile: string;
  readonly pid: number;
  /** Exit code and the last words of the newest process; null while it runs. */
  readonly ended: { readonly code: number | null; readonly said: string } | null;
  /** The whole heal log, over all restarts. */
  lines(): readonly HealLine[];
  /** Waits for a line from index `since` on; fails at once when healer ends meanwhile. */
  waitFor(matches: (line: HealLine) => boolean, options?: WaitOptions): Promise<HealLine>;
  configure(yaml: string): void;
  /** Over the control socket, as the command line does. */
  call(method: "GET" | "POST", path: string, body?: unknown): Promise<{ readonly status: number; readonly json: unknown }>;
  rssBytes(): number;
  /** Nothing can be said or saved: SIGKILL. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** SIGTERM; answers with the exit code. */
  stop(): Promise<number | null>;
  /** Ends it whatever its state, and removes its home. */
  dispose(): Promise<void>;
}

export interface WaitOptions {
  readonly since?: number;
  readonly deadlineMs?: number;
  readonly what?: string;
}

export interface StartHealerOptions {
  readonly yaml: string;
  readonly pm2Home: string;
  /** Run it as another user; the caller must be root. */
  readonly uid?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** What `npm run build` makes; `npm test` runs that first. */
export const HEALER_CLI = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const STARTED_MS = 20_000;
const ENDED_MS = 20_000;
const SAID_MAX = 4000;

/** Arguments for `node`. */
function runCommand(configFile: string): readonly string[] {
  return [HEALER_CLI, "run", "-c", configFile, "--log-format", "json"];
}

/** Resolves when the daemon has written its first line. Rejects with what it said when it ends before that. */
export async function startHealer(options: StartHealerOptions): Promise<HealerProcess> {
  const home = mkdtempSync(join(tmpdir(), "h-"));
  if (options.uid !== undefined) chownSync(home, options.uid, options.uid);
  const healer = new HealerChild(home, options);
  healer.configure(options.yaml);
  await healer.start().catch(async (error: unknown) => {
    await healer.dispose();
    throw error;
  });
  return healer;
}

/** The heal log of a HEALER_HOME; what is still being written is left out. */
export function healLines(home: string): readonly HealLine[] {
  const path = join(home, "heal.log");
  if (!existsSync(path)) return [];
  const complete = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return complete.map((line) => JSON.parse(line) as HealLine);
}

class HealerChild implements HealerProcess {
  readonly home: string;
  readonly configFile: string;
  readonly #options: StartHealerOptions;
  #child: ChildProcess | null = null;
  #said = "";

  constructor(home: string, options: StartHealerOptions) {
    this.home = join(home, "state");
    this.configFile = join(home, "healer.config.yaml");
    this.#options = options;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get ended(): HealerProcess["ended"] {
    const child = this.#child;
    return child === null || (child.exitCode === null && child.signalCode === null) ? null : { code: child.exitCode, said: this.#said };
  }

  lines(): readonly HealLine[] {
    return healLines(this.home);
  }

  async waitFor(matches: (line: HealLine) => boolean, options: WaitOptions = {}): Promise<HealLine> {
    const { since = 0, deadlineMs = 20_000, what = "a line of the heal log" } = options;
    let found: HealLine | undefined;
    const look = (): boolean => {
      found = this.lines().slice(since).find(matches);
      if (found === undefined && this.ended !== null) throw new Error(`healer ended (${this.ended.code}): ${this.ended.said}`);
      return found !== undefined;
    };
    await until(look, what, deadlineMs).catch((error: unknown) => {
      const log = this.lines()
        .slice(since)
        .map((line) => `${line.ts} ${line.event} ${line.target}: ${line.reason}`);
      throw new Error(`${error instanceof Error ? error.message : String(error)}; healer wrote:\n${log.join("\n")}`, { cause: error });
    });
    return found!;
  }

  configure(yaml: string): void {
    writeFileSync(this.configFile, yaml);
  }

  call(method: "GET" | "POST", path: string, body: unknown = {}): Promise<{ status: number; json: unknown }> {
    return callSocket(join(this.home, "healer.sock"), { method, path, body });
  }

  rssBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024;
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#gone();
  }

  async start(): Promise<void> {
    const before = this.lines().length;
    const { pm2Home, uid, env } = this.#options;
    this.#said = "";
    const child = spawn(process.execPath, runCommand(this.configFile), {
      env: { ...process.env, HEALER_HOME: this.home, PM2_HOME: pm2Home, ...env },
      stdio: ["ignore", "ignore", "pipe"],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    child.stderr.on("data", (chunk: Buffer) => (this.#said = (this.#said + chunk.toString()).slice(-SAID_MAX)));
    this.#child = child;
    await this.waitFor((line) => line.event === "daemon_start", { since: before, deadlineMs: STARTED_MS, what: "healer to start" });
  }

  async stop(): Promise<number | null> {
    this.#child?.kill("SIGTERM");
    await this.#gone();
    return this.#child?.exitCode ?? null;
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(join(this.home, ".."), { recursive: true, force: true, maxRetries: 3 });
  }

  async #gone(): Promise<void> {
    const pid = this.pid;
    if (pid !== 0) await until(() => this.ended !== null && !isAlive(pid), `healer ${pid} to end`, ENDED_MS);
  }
}

function callSocket(
  socketPath: string,
  { method, path, body }: { method: string; path: string; body: unknown },
): Promise<{ status: number; json: unknown }> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const call = request({ socketPath, path, method, headers }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, json: text === "" ? null : (JSON.parse(text) as unknown) }));
    });
    call.on("error", reject);
    call.end(method === "POST" ? JSON.stringify(body) : undefined);
  });
}
