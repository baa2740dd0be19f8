import type { Action } from "./action.ts";
import { limitsOf, resultOf } from "./pm2-limits.ts";

/** PM2's own restart of one process, by pm_id: SIGINT, SIGKILL after `kill_timeout`, start. Changes no setting of it. */
export const restart: Action = {
  name: "restart",
  summary: "PM2 restarts the process: SIGINT, SIGKILL after kill_timeout, start",
  whyNot: () => null,
  run: async ({ pm2, row, step }) =>
    resultOf(step === "start" ? await pm2.start(row.pmId, limitsOf(row)) : await pm2.restart(row.pmId, limitsOf(row))),
};
