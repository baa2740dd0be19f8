/**
 * PM2's daemon dies by `kill -9`, comes back and resurrects its apps beside the orphans: how long until as many run as may,
 * and are tasks lost? Run after `npm run build`: npx tsx bench/resurrect.ts [runs=3] [seconds an excess stands=60]
 */
import { runResurrect } from "../test/support/resurrect-run.ts";

const [runs = 3, standsSeconds = 60] = process.argv.slice(2).map(Number);

for (let run = 1; run <= runs; run++) {
  const { seconds, lost, done, lines } = await runResurrect({ standsSeconds, drainSeconds: 10 });
  const trims = lines.filter(({ event }) => event === "trim").length;
  console.log(`run ${run}: as many as may be after ${seconds.toFixed(1)} s, ${trims} ended, ${lost} of ${done + lost} tasks lost`);
}
