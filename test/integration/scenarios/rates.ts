import { graceOver, instanceOf, nowIso, pause, signalWorker, type Part, type Stage } from "../stage.ts";

const RATES_APP = "rates";
const TOTALS_APP = "totals";
const HEALTHY_FIRST_MS = 5000;
const TASK_WORKER = { script: "task-worker.mjs", instances: 3 } as const;

/** Three workers with figures of their own; the second fails 80 % while all answer `/health`. */
export const ratesPart: Part = {
  app: RATES_APP,
  queue: true,
  workers: { ...TASK_WORKER, env: { TASK_EVERY_MS: "200" } },
  strategy: { rules: [{ rule: "http-probe", url: "http://127.0.0.1:{env.PORT}/health", every: "1s", failures: 3 }] },
};

/** The same where the server says only sums: nobody can tell which worker it is. */
export const totalsPart: Part = {
  app: TOTALS_APP,
  queue: true,
  workers: { ...TASK_WORKER, env: { TASK_EVERY_MS: "300" } },
  strategy: {},
};

export interface RateHeal {
  readonly targets: readonly string[];
  readonly healIds: number;
  readonly verdicts: readonly unknown[];
  /** PM2's restart count of each instance. */
  readonly restarts: readonly number[];
  /** Actions in the order in which they ended, and whether the next began before the last was back. */
  readonly actions: number;
  readonly detectMs: number;
}

export function oneFailingWorker(stage: Stage): Promise<RateHeal> {
  return healedRate(stage, RATES_APP, [1]);
}

export function failingGroup(stage: Stage): Promise<RateHeal> {
  stage.stats.behave(TOTALS_APP, "totals");
  return healedRate(stage, TOTALS_APP, [0, 1, 2]);
}

async function healedRate(stage: Stage, app: string, ill: readonly number[]): Promise<RateHeal> {
  await graceOver(stage, app);
  await pause(HEALTHY_FIRST_MS);
  const onset = nowIso();
  for (const instance of ill) await signalWorker(stage, app, "SIGUSR2", instance);
  await stage.waitFor(app, ({ event }) => event === "heal_verdict", 90_000, onset);
  const lines = stage.linesOf(app, onset);
  const intents = lines.filter(({ event }) => event === "heal_intent");
  const rows = (await stage.rows(app)).toSorted((one, other) => instanceOf(one) - instanceOf(other));
  return {
    targets: intents.map(({ target }) => target),
    healIds: new Set(lines.flatMap(({ heal_id }) => heal_id ?? [])).size,
    verdicts: lines.filter(({ event }) => event === "heal_verdict").map((line) => line["verdict"]),
    restarts: rows.map(({ restarts }) => restarts),
    actions: lines.filter(({ event, ok }) => event === "heal_action" && ok === true).length,
    detectMs: Date.parse(intents[0]?.ts ?? "") - Date.parse(onset),
  };
}
