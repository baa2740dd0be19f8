import type { Pm2Notice } from "../../core/pm2-notice.ts";

const LINE_MAX = 4096;
const TEXT_MAX = 200;

/** A line of PM2's own log, as 5.4 to 7.0 write it. Names of apps and paths of files may hold anything but a line break. */
const LINES: readonly { readonly pattern: RegExp; readonly make: (found: readonly string[], wallMs: number) => Pm2Notice }[] = [
  {
    pattern: /^App \[.*:(\d{1,9})\] exited with code \[(\d{1,10})\] via signal \[(SIG[A-Z0-9]{1,12})\]$/,
    make: ([, pmId, exitCode, signal], wallMs) => {
      const named = signal === undefined || signal === "SIGINT" ? null : signal;
      return { kind: "exit", pmId: Number(pmId), wallMs, exitCode: Number(exitCode), signal: named, oomKills: null };
    },
  },
  {
    pattern: /^Stopping app:(.*) id:(\d{1,9})$/,
    make: ([, app, pmId], wallMs) => ({ kind: "stopping", pmId: Number(pmId), app: app ?? "", wallMs }),
  },
  {
    pattern:
      /^\[PM2\]\[WORKER\] Process (\d{1,9}) restarted because it exceeds --max-memory-restart value \(current_memory=(\d{1,15}) max_memory_limit=(\d{1,15}) /,
    make: ([, pmId, memory, limit], wallMs) => ({
      ...{ kind: "memory_limit", pmId: Number(pmId), wallMs },
      ...{ memoryBytes: Number(memory), limitBytes: Number(limit) },
    }),
  },
  {
    pattern: /^Change detected on path (.*) for app (.*) - restarting$/,
    make: ([, path, app], wallMs) => ({ kind: "watch", app: app ?? "", path: (path ?? "").slice(0, TEXT_MAX), wallMs }),
  },
];

/**
 * What a message of the bus's topic `log:PM2` tells of a row, or null. The daemon marks its own with the pm_id "PM2"; what a worker
 * publishes under that topic carries its number.
 */
export function parseNotice(payload: Readonly<Record<string, unknown>>): Pm2Notice | null {
  const { process, at, data } = payload;
  if (typeof process !== "object" || process === null || !("pm_id" in process) || process.pm_id !== "PM2") return null;
  if (typeof at !== "number" || !Number.isSafeInteger(at) || at <= 0) return null;
  if (typeof data !== "string" || data.length > LINE_MAX) return null;
  const line = data.trimEnd();
  for (const { pattern, make } of LINES) {
    const found = pattern.exec(line);
    if (found !== null) return make(found, at);
  }
  return null;
}
