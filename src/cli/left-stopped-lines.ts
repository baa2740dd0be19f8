import type { TargetStatus } from "../core/status.ts";
import { newestRecords } from "../record/read-heal-log.ts";
import { systemFiles } from "../world/files/system-files.ts";
import { controlClient } from "./control-client.ts";
import { askStatus } from "./daemon-answers.ts";
import { candidateHomes } from "./homes.ts";
import { plain, type Terminal } from "./terminal.ts";

/** What healer keeps stopped and nobody else will start, with the commands that do; from the daemon, else from its last words. */
export async function restoreLines(terminal: Terminal): Promise<readonly string[]> {
  const asked = await askStatus(controlClient(terminal));
  if (!asked.ok) return lastWords(terminal);
  const held = asked.value.targets.filter(isHeld);
  if (held.length === 0) return ["healer keeps no worker stopped"];
  return [
    "stopped by healer, and started by nobody else once it is gone:",
    ...held.map((target) => `  ${plain(target.id)}: pm2 start ${target.pm_id ?? ""}`),
  ];
}

export function isHeld({ phase, pid, kind, state }: TargetStatus): boolean {
  return kind === "worker" && pid === null && (phase === "held" || (phase === "open" && state.includes(", stopped")));
}

function lastWords(terminal: Terminal): readonly string[] {
  for (const home of candidateHomes(terminal.env)) {
    const [last] = newestRecords(systemFiles(), home, { event: "daemon_stop" }, 1);
    if (last !== undefined) return [plain(`healer does not run; its last words (${last.ts}): ${last.reason}`)];
  }
  return ["healer does not run and left no word of what it stopped; compare: pm2 ls"];
}
