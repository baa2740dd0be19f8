import { spawn, type ChildProcess } from "node:child_process";
import { join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { readTextFile } from "../world/files/text-file.ts";
import type { ProgramEnd } from "./run-program.ts";

export interface EcosystemStart {
  readonly file: string;
  /** The name alone; that is what `--only` takes. */
  readonly name: string;
  readonly pm2Home: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const FILES = ["ecosystem.config.js", "ecosystem.config.cjs", "ecosystem.config.json"];
const QUOTES = ['"', "'", "`"];
const FILE_BYTES_MAX = 1024 * 1024;
const TIMEOUT_MS = 120_000; // `wait_ready` of several instances, one after the other
const SAID_CHARACTERS_MAX = 4_000;
const NOT_FOUND = 127; // as a shell says it

/**
 * Runs PM2 so that it does not outlive its caller: descriptor 3 is a pipe from here, and when it ends, PM2 is killed. Else a
 * caller that was killed would leave a start behind that nobody waits for, beside the one of the next caller.
 */
const PM2_THAT_ENDS_WITH_ITS_CALLER = `
pm2 "$@" </dev/null 3<&- &
pm2_pid=$!
{ read -r _ <&3; kill -9 "$pm2_pid"; } >/dev/null 2>&1 &
watch_pid=$!
wait "$pm2_pid"
code=$?
kill "$watch_pid" 2>/dev/null
exit "$code"`;

/**
 * The file that names the app, the one given or PM2's usual one in the folder, and the name as the file has it. An ecosystem
 * file is a program; it is not run to find out, a look at its text does.
 */
export async function findEcosystem(app: string, cwd: string, given: string | null): Promise<Pick<EcosystemStart, "file" | "name"> | null> {
  const nameAlone = app.slice(app.indexOf("/") + 1); // a name may hold a slash itself, hence both
  for (const file of given === null ? FILES.map((each) => join(cwd, each)) : [resolve(cwd, given)]) {
    const text = await readTextFile(file, FILE_BYTES_MAX);
    const found = [app, nameAlone].find((name) => text.ok && QUOTES.some((quote) => text.value.includes(quote + name + quote)));
    if (found !== undefined || given !== null) return { file, name: found ?? nameAlone };
  }
  return null;
}

/** `pm2 start FILE --only NAME`, with the `pm2` on the PATH. It would start a daemon: whoever calls this has just spoken to one. */
export function startFromEcosystem(start: EcosystemStart): Promise<ProgramEnd> {
  const args = ["start", start.file, "--only", start.name];
  const child = spawn("/bin/sh", ["-c", PM2_THAT_ENDS_WITH_ITS_CALLER, "sh", ...args], {
    cwd: start.cwd,
    env: { ...start.env, PM2_HOME: start.pm2Home },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  return endOf(child);
}

function endOf(child: ChildProcess): Promise<ProgramEnd> {
  return new Promise((settle) => {
    let said = "";
    const listen = (chunk: Buffer): void => void (said = (said + chunk.toString()).slice(-SAID_CHARACTERS_MAX));
    child.stdout?.on("data", listen);
    child.stderr?.on("data", listen);
    const end = (code: number, text: string): void => {
      clearTimeout(timer);
      letGo();
      settle({ code, text });
    };
    const letGo = (): void => void child.stdio[3]?.destroy(); // kills PM2 where it still runs
    const timer = setTimeout(letGo, TIMEOUT_MS);
    child.on("error", (error) => end(NOT_FOUND, error.message));
    child.on("close", (code) => end(code ?? 1, code === NOT_FOUND ? "there is no pm2 on the PATH" : stripVTControlCharacters(said).trim()));
  });
}
