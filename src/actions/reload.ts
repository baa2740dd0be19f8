import type { Action } from "./action.ts";
import { limitsOf, resultOf } from "./pm2-limits.ts";

/** Cluster replacement: the new worker listens before the old one goes. */
export const reload: Action = {
  name: "reload",
  summary: "cluster mode only: PM2 starts a new worker, waits until it listens, and ends the old one",
  whyNot: (row) => (row.mode === "cluster" ? null : "reload replaces cluster workers; this one runs in fork mode (use restart)"),
  run: async ({ pm2, row }) => {
    const refusal = reload.whyNot(row);
    if (refusal !== null) return { ok: false, error: refusal };
    return resultOf(await pm2.reload(row.pmId, limitsOf(row)));
  },
};
