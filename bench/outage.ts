// What does it cost in restarts when what eight workers depend on is away for three minutes? A real PM2, a real healer, a queue that
// reports outcomes by worker, the built-in knobs divided by 6⅔ (three minutes stand for twenty). `eight` is left to the incident's
// canary, `probed` has a dependency_probe as well. Prints both stories as the heal log tells them.
// Run: npm run -s build && npx tsx bench/outage.ts (about 7 minutes). Exit status 1 when a goal is missed.
import { groupPart, outageOf, startDependency } from "../test/integration/scenarios/outage.ts";
import { openStage } from "../test/integration/stage.ts";

const SHARE = 20 / 3;
const OUTAGE_MS = 180_000;
const WORKERS = 8;

const upstream = await startDependency();
const dependency_probe = { url: upstream.url, every: "2s", timeout: "1s" };
const stage = await openStage([
  groupPart("eight", WORKERS, { share: SHARE }),
  groupPart("probed", WORKERS, { share: SHARE, strategy: { dependency_probe } }),
]);
try {
  const options = { share: SHARE, outageMs: OUTAGE_MS };
  const during = (isAway: boolean): void => upstream.goAway(isAway);
  const [canary, probed] = await Promise.all([outageOf(stage, "eight", options), outageOf(stage, "probed", { ...options, during })]);
  const told = /^(incident_|heal_|hold|escalate|circuit_|dependency_)/;
  for (const line of stage.healer.lines().filter(({ event }) => told.test(event)))
    console.log(`${line.ts} ${line.event} ${line.target} ${line.reason}`);
  for (const [name, { restarts, story, circuitsOpened }, most] of [["eight", canary, 2] as const, ["probed", probed, 0] as const]) {
    const count = restarts.reduce((sum, each) => sum + each, 0);
    const incidents = story.filter((event) => event === "incident_open").length;
    const isMet = count <= most && incidents === 1 && circuitsOpened === 0 && story.at(-1) === "incident_closed";
    console.log(
      `${isMet ? "met   " : "MISSED"} ${name}: ${count} restarts (at most ${most}), ${incidents} incident, ${circuitsOpened} circuits`,
    );
    if (!isMet) process.exitCode = 1;
  }
} finally {
  await stage.dispose();
  await upstream.close();
}
