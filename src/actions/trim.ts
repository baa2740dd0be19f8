import type { Action } from "./action.ts";
import { endProcesses } from "./end-processes.ts";
import { limitsOf, resultOf } from "./pm2-limits.ts";

/**
 * Ends one worker too many: a row is deleted from PM2's list, which stops it as `pm2 delete` does; a copy outside PM2 gets
 * SIGTERM, and SIGKILL after the worker's `kill_timeout`. Who it is has been decided from a fresh list; a copy's pid, start
 * and command line are compared once more.
 */
export const trim: Action = {
  name: "trim",
  summary: "ends one worker too many: deletes its row from PM2, or ends the process outside PM2 (the answer to duplicate-workers)",
  whyNot: () => null,
  run: async ({ pm2, processes, row, ends }) => {
    if (ends.length === 0) return resultOf(await pm2.remove(row.pmId, limitsOf(row)));
    const error = await endProcesses(processes, ends);
    return { ok: error === null, error };
  },
};
