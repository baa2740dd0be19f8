import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "./free-ports.ts";

/** The demo's own corner of the machine: a folder that goes away with it, and ports nobody else uses. */
export interface DemoPlace {
  readonly dir: string;
  readonly pm2Home: string;
  readonly healerHome: string;
  readonly queuePort: number;
  /** Of the first worker; the others follow. */
  readonly workerPort: number;
  readonly apiPort: number;
  /** What is not where the documentation says it is. */
  readonly moved: readonly string[];
  remove(): void;
}

export const WORKERS = 3;
const QUEUE_PORT = 8091;
const WORKER_PORT = 8101;
const API_PORT = 7717;
const DIR_LENGTH_MAX = 80; // PM2's sockets lie below it, and a socket's path ends at 107 bytes

export async function takePlace(): Promise<DemoPlace> {
  const queuePort = await freePorts(QUEUE_PORT, 1);
  const workerPort = await freePorts(WORKER_PORT, WORKERS, queuePort === null ? [] : [queuePort]);
  const apiPort = await freePorts(API_PORT, 1);
  if (queuePort === null || workerPort === null || apiPort === null)
    throw new Error("the demo found no free ports near 8091, 8101 and 7717");
  const parent = [tmpdir(), homedir()].find((dir) => join(dir, "healer-demo-XXXXXX").length <= DIR_LENGTH_MAX) ?? "/tmp";
  const dir = mkdtempSync(join(parent, "healer-demo-"));
  const [pm2Home, healerHome] = [join(dir, "pm2"), join(dir, "healer")];
  for (const home of [pm2Home, healerHome]) mkdirSync(home, { mode: 0o700 });
  // PM2's monitor of the whole machine has no part in the story.
  writeFileSync(join(pm2Home, "module_conf.json"), JSON.stringify({ pm2: { sysmonit: "false" }, "module-db-v2": {} }));
  return {
    ...{ dir, pm2Home, healerHome, queuePort, workerPort, apiPort },
    moved: [
      ...movedPort("the task queue", QUEUE_PORT, queuePort),
      ...movedPort("the first worker", WORKER_PORT, workerPort),
      ...movedPort("healer's HTTP", API_PORT, apiPort),
    ],
    remove: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }),
  };
}

function movedPort(what: string, usual: number, port: number): string[] {
  return port === usual ? [] : [`port ${usual} is taken, so ${what} is at ${port}`];
}
