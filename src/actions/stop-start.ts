import type { WorkerRow } from "../core/worker-row.ts";
import { pause } from "../world/clock/pause.ts";
import type { ProcessIdentity, Processes } from "../world/processes/processes.ts";
import type { Action, ActionContext, ActionResult } from "./action.ts";
import { limitsOf, resultOf } from "./pm2-limits.ts";

const POLL_MS = 100;
const KILLED_MS = 5_000; // SIGKILL needs no time of the process's own; who is still there after this waits in the kernel

/**
 * Stop, end what survived of its process tree, start. For a wrapper (`npm start`, `sh -c`) whose child outlives it and
 * holds the port. Only processes seen in the tree just before the stop are signalled, and only while pid and start time
 * still match. A step `start` finishes one that was cut short.
 */
export const stopStart: Action = {
  name: "stop-start",
  summary: "PM2 stops the process, what survives of its process tree is ended, PM2 starts it again",
  whyNot: () => null,
  run: async (context) => {
    const { pm2, row, step } = context;
    if (step !== "start") {
      const stopped = await stopWithTree(context);
      if (!stopped.ok) return stopped;
    }
    return resultOf(await pm2.start(row.pmId, limitsOf(row)));
  },
};

async function stopWithTree({ pm2, processes, row }: ActionContext): Promise<ActionResult> {
  const tree = hasProcess(row) ? processes.snapshot().tree(row.pid) : [];
  const stopped = resultOf(await pm2.stop(row.pmId, limitsOf(row)));
  if (!stopped.ok) return stopped;
  const stubborn = await endSurvivors(processes, tree, row.killTimeoutMs);
  return stubborn.length === 0
    ? stopped
    : { ok: false, error: `would not end: pid ${stubborn.map(({ pid }) => pid).join(", ")}; not started beside them` };
}

/** A row that waits for its restart still shows the pid that died, which may be anybody's by now. */
function hasProcess(row: WorkerRow): row is WorkerRow & { readonly pid: number } {
  return row.pid !== null && row.status !== "waiting restart";
}

/** SIGTERM to what is left, leaves first; SIGKILL after the worker's own kill_timeout. Returns who is still there. */
async function endSurvivors(
  processes: Processes,
  tree: readonly ProcessIdentity[],
  killTimeoutMs: number,
): Promise<readonly ProcessIdentity[]> {
  const leavesFirst = [...tree].reverse();
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const left = leavesFirst.filter((process) => isAlive(processes, process));
    if (left.length === 0) return [];
    const told = left.filter((process) => processes.signal(process, signal) === "sent");
    const deadlineMs = performance.now() + (signal === "SIGTERM" ? killTimeoutMs : KILLED_MS);
    while (performance.now() < deadlineMs && told.some((process) => isAlive(processes, process))) await pause(POLL_MS);
  }
  return leavesFirst.filter((process) => isAlive(processes, process));
}

/** A zombie has ended; only its parent has not noticed yet. */
function isAlive(processes: Processes, process: ProcessIdentity): boolean {
  return processes.startTicks(process.pid) === process.startTicks && processes.pulse(process.pid)?.state !== "Z";
}
