import type { HealLine } from "../../support/healer.ts";
import { nowIso, pause, signalWorker, type Part, type Stage } from "../stage.ts";

const APP = "crasher";
const ALONE_APP = "crasher-alone";
const WORKER = { script: "crash-on-file.mjs" } as const;
const PAGES = new Set(["circuit_open", "incident_open", "escalate", "alert"]);

/** A worker that dies at once from some moment on, and its twin that healer does not watch. */
export function crashLoopParts(strategy: Readonly<Record<string, unknown>>): readonly Part[] {
  return [
    { app: APP, workers: WORKER, strategy },
    { app: ALONE_APP, workers: WORKER },
  ];
}

export interface CrashLoop {
  /** Processes started after the first death, within the time watched. */
  readonly restarts: number;
  readonly restartsOfPm2Alone: number;
  readonly pages: number;
  readonly symptoms: number;
  readonly intents: number;
  /** From the end of the cause until the worker stayed up, ms. */
  readonly backMs: number;
  readonly verdict: unknown;
}

/** `livesMs`: how long both live before the loop; PM2's own brake ends 16 s after a start. `watchMs`: how long it lasts. */
export async function crashLoop(stage: Stage, { livesMs, watchMs }: { livesMs: number; watchMs: number }): Promise<CrashLoop> {
  const [[row], [twin]] = [await stage.rows(APP), await stage.rows(ALONE_APP)];
  await pause(Math.max(0, Math.max(row?.startedWallMs ?? 0, twin?.startedWallMs ?? 0) + livesMs - Date.now()));
  const onset = nowIso();
  for (const app of [APP, ALONE_APP]) {
    stage.faultFile(app).set();
    await signalWorker(stage, app, "SIGUSR2");
  }
  await pause(watchMs);
  const watched = stage.linesOf(APP, onset);
  const [[now], [alone]] = [await stage.rows(APP), await stage.rows(ALONE_APP)];
  stage.faultFile(APP).clear();
  stage.faultFile(ALONE_APP).clear();
  const repaired = nowIso();
  const action = await stage.waitFor(APP, isStart, 120_000, repaired);
  const verdict = await stage.waitFor(APP, ({ event }) => event === "heal_verdict", 150_000, action.ts);
  return {
    restarts: (now?.restarts ?? 0) - (row?.restarts ?? 0) + watched.filter(isStart).length,
    restartsOfPm2Alone: (alone?.restarts ?? 0) - (twin?.restarts ?? 0),
    pages: watched.filter(({ event }) => PAGES.has(event)).length,
    symptoms: watched.filter(({ event }) => event === "symptom").length,
    intents: watched.filter(({ event }) => event === "heal_intent").length,
    backMs: Date.parse(action.ts) - Date.parse(repaired),
    verdict: verdict["verdict"],
  };
}

/** PM2 does not count the start of a stopped row as a restart, so ours are counted beside. */
function isStart({ event, ok, step }: HealLine): boolean {
  return event === "heal_action" && ok === true && step === "start";
}
