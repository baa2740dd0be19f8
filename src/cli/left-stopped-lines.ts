import type { TargetStatus } from "../core/status.ts";
import { newestRecords } from "../record/read-heal-log.ts";
import { systemFiles } from "../world/files/system-files.ts";
import { controlClient } from "./control-client.ts";
import { askStatus } from "./daemon-answers.ts";
import { candidateHomes } from "./homes.ts";
import { plain, type Terminal } from "./terminal.ts";

const TRIMS_SHOWN = 20;

/** What healer keeps stopped and what it has trimmed, with the commands that bring it back: nobody else will. */
export async function restoreLines(terminal: Terminal): Promise<readonly string[]> {
  return [...(await stoppedLines(terminal)), ...trimmedLines(terminal)];
}

/** The newest of the log: what was too many is seldom missed, but somebody may have meant it to be there. */
function trimmedLines(terminal: Terminal): readonly string[] {
  const trims = candidateHomes(terminal.env).flatMap((home) => newestRecords(systemFiles(), home, { event: "trim" }, TRIMS_SHOWN));
  const lines = trims.map(({ ts, target, more }) => {
    const restore = more?.["restore"];
    return `  ${plain(`${target} (${ts}): ${typeof restore === "string" ? restore : "its command is not on record"}`)}`;
  });
  return lines.length === 0 ? [] : [`trimmed by healer as too many (the newest ${TRIMS_SHOWN} at most); to bring one back:`, ...lines];
}

/** From the daemon, else from its last words. */
async function stoppedLines(terminal: Terminal): Promise<readonly string[]> {
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
