// Does healer do beside a real PM2 what it promises? Plays the scenarios of test/integration with the lengths the promises name and prints
// one line a promise. Run: npm run build && npx tsx bench/acceptance.ts (about 12 minutes). Exit status 1 when a goal is missed.
import { crashLoop, crashLoopParts } from "../test/integration/scenarios/crash-loop.ts";
import { incurablePart, incurableWorker } from "../test/integration/scenarios/incurable.ts";
import { liveEdit, liveEditPart } from "../test/integration/scenarios/live-edit.ts";
import { NONSENSE, nonsenseParts, nonsenseQueue } from "../test/integration/scenarios/nonsense-queue.ts";
import { slowStarter, slowStarterPart } from "../test/integration/scenarios/slow-starter.ts";
import { standstill, standstillParts, type Standstill } from "../test/integration/scenarios/standstill.ts";
import { upstreamOutage, upstreamPart } from "../test/integration/scenarios/upstream-outage.ts";
import { openStage, type Part, type Stage } from "../test/integration/stage.ts";

const REPEATS = 10;
const OUTAGE = { share: 10, outageMs: 120_000, healthyMs: 60_000 }; // the built-in knobs, ten times quicker
const UPSTREAMS = ["upstream-1", "upstream-2", "upstream-3"];
const NONSENSE_MS = 70_000;
const DEFAULT_BACKOFF = { advanced: { backoff: { base: 30, max: 600 } } };

await onStage([...crashLoopParts(DEFAULT_BACKOFF)], "1s", async (stage) => {
  const seen = await crashLoop(stage, { livesMs: 20_000, watchMs: 60_000 });
  report("a crash loop after 20 s of life: restarts in the first minute (at most 8)", seen.restarts, seen.restarts <= 8, seen);
});
await onStage([liveEditPart], "1s", async (stage) => {
  const seen = await liveEdit(stage);
  report("an edited threshold is in force after ms (2000)", seen.loadedMs, seen.loadedMs <= 2000 && seen.sameConfig, seen);
});
await Promise.all([
  onStage(
    [incurablePart, slowStarterPart, ...nonsenseParts, ...UPSTREAMS.map((app) => upstreamPart(OUTAGE.share, app))],
    "1s",
    playLongOnes,
  ),
  onStage(standstillParts, "1s", (stage) => playStandstills(stage, "1s")),
  onStage(standstillParts, "2s", (stage) => playStandstills(stage, "2s")),
]);

async function playLongOnes(stage: Stage): Promise<void> {
  const rssAtStart = stage.healer.rssBytes();
  await Promise.all([
    ...UPSTREAMS.map(async (app) => {
      const seen = await upstreamOutage(stage, { ...OUTAGE, app });
      report(`${app}: restarts when what three workers depend on is away for 2 min (at most 2)`, seen.restarts, seen.restarts <= 2, seen);
    }),
    incurableWorker(stage).then((seen) => {
      const ok =
        seen.ladder.length === 3 && seen.streakAtOpen === 3 && seen.healsWhileOpen === 0 && seen.trials === 1 && seen.closedBy === "reset";
      report("an incurable worker: heals before the circuit opens (3)", seen.ladder.length, ok, seen);
    }),
    slowStarter(stage).then((seen) =>
      report(
        "a slow starter: heals while it starts (0)",
        seen.healsWhileStarting,
        seen.healsWhileStarting + seen.restartsByOthers === 0,
        seen,
      ),
    ),
    ...NONSENSE.map(async (manner) => {
      const seen = await nonsenseQueue(stage, manner, NONSENSE_MS);
      report(
        `the queue's server answers ${manner}: heals (0)`,
        seen.heals,
        seen.heals + seen.restarts === 0 && seen.blindLines === 1,
        seen,
      );
    }),
  ]);
  const growth = Math.round((stage.healer.rssBytes() - rssAtStart) / 1024 ** 2);
  report("healer's memory grew over all of this by MB (30)", growth, growth <= 30, {
    rssMb: Math.round(stage.healer.rssBytes() / 1024 ** 2),
  });
}

async function playStandstills(stage: Stage, interval: string): Promise<void> {
  const goals: readonly (readonly [Standstill, number])[] = [
    ["stopped", 5000],
    ["blocked", 5000],
    ["littering", 5500],
    ["probed", 4000],
  ];
  await Promise.all(
    goals.map(async ([app, goalMs]) => {
      const seen = [];
      for (let repeat = 0; repeat < REPEATS; repeat++) seen.push(await standstill(stage, app));
      const intents = seen.map(({ intentMs }) => intentMs);
      const ok = Math.max(...intents) <= goalMs && seen.every(({ verdict, newProcess }) => newProcess && verdict === "recovered");
      const spread = { intentMs: intents, actionMs: seen.map(({ actionMs }) => actionMs), verdicts: seen.map(({ verdict }) => verdict) };
      report(
        `interval ${interval}: a worker that is ${app} is acted on after ms, the longest of ${REPEATS} (${goalMs})`,
        Math.max(...intents),
        ok,
        spread,
      );
    }),
  );
}

async function onStage(parts: readonly Part[], interval: string, play: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await openStage(parts, { interval });
  try {
    await play(stage);
  } catch (error) {
    report(`a scenario on a stage of ${parts.map(({ app }) => app).join(", ")}`, "ended early", false, { error: String(error) });
  } finally {
    await stage.dispose();
  }
}

function report(what: string, figure: number | string, ok: boolean, seen: object): void {
  console.log(`${ok ? "ok    " : "MISSED"} ${what}: ${figure}\n         ${JSON.stringify(seen)}`);
  if (!ok) process.exitCode = 1;
}
