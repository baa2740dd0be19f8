import type { WorkerRow } from "../core/worker-row.ts";
import type { Action, ActionContext, ActionResult } from "./action.ts";
import { endSurvivors } from "./end-processes.ts";
import { limitsOf, resultOf } from "./pm2-limits.ts";

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
