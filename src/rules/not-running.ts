import { z } from "zod";
import type { Judgement, RuleVerdict, TargetView } from "../core/judgement.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { inWords } from "../core/words.ts";
import { defineRule } from "./rule.ts";

type Memory = { readonly epochAtMs: number };

/** Shown `online` with no process: the program could not be spawned, and PM2 tells nobody (pm2 §4). */
const GHOST_MS = 10_000;
/** `waiting restart` without a process: PM2 forgot to restart it; 30 s beyond its own delay it never will. */
const FORGOTTEN_MS = 30_000;
const LIVES_MS = 10_000;

/**
 * PM2 shows the worker as up, or as about to come up, and there is no process. An operator's stop (`stopped`) and what
 * PM2 is busy with (`launching`, `stopping`) are never meant; `errored` is `restart-storm`'s.
 */
export const notRunning = defineRule<Record<string, never>, Memory>({
  name: "not-running",
  summary: "PM2 shows it online (10s) or waiting for a restart (30s), but there is no process; always on",
  params: z.strictObject({}),
  needs: [],
  scope: "worker",
  actsInGrace: true, // a worker without a process never becomes ready, so its grace would never end
  action: "restart",
  fresh: (epoch) => ({ epochAtMs: epoch.atMs }),
  observe() {}, // everything is in the row
  judge,

  verdict(memory, view): RuleVerdict {
    if (judge(memory, view).state === "sick") return "failed";
    const isUp = view.row !== null && view.row.status === "online" && view.row.pid !== null;
    return isUp && view.nowMs - (view.startedAtMs ?? memory.epochAtMs) >= LIVES_MS ? "recovered" : "undecided";
  },

  describe(memory, view) {
    const { row } = view;
    if (row === null) return "not in PM2's list";
    if (row.pid !== null) return `running as process ${row.pid}`;
    const since = `for ${inWords(view.nowMs - missingSince(memory, view))}`;
    if (row.status === "online") return `PM2 shows it online ${since}, but there is no process: it could not be started`;
    if (isForgotten(row)) return `PM2 shows it waiting for a restart ${since}, but has no process and no restart planned`;
    return `not running: ${row.status}, which is left to PM2 and its operator`;
  },

  flip(memory, view, judgement) {
    if (judgement.state === "sick") return "clears when PM2 shows a process for it";
    const patienceMs = view.row === null ? null : patienceOf(view.row);
    if (patienceMs === null) return "would be restarted if PM2 showed it as up without a process";
    return `would be restarted in ${inWords(patienceMs - (view.nowMs - missingSince(memory, view)))} if no process appears`;
  },

  timing() {
    const words = `online without a process for ${inWords(GHOST_MS)}, waiting for a restart for ${inWords(FORGOTTEN_MS)} beyond PM2's own delay`;
    return { bestMs: GHOST_MS, worstMs: FORGOTTEN_MS, proofMs: LIVES_MS, words };
  },
});

function judge(memory: Memory, view: TargetView): Judgement {
  const patienceMs = view.row === null ? null : patienceOf(view.row);
  const sinceMs = missingSince(memory, view);
  const isSick = patienceMs !== null && view.nowMs - sinceMs >= patienceMs;
  return {
    state: isSick ? "sick" : view.row === null ? "unknown" : "fine",
    sustained: isSick,
    sinceMs: isSick ? sinceMs : null,
    dead: isSick,
    value: patienceMs === null ? null : Math.round((view.nowMs - sinceMs) / 1000),
    threshold: patienceMs === null ? null : patienceMs / 1000,
    unit: "s without a process",
    n: view.row === null ? 0 : 1,
    low: null,
    high: null,
  };
}

/** How long the row may be without a process; null = it has one, or rightly has none. */
function patienceOf(row: WorkerRow): number | null {
  if (row.pid !== null) return null;
  if (row.status === "online") return GHOST_MS;
  return isForgotten(row) ? FORGOTTEN_MS + row.restartDelayMs : null;
}

function isForgotten(row: WorkerRow): boolean {
  if (row.status !== "waiting restart" || !row.autorestart) return false;
  return row.exitCode === null || !row.stopExitCodes.includes(row.exitCode);
}

/** PM2 keeps `online` over a restart that found no program, but stamps the attempt, so the later of the two counts. */
function missingSince(memory: Memory, view: TargetView): number {
  return Math.max(view.statusSinceMs, view.startedAtMs ?? view.statusSinceMs, memory.epochAtMs);
}
