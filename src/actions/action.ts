import type { EndOrder } from "../core/effect.ts";
import type { ActionStep } from "../core/event.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import type { Pm2 } from "../world/pm2/pm2.ts";
import type { Processes } from "../world/processes/processes.ts";

/**
 * The contract of an action: changes the world for one worker, once. The intent is on disk and the row was re-read and
 * compared before `run` is called. An action never retries by itself and never throws.
 */
export interface Action {
  /** The YAML name. */
  readonly name: string;
  readonly summary: string;
  /** Why this action cannot work on that row ("reload replaces cluster workers; this one runs in fork mode"), or null. */
  whyNot(row: Pick<WorkerRow, "mode">): string | null;
  run(context: ActionContext): Promise<ActionResult>;
}

export interface ActionContext {
  readonly pm2: Pm2;
  readonly processes: Processes;
  readonly row: WorkerRow;
  readonly step: ActionStep;
  /** Processes outside PM2 that are to be ended, before anything is started. */
  readonly ends: readonly EndOrder[];
  /** Only of step `add`: the `created_at` PM2 is to note of the new row. */
  readonly createdWallMs?: number | undefined;
}

export interface ActionResult {
  readonly ok: boolean;
  /** What went wrong, in PM2's words; null when fine. */
  readonly error: string | null;
}
