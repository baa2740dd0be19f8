import { graceOver, instanceOf, nowIso, pause, signalWorker, type Part, type Stage } from "../stage.ts";
import type { HealLine } from "../../support/healer.ts";

const HEALTHY_FIRST_MS = 3000;
const NO_PORT = { increment_var: "NOT_A_PORT", env: { PORT: "0", TASK_EVERY_MS: "200" } } as const; // any port will do
const REPLACE = { actions: ["replace"] } as const;

/** Workers of a queue that a replace may stand a second one beside: whoever is ill of them is not missed for a moment. */
export const REPLACED = ["forked", "python", "clustered"] as const;

export const replacedParts: readonly Part[] = [
  { app: "forked", queue: true, workers: { script: "task-worker.mjs", instances: 2, ...NO_PORT }, strategy: REPLACE },
  { app: "python", queue: true, workers: { script: "task-worker.py", interpreter: "python3", ...NO_PORT }, strategy: REPLACE },
  {
    app: "clustered",
    queue: true,
    workers: { script: "task-worker.mjs", instances: 2, exec_mode: "cluster", ...NO_PORT },
    strategy: REPLACE,
  },
];

/** One that has a port of its own, which a second one cannot have. */
export const portPart: Part = { app: "ported", workers: { script: "task-worker.mjs" }, strategy: { ...REPLACE, rules: ["frozen"] } };

export interface Replaced {
  readonly targets: readonly string[];
  readonly verdicts: readonly unknown[];
  /** Rows online, counted many times a second while it happened. */
  readonly fewestOnline: number;
  readonly mostOnline: number;
  /** Instance numbers at the end, and whether the one that was ill is another process under another pm_id. */
  readonly instances: readonly number[];
  readonly isAnother: boolean;
  /** How long its replacement had been online when the old one was deleted, as PM2 stamped it. */
  readonly overlapMs: number;
  readonly actions: readonly string[];
}

export async function replacedWorker(stage: Stage, app: string): Promise<Replaced> {
  await graceOver(stage, app);
  await pause(HEALTHY_FIRST_MS);
  const before = await stage.rows(app);
  const onset = nowIso();
  const count = countOnline(stage, app);
  const pid = await signalWorker(stage, app, "SIGUSR2", 0);
  await stage.waitFor(app, ({ event }) => event === "heal_verdict", 120_000, onset);
  const { fewest, most } = await count.stop();
  const lines = stage.linesOf(app, onset);
  const rows = (await stage.rows(app)).toSorted((one, other) => instanceOf(one) - instanceOf(other));
  const [after] = rows;
  const removed = actionsOf(lines).at(-1);
  return {
    targets: lines.filter(({ event }) => event === "heal_intent").map(({ target }) => target),
    verdicts: lines.filter(({ event }) => event === "heal_verdict").map((line) => line["verdict"]),
    fewestOnline: fewest,
    mostOnline: most,
    instances: rows.map(instanceOf),
    isAnother: after?.pid !== pid && before.every(({ pmId }) => pmId !== after?.pmId),
    overlapMs: Date.parse(removed?.ts ?? "") - (after?.startedWallMs ?? 0),
    actions: actionsOf(lines).map(({ reason }) => reason.replaceAll(/\d+/g, "N")),
  };
}

export function actionsOf(lines: readonly HealLine[]): readonly HealLine[] {
  return lines.filter(({ event }) => event === "heal_action");
}

function countOnline(stage: Stage, app: string): { stop(): Promise<{ fewest: number; most: number }> } {
  const counts: number[] = [];
  let isOver = false;
  const counting = (async () => {
    while (!isOver) {
      const rows = await stage.rows(app);
      counts.push(rows.filter(({ status, pid }) => status === "online" && pid !== null).length);
      await pause(100);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await counting;
      return { fewest: Math.min(...counts), most: Math.max(...counts) };
    },
  };
}
