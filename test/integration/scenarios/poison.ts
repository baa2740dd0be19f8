import { graceOver, nowIso, pause, type Part, type Stage } from "../stage.ts";

const APP = "poison";

export const poisonPart: Part = {
  app: APP,
  queue: "results",
  workers: { script: "faulty.mjs", instances: 3, env: { WORK_MS: "300" } },
  strategy: { rules: [] },
};

/** One task, tried again and again by all, makes up half of what they do and always fails. */
export async function poisonTask(stage: Stage): Promise<{ told: number; heals: number; failedPercent: number }> {
  await graceOver(stage, APP, 4000);
  const [onset, from] = [nowIso(), stage.stats.outcomes(APP).length];
  stage.stats.poison(APP);
  const told = await stage.healer.waitFor(({ event, ts }) => event === "poison_task" && ts >= onset, {
    deadlineMs: 60_000,
    what: "the poison",
  });
  await pause(45_000); // it would be a heal by then
  const outcomes = stage.stats.outcomes(APP).slice(from);
  return {
    told: stage.healer.lines().filter(({ event, task }) => event === "poison_task" && task === told["task"]).length,
    heals: stage.linesOf(APP, onset).filter(({ event }) => event === "heal_intent").length,
    failedPercent: (100 * outcomes.filter(({ ok }) => !ok).length) / outcomes.length,
  };
}
