import type { Action } from "./action.ts";
import { limitsOf, resultOf } from "./pm2-limits.ts";

/**
 * For a worker that must not be missing for the seconds a restart takes: a second one comes up beside it, and only when that
 * has been online for ten seconds the old one goes. Step `add` starts it, `remove` deletes the old row, `undo` the new one
 * again where it did not come up; the core waits and decides in between (`core/replace.ts`).
 */
export const replace: Action = {
  name: "replace",
  summary: "starts a second process beside the worker, waits until it has been online for 10 s, deletes the old one",
  whyNot: () => null,
  run: async ({ pm2, row, step, createdWallMs }) => {
    if (step === "remove" || step === "undo") return resultOf(await pm2.remove(row.pmId, limitsOf(row)));
    if (createdWallMs === undefined) return { ok: false, error: "no time was given by which its copy would be known; nothing was started" };
    return resultOf(await pm2.duplicate(row.pmId, createdWallMs, limitsOf(row)));
  },
};
