import { graceOver, nowIso, pause, type Part, type Stage } from "../stage.ts";

const APP = "incurable";
const GRACE_MS = 4000;

/** One worker whose tasks fail whatever is restarted. */
export const incurablePart: Part = {
  app: APP,
  queue: true,
  workers: { script: "task-worker.mjs", env: { TASK_EVERY_MS: "100" } },
  strategy: { actions: ["restart", "stop-start"] },
};

export interface Incurable {
  /** The actions of the heals before the circuit opened. */
  readonly ladder: readonly unknown[];
  readonly verdicts: readonly unknown[];
  readonly streakAtOpen: unknown;
  /** Between a restart of the worker and the next intent, the shortest, ms. */
  readonly shortestGraceMs: number;
  readonly healsWhileOpen: number;
  readonly trials: number;
  readonly trialVerdict: unknown;
  readonly circuitsOpened: number;
  readonly closedBy: unknown;
  readonly healsAfterReset: number;
}

export async function incurableWorker(stage: Stage): Promise<Incurable> {
  const fault = stage.faultFile(APP);
  await graceOver(stage, APP);
  const onset = nowIso();
  fault.set();
  const open = await stage.waitFor(APP, ({ event }) => event === "circuit_open", 180_000, onset);
  const before = stage.linesOf(APP, onset).filter(({ ts }) => ts <= open.ts);
  const halfOpen = await stage.waitFor(APP, ({ event }) => event === "circuit_half_open", 30_000, open.ts);
  const whileOpen = stage.linesOf(APP, open.ts).filter(({ event, ts }) => event === "heal_intent" && ts < halfOpen.ts).length;
  const trialVerdict = await stage.waitFor(APP, ({ event }) => event === "heal_verdict", 60_000, halfOpen.ts);
  const openedAgain = await stage.waitFor(APP, ({ event }) => event === "circuit_open", 5000, halfOpen.ts);
  const trials = stage.linesOf(APP, halfOpen.ts).filter(({ event, ts }) => event === "heal_intent" && ts <= openedAgain.ts).length;
  fault.clear();
  const resetAt = nowIso();
  await stage.healer.call("POST", `/api/targets/${APP}:0/reset`, { by: "the test" });
  const closed = await stage.waitFor(APP, ({ event }) => event === "circuit_closed", 5000, resetAt);
  await pause(3000);
  return {
    ladder: before.filter(({ event }) => event === "heal_intent").map((line) => line["action"]),
    verdicts: before.filter(({ event }) => event === "heal_verdict").map((line) => line["verdict"]),
    streakAtOpen: open["streak"],
    shortestGraceMs: shortestGrace(before),
    healsWhileOpen: whileOpen,
    trials,
    trialVerdict: trialVerdict["verdict"],
    circuitsOpened: stage.linesOf(APP).filter(({ event }) => event === "circuit_open").length,
    closedBy: closed["how"],
    healsAfterReset: stage.linesOf(APP, resetAt).filter(({ event }) => event === "heal_intent").length,
  };
}

export const INCURABLE_GRACE_MS = GRACE_MS;

function shortestGrace(lines: readonly { readonly ts: string; readonly event: string }[]): number {
  const gaps = lines.flatMap((line, index) => {
    if (line.event !== "heal_action") return [];
    const next = lines.slice(index).find(({ event }) => event === "heal_intent");
    return next === undefined ? [] : [Date.parse(next.ts) - Date.parse(line.ts)];
  });
  return Math.min(...gaps);
}
