/**
 * How often would the default success-rate rule heal a worker that is well, and how soon one that is not? Prints false
 * heals per worker-day at true rates from 70 to 97 %, and the median delay after a collapse from 97 % to 20 or 50 %, at
 * three volumes. The rule is the real one, asked every turn of 2 s.
 *
 *   npx tsx bench/success-rate-table.ts [WORKER_DAYS_AT_1_A_MINUTE=60]
 */
import type { BoundRule, TargetView } from "../src/core/judgement.ts";
import type { Writable } from "../src/core/state.ts";
import { addTasks, advanceTasks, createTaskWindows } from "../src/core/task-windows.ts";
import { randomFrom } from "../test/support/prng.ts";
import { bindRule, viewOf } from "../test/support/rule-bound.ts";

const TURN_MS = 2000;
const GRACE_MS = 180_000;
const DAY_MS = 86_400_000;
const DAYS = Number(process.argv[2] ?? 60);

interface Volume {
  readonly name: string;
  readonly perMs: number;
  /** Worker-days a figure; fewer where there are more tasks in one. */
  readonly days: number;
  readonly collapses: number;
}

const VOLUMES: readonly Volume[] = [
  { name: "1/min", perMs: 1 / 60_000, days: DAYS, collapses: 60 },
  { name: "10/min", perMs: 10 / 60_000, days: DAYS / 2, collapses: 60 },
  { name: "1/s", perMs: 1 / 1000, days: DAYS / 6, collapses: 60 },
];

interface Sim {
  readonly rule: BoundRule;
  readonly view: Writable<TargetView>;
  memory: unknown;
  tasks: number;
}

function newSim(atMs: number): Sim {
  const rule = bindRule("success-rate");
  const view: Writable<TargetView> = { ...viewOf(), tasks: createTaskWindows(atMs), nowMs: atMs };
  return { rule, view, memory: rule.fresh({ atMs, ignoreTasksUntilMs: atMs, forgiveFailures: 0 }), tasks: 0 };
}

/** One turn: Poisson many tasks, then the rule is asked. Answers whether it would heal now. */
function turn(sim: Sim, atMs: number, world: { random: () => number; rate: number; volume: Volume }): boolean {
  const { view, rule } = sim;
  view.nowMs = atMs;
  const tasks = poisson(world.volume.perMs * TURN_MS, world.random);
  let ok = 0;
  for (let task = 0; task < tasks; task++) if (world.random() < world.rate) ok++;
  if (view.tasks === null) throw new Error("the simulation always has windows");
  if (tasks > 0) {
    addTasks(view.tasks, atMs, { ok, failed: tasks - ok });
    rule.observe(sim.memory, { kind: "tasks", target: view.id, atMs, ok, failed: tasks - ok }, view);
    sim.tasks += tasks;
  } else advanceTasks(view.tasks, atMs);
  return rule.judge(sim.memory, view).sustained;
}

function poisson(mean: number, random: () => number): number {
  let left = Math.exp(-mean);
  let count = 0;
  for (let draw = random(); draw > left; draw -= left, left *= mean / count) count++;
  return count;
}

function falseHealsPerDay(rate: number, volume: Volume, seed: number): number {
  const random = randomFrom(seed);
  const sim = newSim(0);
  let heals = 0;
  let graceEndMs = GRACE_MS;
  for (let atMs = 0; atMs < volume.days * DAY_MS; atMs += TURN_MS) {
    if (!turn(sim, atMs, { random, rate, volume }) || atMs < graceEndMs) continue;
    heals++;
    graceEndMs = atMs + GRACE_MS;
    sim.memory = sim.rule.fresh({ atMs, ignoreTasksUntilMs: atMs, forgiveFailures: 0 });
  }
  return heals / volume.days;
}

function collapseDelay(rate: number, volume: Volume, seed: number): { readonly tasks: number; readonly seconds: number } | null {
  const random = randomFrom(seed);
  const sim = newSim(0);
  const collapseMs = 2 * 3_600_000 + Math.floor(random() * 600_000);
  let before = 0;
  for (let atMs = 0; atMs < collapseMs + DAY_MS / 4; atMs += TURN_MS) {
    const hasCollapsed = atMs >= collapseMs;
    if (!hasCollapsed) before = sim.tasks;
    const heals = turn(sim, atMs, { random, rate: hasCollapsed ? rate : 0.97, volume });
    if (heals && hasCollapsed) return { tasks: sim.tasks - before, seconds: (atMs - collapseMs) / 1000 };
  }
  return null;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function delayRow(rate: number, volume: Volume): string {
  const found = [];
  for (let run = 0; run < volume.collapses; run++) found.push(collapseDelay(rate, volume, 1000 + run));
  const healed = found.filter((delay) => delay !== null);
  const tasks = healed.map((delay) => delay.tasks).sort((one, other) => one - other);
  const seconds = healed.map((delay) => delay.seconds).sort((one, other) => one - other);
  const missed = found.length - healed.length;
  const clock = `${Math.round(quantile(seconds, 0.5))} s (p95 ${Math.round(quantile(seconds, 0.95))} s)`;
  return `${quantile(tasks, 0.5)} tasks, ${clock}${missed > 0 ? `, ${missed} of ${found.length} not within 6 h` : ""}`;
}

const beganMs = performance.now();
for (const volume of VOLUMES) {
  console.log(
    `\n${volume.name}: false heals per worker-day over ${volume.days.toFixed(0)} days a rate; median delay of ${volume.collapses} collapses`,
  );
  for (const rate of [0.7, 0.72, 0.8, 0.9, 0.97]) console.log(`  true rate ${rate}: ${falseHealsPerDay(rate, volume, 7).toFixed(3)}`);
  for (const rate of [0.2, 0.5]) console.log(`  .97 → ${rate}: ${delayRow(rate, volume)}`);
}
console.log(`\n${((performance.now() - beganMs) / 1000).toFixed(0)} s`);
