/**
 * How often does the default success-rate rule heal a worker that is well, and how soon one that is not? Beside it the rule of
 * the specification, five rules as people build them, and the bound that no test can beat. The default rule is the real one;
 * every rule is asked every turn of 2 s. Required: 70 %. A heal starts a grace period of 180 s and a new epoch; so does a
 * deploy once a day. Before a collapse the worker ran at 97 % for 12, 6 or 2 hours.
 *
 *   npx tsx bench/success-rate-table.ts [SCALE=1] [VOLUME…]     SCALE multiplies the worker-days; 1/min, 10/min, 10/s
 *   npx tsx bench/success-rate-table.ts 1 --save                keeps the figures for bench/figures.ts
 */
import { saveFigures } from "./evidence/kept.ts";
import { boundTasks, COLLAPSE_RATES, measureVolumes, RULES, STREAMS, type DelayRow, type VolumeFigures } from "./evidence/table.ts";

const options = process.argv.slice(2);
const [scale = "1", ...volumes] = options.filter((option) => option !== "--save");
const startedMs = performance.now();
for (const figures of measureVolumes(Number(scale), volumes)) {
  print(figures);
  if (options.includes("--save")) saveFigures(figures);
}
console.log(`\n${((performance.now() - startedMs) / 1000).toFixed(0)} s`);

function print(figures: VolumeFigures): void {
  const streams = Object.keys(STREAMS);
  console.log(`\n${figures.volume}: false heals a worker-day, by the rate and kind of a stream that nobody should heal`);
  console.log(`${" ".repeat(30)}${streams.map((name) => name.padStart(11)).join("")}   worker-days each`);
  for (const { name } of RULES) {
    const rows = figures.falseHeals.filter(({ rule }) => rule === name);
    const cells = streams.map((stream) => rate(rows.find((row) => row.stream === stream)).padStart(11));
    console.log(`${name.padEnd(30)}${cells.join("")}   ${rows[0]?.days ?? 0}`);
  }
  for (const row of figures.falseHeals.filter(({ stream }) => !streams.includes(stream)))
    console.log(`${row.rule}: ${row.stream}: ${rate(row)}`);
  console.log(`\n${figures.volume}: from the collapse to the heal, median (95 %); × = times the bound, the sustain of 60 s taken off`);
  for (const { name } of RULES) {
    const cells = COLLAPSE_RATES.map((to) => delayCell(figures, name, to).padEnd(52));
    console.log(`${name.padEnd(30)}${cells.join("")}`);
  }
  const bounds = COLLAPSE_RATES.map((to) => `.97 → ${to}: ${boundTasks(figures.h, to).toFixed(1)} tasks`);
  console.log(`bound h / KL, h = ${figures.h.toFixed(2)}: ${bounds.join(", ")}`);
}

function rate(row: { heals: number; days: number } | undefined): string {
  return row === undefined ? "" : (row.heals / row.days).toFixed(row.heals / row.days < 1 ? 3 : 1);
}

function delayCell(figures: VolumeFigures, rule: string, to: number): string {
  const row = figures.delays.find((each) => each.rule === rule && each.ratePercent === 100 * to);
  if (row === undefined) return "";
  const times = timesTheBound(row, { figures, to, sustains: rule.startsWith("healer") || rule.startsWith("the spec") });
  return `→ ${to}: ${row.medianTasks} tasks, ${row.medianSeconds} s (${row.p95Seconds} s), ×${times.toFixed(2)}`;
}

function timesTheBound(row: DelayRow, how: { figures: VolumeFigures; to: number; sustains: boolean }): number {
  const tasksASecond = how.figures.perDay / 86_400;
  const tasks = (row.medianSeconds - (how.sustains ? 60 : 0)) * tasksASecond;
  return tasks / boundTasks(how.figures.h, how.to);
}
