import { basename } from "node:path";
import type { WorkerRow } from "../../core/worker-row.ts";
import type { KnownProcess, ProcessSight } from "./known-process.ts";
import type { Surroundings } from "./runs-program.ts";
import { family } from "./script-word.ts";

const INIT = 1;
const RUNNERS = new Set(["pm2-runtime", "pm2-docker", "pm2-dev"]);

/** PM2's daemon by what it calls itself, or the command that is one in the foreground. */
export function isDaemon(process: Pick<KnownProcess, "argv" | "name">): boolean {
  const { argv, name } = process;
  if (/^PM2 v\S+: God Daemon/.test(argv[0] ?? "") || name.startsWith("PM2 v")) return true;
  if (argv.some((word) => word.endsWith("/pm2/lib/Daemon.js"))) return true;
  const command = basename(argv[1] ?? "");
  return RUNNERS.has(command) || RUNNERS.has(basename(argv[0] ?? "")) || (command === "pm2" && argv.includes("--no-daemon"));
}

/**
 * The daemon whose list we have: the parent of most of its rows. null = no row lives, or their parent has ended (a list
 * that is about to change).
 */
export function ourDaemon(rows: readonly WorkerRow[], sight: ProcessSight, around: Surroundings): number | null {
  const votes = new Map<number, number>();
  for (const { pid } of rows) {
    const parentPid = pid === null ? undefined : sight.get(pid)?.parentPid;
    if (parentPid !== undefined) votes.set(parentPid, (votes.get(parentPid) ?? 0) + 1);
  }
  const [pid] = [...votes].toSorted((one, other) => other[1] - one[1])[0] ?? [];
  const parent = pid === undefined ? undefined : sight.get(pid);
  return parent !== undefined && (isDaemon(parent) || couldBeDaemon(parent, around)) ? parent.pid : null;
}

/**
 * A daemon that does not say so (a program that uses PM2 as a library, a title of its own): no worker itself, and parent
 * of several workers of one PM2_HOME. Init and its like are parents of every orphan, and none of them is a Node program.
 */
export function isParentOfWorkers(process: KnownProcess, child: KnownProcess, sight: ProcessSight, around: Surroundings): boolean {
  if (process.marks?.["pm_id"] !== undefined || !couldBeDaemon(process, around)) return false;
  const [home, pmId] = [child.marks?.["PM2_HOME"], child.marks?.["pm_id"]];
  if (home === undefined || pmId === undefined) return false;
  for (const { parentPid, marks } of sight.all()) {
    if (parentPid !== process.pid || marks?.["PM2_HOME"] !== home) continue;
    if (marks["pm_id"] !== undefined && marks["pm_id"] !== pmId) return true;
  }
  return false;
}

function couldBeDaemon({ pid, argv }: KnownProcess, around: Surroundings): boolean {
  if (pid === INIT) return false;
  const runtime = family(around.place(pid).exe ?? argv[0] ?? "");
  return runtime === "node" || runtime === "bun";
}
