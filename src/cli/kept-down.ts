import { statSync } from "node:fs";
import { join } from "node:path";
import { groupIdOf } from "../core/select.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { whoWatches } from "../daemon/single-instance.ts";
import { systemFiles } from "../world/files/system-files.ts";
import { controlClient } from "./control-client.ts";
import { askStatus } from "./daemon-answers.ts";
import { isHeld } from "./left-stopped-lines.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Why healer keeps one of these workers stopped, with the command that ends it; null = it does not, or no healer of this
 * PM2_HOME answers. The one asked is the one that holds the lock on it, whatever its HEALER_HOME.
 */
export async function whyKeptDown(
  rows: readonly WorkerRow[],
  pm2Home: string,
  { env, user }: Pick<Terminal, "env" | "user">,
): Promise<string | null> {
  const [first] = rows;
  if (first === undefined) return null;
  const files = systemFiles();
  const watcher = await whoWatches(files, pm2Home);
  const home = watcher !== null && isTrusted(join(watcher.home, "healer.sock"), pm2Home) ? { HEALER_HOME: watcher.home } : {};
  const asked = await askStatus(controlClient({ env: { ...env, ...home }, user }));
  if (!asked.ok || files.realPath(asked.value.pm2.home) !== files.realPath(pm2Home)) return null;
  const kept = asked.value.targets.filter(
    (target) => isHeld(target) && rows.some((row) => row.pmId === target.pm_id && target.id.startsWith(`${groupIdOf(row)}:`)),
  );
  if (kept.length === 0) return null;
  const words = kept.map(({ id, state }) => `${id} stopped (${state})`).join(", ");
  return `healer keeps ${words}; after the repair: healer reset ${groupIdOf(first)}`;
}

/** Anybody may claim to watch a PM2_HOME; believed is who could do as it likes with it anyway. */
function isTrusted(socket: string, pm2Home: string): boolean {
  try {
    return [0, process.geteuid?.(), statSync(pm2Home).uid].includes(statSync(socket).uid);
  } catch {
    return false;
  }
}
