import { graceOver, nowIso, signalWorker, type Part, type Stage } from "../stage.ts";

export type Standstill = "stopped" | "blocked" | "littering" | "probed";

const FROZEN = { rules: [{ rule: "frozen", for: "3s" }], max_heals_per_hour: 60, advanced: { circuit: { max_heals_per_day: 100 } } };

/** A worker the kernel has stopped, one that computes for ever, one that also makes garbage, one whose `/health` answers 500. */
export const standstillParts: readonly Part[] = [
  { app: "stopped", workers: { script: "idle.mjs" }, strategy: FROZEN },
  { app: "blocked", workers: { script: "block-loop.mjs" }, strategy: FROZEN },
  { app: "littering", workers: { script: "block-loop.mjs", env: { GARBAGE: "yes" } }, strategy: FROZEN },
  {
    app: "probed",
    workers: { script: "http-health.mjs" },
    strategy: { ...FROZEN, rules: [{ rule: "http-probe", url: "http://127.0.0.1:{env.PORT}/health", every: "1s", failures: 3 }] },
  },
];

export interface StandstillHeal {
  /** From the signal until the intent stood in the heal log, and until the new process ran. */
  readonly intentMs: number;
  readonly actionMs: number;
  readonly rule: unknown;
  readonly newProcess: boolean;
  readonly verdict: unknown;
}

export async function standstill(stage: Stage, app: Standstill): Promise<StandstillHeal> {
  await graceOver(stage, app);
  const onset = nowIso();
  const pid = await signalWorker(stage, app, app === "stopped" ? "SIGSTOP" : "SIGUSR2");
  const intent = await stage.waitFor(app, ({ event }) => event === "heal_intent", 20_000, onset);
  const action = await stage.waitFor(app, ({ event }) => event === "heal_action", 20_000, onset);
  const verdict = await stage.waitFor(app, ({ event }) => event === "heal_verdict", 60_000, onset);
  const [row] = await stage.rows(app);
  return {
    intentMs: Date.parse(intent.ts) - Date.parse(onset),
    actionMs: Date.parse(action.ts) - Date.parse(onset),
    rule: intent["rule"],
    newProcess: row?.pid != null && row.pid !== pid,
    verdict: verdict["verdict"],
  };
}
