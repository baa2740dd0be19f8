/**
 * Worlds from seeds: does anything healer promises break? Prints how much was simulated and every seed that broke something.
 *
 *   npm run simulate -- [--seeds N] [--from SEED] [--turns T]   worlds of T turns each; 184 are a year
 *   npm run simulate -- --seed SEED [--trace]                   one world, and with it everything that happened in it
 *   npm run simulate -- --seed SEED --shrink                    the fewest faults that still break it
 *     --twice          each world a second time, which must be the same to the bit
 *     --until-broken   stop at the first seed that breaks something
 */
import { parseArgs } from "node:util";
import { drawWorld } from "../src/simulate/draw-world.ts";
import { runWorld, type WorldResult } from "../src/simulate/run-world.ts";
import { shrink } from "../src/simulate/shrink.ts";
import type { WorldSpec } from "../src/simulate/world-spec.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    turns: { type: "string", default: "3000" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
    shrink: { type: "boolean", default: false },
    twice: { type: "boolean", default: false },
    "until-broken": { type: "boolean", default: false },
  },
});

const tell = (atMs: number, line: string): void => console.log(`${(atMs / 1000).toFixed(1).padStart(10)} ${line}`);

function run(spec: WorldSpec): WorldResult {
  if (values.trace) {
    console.log(spec.config, spec.apps);
    return runWorld(spec, { tell });
  }
  if (!values.twice) return runWorld(spec);
  const [first, again] = [runWorld(spec, { digest: true }), runWorld(spec, { digest: true })];
  const differs = first.digest !== again.digest || first.violation !== again.violation;
  return differs ? { ...first, violation: `I14: two runs of one world differ (${first.digest}, ${again.digest})` } : first;
}

let livedMs = 0;
let broken = 0;
let worlds = 0;
const total: Record<string, number> = {};
const startedAt = process.cpuUsage();
const first = Number(values.seed ?? values.from);
const last = first + (values.seed === undefined ? Number(values.seeds) : 1);
for (let seed = first; seed < last; seed++) {
  const spec = drawWorld(seed, Number(values.turns));
  const result = run(spec);
  worlds++;
  livedMs += result.livedMs;
  for (const [name, count] of Object.entries(result.tally)) total[name] = (total[name] ?? 0) + Number(count);
  if (result.violation === null) continue;
  broken++;
  console.log(`seed ${seed}: ${result.violation}`);
  if (values.shrink) console.log(JSON.stringify(shrink(spec, result.violation), null, 2));
  if (values["until-broken"]) break;
}
const { user, system } = process.cpuUsage(startedAt);
const cpuS = (user + system) / 1e6;
const years = livedMs / (365.25 * 86_400_000);
const counts = Object.entries(total).map(([name, number]) => `${number} ${name}`);
console.log(
  `${worlds} worlds, ${years.toFixed(3)} years in ${cpuS.toFixed(1)} CPU s: ${(livedMs / 3.6e6 / cpuS).toFixed(0)} hours a CPU second`,
);
console.log(counts.join(", "));
console.log(`${broken} broke a promise`);
process.exitCode = broken > 0 ? 1 : 0;
