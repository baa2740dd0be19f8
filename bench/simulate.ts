/**
 * Worlds from seeds: does anything healer promises break? Prints how much was simulated and every seed that broke something.
 *
 *   npm run simulate -- [--seeds N] [--from SEED] [--turns T] [--seed ONE [--trace]]
 */
import { parseArgs } from "node:util";
import { drawWorld } from "../src/simulate/draw-world.ts";
import { runWorld } from "../src/simulate/run-world.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    turns: { type: "string", default: "3000" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
  },
});
const turns = Number(values.turns);
const first = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;

const tell = (atMs: number, line: string): void => console.log(`${(atMs / 1000).toFixed(1).padStart(10)} ${line}`);

let livedMs = 0;
let broken = 0;
const total: Record<string, number> = {};
const startedMs = process.cpuUsage();
for (let seed = first; seed < first + count; seed++) {
  const spec = drawWorld(seed, turns);
  if (values.trace) console.log(spec.config, spec.apps);
  const result = runWorld(spec, values.trace ? { tell } : {});
  livedMs += result.livedMs;
  for (const [name, count] of Object.entries(result.tally)) total[name] = (total[name] ?? 0) + Number(count);
  if (result.violation === null) continue;
  broken++;
  console.log(`seed ${seed}: ${result.violation}`);
}
const { user, system } = process.cpuUsage(startedMs);
const cpuS = (user + system) / 1e6;
const years = livedMs / (365.25 * 86_400_000);
console.log(
  `${count} worlds, ${years.toFixed(2)} years, ${cpuS.toFixed(1)} CPU s (${(livedMs / 3.6e6 / cpuS).toFixed(0)} hours a CPU second)`,
);
console.log(
  Object.entries(total)
    .map(([name, number]) => `${number} ${name}`)
    .join(", "),
);
console.log(`${broken} broke an invariant`);
process.exitCode = broken > 0 ? 1 : 0;
