/**
 * Do restarts keep an outage alive that would have passed? Twenty workers share a dependency that carries 30; a warm worker
 * asks 1 of it, one that was just started 6, until its caches are warm. For a quarter of an hour it carries next to nothing.
 * The real core and success-rate rule; the weaker policies are its own knobs, turned off. Prints a table and writes
 * docs/figures/metastable-load.svg.
 *
 *   npx tsx bench/evidence-metastable.ts [SEEDS=3] [SEED=1]     exit status 1 when healer does not recover at once
 */
import { writeFileSync } from "node:fs";
import type { Knobs } from "../src/core/strategy.ts";
import { inWords } from "../src/core/words.ts";
import { KNOBS } from "../test/support/core-policy.ts";
import { COLORS, drawPage, type Series } from "./figures/svg.ts";
import { Fleet, mean, MINUTE_MS, poisson, tasksOf, TURN_MS, UNLIMITED } from "./fleet.ts";

const SEEDS = Number(process.argv[2] ?? 3);
const SEED = Number(process.argv[3] ?? 1);

const WORKERS = 20;
const CAPACITY = 30;
const BROWNED_OUT = 6; // a fifth: seven of ten tasks fail
const WARM = 1;
const COLD = 6;
const GOOD = 0.97;
const TASKS_PER_MIN = 10;
const ONSET_MS = 60 * MINUTE_MS;
const BROWNOUT_MS = 15 * MINUTE_MS;
const WATCHED_MS = 4 * 60 * MINUTE_MS; // after the brownout
const WARM_UPS_MS = [300_000, 420_000, 600_000];
const WELL = 0.9; // share of good tasks at which the dependency carries its load

interface PolicyVariant {
  readonly name: string;
  readonly knobs: Partial<Knobs>;
  readonly unlimited: boolean;
}

const ANY = 1_000_000_000;
const NO_INCIDENT = { incident: { ...KNOBS.incident, onsetWindowMs: -1 } };
const NO_BREAKER = {
  consecutiveFailuresThreshold: ANY,
  maxHealsPerHour: ANY,
  circuit: { ...KNOBS.circuit, maxHealsPerDay: ANY },
  backoff: { baseMs: 0, maxMs: 0, jitter: 0 },
};
const NO_CAP = { maxUnavailable: { percent: 100 } };
const HEALER = "healer: canary + cap + breaker + budget";
const POLICIES: readonly PolicyVariant[] = [
  { name: "no limits", knobs: { ...NO_INCIDENT, ...NO_BREAKER, ...NO_CAP }, unlimited: true },
  { name: "breaker only", knobs: { ...NO_INCIDENT, ...NO_CAP }, unlimited: true },
  { name: "20 % cap only", knobs: { ...NO_INCIDENT, ...NO_BREAKER }, unlimited: true },
  { name: "cap + breaker", knobs: NO_INCIDENT, unlimited: true },
  { name: "canary + cap + breaker", knobs: {}, unlimited: true },
  { name: HEALER, knobs: {}, unlimited: false },
];

interface Course {
  readonly restarts: number;
  /** From the end of the brownout until the dependency carries its load for good; null = never within the time watched. */
  readonly recoveryMs: number | null;
  /** Load once a minute, from the onset on. */
  readonly load: readonly number[];
}

function play(policy: PolicyVariant, warmUpMs: number, seed: number): Course {
  const fleet = new Fleet({ workers: WORKERS, seed, knobs: policy.knobs, ...(policy.unlimited ? { budget: UNLIMITED } : {}) });
  const warmAtMs = fleet.ids.map(() => 0);
  fleet.onRestart = (worker) => (warmAtMs[worker] = fleet.nowMs + warmUpMs);
  const endMs = ONSET_MS + BROWNOUT_MS;
  const load: number[] = [];
  let overloadedAtMs = endMs;
  while (fleet.nowMs < endMs + WATCHED_MS) {
    const atMs = fleet.nowMs + TURN_MS;
    const asked = warmAtMs.reduce((sum, warm) => sum + (atMs < warm ? COLD : WARM), 0);
    const carried = atMs >= ONSET_MS && atMs < endMs ? BROWNED_OUT : CAPACITY;
    const share = GOOD * Math.min(1, carried / asked);
    if (atMs >= endMs && share < WELL) overloadedAtMs = atMs;
    if (atMs >= ONSET_MS && (atMs - ONSET_MS) % MINUTE_MS === 0) load.push(asked);
    const mean = (TASKS_PER_MIN * TURN_MS) / MINUTE_MS;
    fleet.turn(fleet.ids.flatMap((id) => tasksOf(id, atMs, { count: poisson(mean, fleet.random), share }, fleet.random) ?? []));
  }
  const isOver = fleet.nowMs - overloadedAtMs > 30 * MINUTE_MS;
  return { restarts: fleet.restarts.length, recoveryMs: isOver ? overloadedAtMs - endMs : null, load };
}

