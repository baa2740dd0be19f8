import type { StatsManner } from "../../support/stats-server.ts";
import { graceOver, nowIso, pause, type Part, type Stage } from "../stage.ts";

export const NONSENSE: readonly StatsManner[] = ["status-500", "html", "huge", "negative", "backwards", "silent"];

/** One worker that is fine, for each way in which a queue's server can lose its mind. */
export const nonsenseParts: readonly Part[] = NONSENSE.map((manner) => ({
  app: appOf(manner),
  queue: true,
  workers: { script: "task-worker.mjs", env: { TASK_EVERY_MS: "500" } },
  strategy: {},
}));

export interface Nonsense {
  readonly manner: StatsManner;
  readonly blind: string;
  readonly blindLines: number;
  readonly backAgain: boolean;
  readonly heals: number;
  readonly restarts: number;
  /** Of healer, over the nonsense. */
  readonly rssGrowthBytes: number;
}

/** Good for a while, then nonsense until healer says that it is blind and `nonsenseMs` are over, then good again. */
export async function nonsenseQueue(stage: Stage, manner: StatsManner, nonsenseMs: number): Promise<Nonsense> {
  const app = appOf(manner);
  await graceOver(stage, app);
  await pause(3000);
  const onset = nowIso();
  const rssBefore = stage.healer.rssBytes();
  stage.stats.behave(app, manner);
  const ends = Date.now() + nonsenseMs;
  const blind = await stage.waitFor(app, ({ event }) => event === "sensor_blind", 90_000, onset);
  await pause(Math.max(0, ends - Date.now()));
  const blindLines = stage.linesOf(app, onset).filter(({ event }) => event === "sensor_blind").length;
  const rssGrowthBytes = stage.healer.rssBytes() - rssBefore;
  const good = nowIso();
  stage.stats.behave(app, "good");
  await stage.waitFor(app, ({ event }) => event === "sensor_back", 90_000, good);
  const [row] = await stage.rows(app);
  return {
    ...{ manner, blind: blind.reason, blindLines, backAgain: true, rssGrowthBytes },
    heals: stage.linesOf(app, onset).filter(({ event }) => event === "heal_intent").length,
    restarts: row?.restarts ?? 0,
  };
}

function appOf(manner: StatsManner): string {
  return `queue-${manner}`;
}
