// Does healer leave alone who is well? Thirty workers of a queue on a real PM2 for ten minutes, with the built-in knobs and every rule that
// needs no settings: ten that answer a health check and stand still for 1.5 s now and then, as a collector makes them, ten whose tasks
// compute for 8 s at times, and ten that do neither. Any heal, and any task that a worker lost, is one too many.
// Run: npm run -s build && npx tsx bench/healthy.ts [SECONDS=600]. Exit status 1 when somebody was healed or lost a task.
import { openStage, pause, type Part } from "../test/integration/stage.ts";

const SECONDS = Number(process.argv[2] ?? 600);
const WORKERS = { script: "faulty.mjs", instances: 10 } as const;
const RULES = [
  "frozen",
  "queue-stalled",
  { rule: "memory-above", limit: "512MB" },
  { rule: "memory-climbing", limit: "512MB" },
  "cpu-above",
];
const HEALTH = { rule: "http-probe", url: "http://127.0.0.1:{env.PORT}/health" };
const PORT = { rule: "tcp-probe", port: "{env.PORT}" };

const parts: readonly Part[] = [
  {
    ...{ app: "pausing", queue: true, strategy: { rules: [...RULES, HEALTH, PORT] } },
    workers: { ...WORKERS, env: { WORK_MS: "500", BUSY_MS: "1500", BUSY_SHARE: "0.02" } },
  },
  {
    ...{ app: "computing", queue: true, strategy: { rules: RULES } },
    workers: { ...WORKERS, env: { WORK_MS: "2000", BUSY_MS: "8000", BUSY_SHARE: "0.02" } },
  },
  { app: "plain", queue: true, strategy: { rules: [...RULES, HEALTH, PORT] }, workers: { ...WORKERS, env: { WORK_MS: "200" } } },
];
const stage = await openStage(parts, { interval: "2s", knobs: {} });
try {
  await pause(SECONDS * 1000);
  for (const { app } of parts) {
    const lines = stage.linesOf(app);
    const heals = lines.filter(({ event }) => event === "heal_intent").length;
    const restarts = (await stage.rows(app)).reduce((sum, row) => sum + row.restarts, 0);
    const lost = Object.values(stage.stats.lost(app)).reduce((sum, each) => sum + each, 0);
    const symptoms = lines.filter(({ event }) => event === "symptom").map(({ target, reason }) => `${target}: ${reason}`);
    const isMet = heals + restarts + lost === 0;
    const done = stage.stats.outcomes(app).length;
    console.log(
      `${isMet ? "met   " : "MISSED"} ${app}: ${heals} heals, ${restarts} restarts, ${lost} of ${done} tasks lost, ${symptoms.length} symptoms`,
    );
    for (const symptom of symptoms) console.log(`       ${symptom}`);
    if (!isMet) process.exitCode = 1;
  }
} finally {
  await stage.dispose();
}
