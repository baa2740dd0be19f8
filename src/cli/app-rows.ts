import type { WorkerRow } from "../core/worker-row.ts";
import { failure, success, type Outcome } from "../core/outcome.ts";

type Named = Pick<WorkerRow, "name" | "namespace">;

/** Those that APP names, `name` or `namespace/name`; the error lists what it could mean where that is several apps. */
export function namedBy<Entry extends Named>(app: string, entries: readonly Entry[]): Outcome<readonly Entry[], string> {
  const found = entries.filter((entry) => entry.name === app || inFull(entry) === app);
  const apps = [...new Set(found.map(inFull))];
  return apps.length > 1 ? failure(`"${app}" is ambiguous: ${apps.join(", ")}`) : success(found);
}

/**
 * How a row stands for whoever wants its app to run. `runs`: a process is there, or on its way without anybody's doing.
 * `passing`: the next look will tell. `down`: it stays down until somebody starts it; a `waiting restart` without a pid
 * among them, for which PM2 has planned nothing (pm2 §4).
 */
export function standingOf({ status, pid }: WorkerRow): "runs" | "passing" | "down" {
  switch (status) {
    case "launching":
      return "runs";
    case "stopping":
      return "passing";
    case "stopped":
      return pid === null ? "down" : "passing"; // between a crash and the restart
    case "errored":
      return "down";
    case "online":
    case "waiting restart":
    case "one-launch-status":
    case "unknown":
      return pid === null ? "down" : "runs";
    default:
      return status satisfies never;
  }
}

/** "pm_id 3, pid 512; pm_id 4, launching". */
export function inWordsOf(rows: readonly WorkerRow[]): string {
  return rows.map(({ pmId, pid, status }) => `pm_id ${pmId}, ${status === "online" && pid !== null ? `pid ${pid}` : status}`).join("; ");
}

function inFull({ name, namespace }: Named): string {
  return `${namespace === "" ? "default" : namespace}/${name}`;
}
