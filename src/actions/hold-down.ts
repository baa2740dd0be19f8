import type { Action, ActionContext, ActionResult } from "./action.ts";
import { endProcesses } from "./end-processes.ts";
import { limitsOf, resultOf } from "./pm2-limits.ts";

const STOPS_MAX = 4; // a stop that meets PM2's own restart of the process is lost without an error (pm2.md §1.7)

/**
 * Answers a crash loop: one more restart is no cure. Step `stop` ends the loop and makes sure of it; the core waits the
 * backoff; step `start` starts it once, as a trial, and ends the copies outside PM2 that are in its way before that.
 */
export const holdDown: Action = {
  name: "hold-down",
  summary: "stops a worker in a crash loop, waits a growing backoff, starts it once (always the answer to restart-storm)",
  whyNot: () => null,
  run: async (context) => {
    const { pm2, processes, row, step, ends } = context;
    if (step === "stop") return stopForSure(context);
    const error = await endProcesses(processes, ends);
    return error === null ? resultOf(await pm2.start(row.pmId, limitsOf(row))) : { ok: false, error: `${error}; not started beside it` };
  },
};

async function stopForSure({ pm2, row }: ActionContext): Promise<ActionResult> {
  let last: ActionResult = { ok: false, error: "not tried" };
  for (let attempt = 0; attempt < STOPS_MAX; attempt++) {
    last = resultOf(await pm2.stop(row.pmId, limitsOf(row)));
    const listed = await pm2.list();
    if (!listed.ok) return { ok: false, error: listed.error.message };
    const now = listed.value.rows.find((candidate) => candidate.pmId === row.pmId);
    if (now === undefined) return { ok: false, error: "it is gone from PM2's list" };
    if (now.pid === null && (now.status === "stopped" || now.status === "errored")) return { ok: true, error: null };
  }
  return { ok: false, error: last.error ?? `PM2 brought it back ${STOPS_MAX} times` };
}