function cellOf(courses: readonly Course[]): string {
  const restarts = mean(courses.map((course) => course.restarts));
  const recovered = courses.map(({ recoveryMs }) => recoveryMs).filter((each) => each !== null);
  const never = courses.length - recovered.length;
  const how = recovered.length === 0 ? "**never**" : inWords(mean(recovered));
  return `${restarts.toFixed(restarts < 10 ? 1 : 0)}, ${how}${never > 0 && recovered.length > 0 ? ` (${never} of ${courses.length} never)` : ""}`;
}

const SHOWN: readonly { readonly policy: string; readonly legend: string; readonly color: string }[] = [
  { policy: "no limits", legend: "no limits", color: COLORS.orange },
  { policy: "20 % cap only", legend: "at most 20 % at once", color: COLORS.yellow },
  { policy: HEALER, legend: "healer", color: COLORS.blue },
];

function drawFigure(byPolicy: ReadonlyMap<string, Course>): string {
  const minutes = (BROWNOUT_MS + WATCHED_MS) / MINUTE_MS;
  const lines = SHOWN.map(({ policy, legend, color }): Series => {
    const points = (byPolicy.get(policy)?.load ?? []).map((y, x) => ({ x, y }));
    return { name: legend, color, kind: "line", points };
  });
  const capacity = [
    ...[0, BROWNOUT_MS / MINUTE_MS].map((x) => ({ x, y: BROWNED_OUT })),
    ...[BROWNOUT_MS / MINUTE_MS, minutes].map((x) => ({ x, y: CAPACITY })),
  ];
  return drawPage({
    title: "Restarts that keep an outage alive",
    subtitle: `${WORKERS} workers share a dependency that carries ${CAPACITY}; for a quarter of an hour it carries ${BROWNED_OUT}`,
    panels: [
      {
        title: "load on the dependency, caches warm after 10 minutes",
        x: { label: "minutes since the brownout began", scale: "linear", from: 0, to: minutes, ticks: [0, 15, 60, 120, 180, 240] },
        y: { label: "load", scale: "linear", from: 0, to: COLD * WORKERS },
        series: [...lines, { name: "what it carries", color: COLORS.black, kind: "line", dashed: true, points: capacity }],
      },
    ],
    notes: [
      `A worker asks ${WARM}, and ${COLD} until its caches are warm. The real core, seed ${SEED}. npx tsx bench/evidence-metastable.ts`,
    ],
    panelWidth: 620,
    panelHeight: 360,
  });
}

const beganMs = performance.now();
console.log(`Restarts, and recovery after the brownout's end, within ${inWords(WATCHED_MS)}; mean of ${SEEDS} runs, seeds from ${SEED}\n`);
console.log(
  `| policy | ${WARM_UPS_MS.map((warmUpMs) => `caches warm after ${inWords(warmUpMs)}`).join(" | ")} |\n|---|${"---|".repeat(WARM_UPS_MS.length)}`,
);
const shown = new Map<string, Course>();
for (const policy of POLICIES) {
  const courses = WARM_UPS_MS.map((warmUpMs) => Array.from({ length: SEEDS }, (_, index) => play(policy, warmUpMs, SEED + index)));
  const [slowest] = courses.at(-1) ?? [];
  if (slowest !== undefined) shown.set(policy.name, slowest);
  console.log(`| ${policy.name} | ${courses.map(cellOf).join(" | ")} |`);
  if (policy.name === HEALER && courses.flat().some(({ recoveryMs }) => recoveryMs !== 0)) process.exitCode = 1;
}
writeFileSync("docs/figures/metastable-load.svg", drawFigure(shown));
console.log(`\n${((performance.now() - beganMs) / 1000).toFixed(0)} s`);
