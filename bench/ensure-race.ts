// Ten callers of `healer ensure APP` in one instant, on real PM2, with three of `healer trim` or without: how many processes are there
// afterwards? Four beginnings in turn (stopped, deleted but dumped, running, two too many), then the same with every caller killed at a random moment and one more call after them.
// Run: npm run build && npx tsx bench/ensure-race.ts [ROUNDS] [SEED] [daemon] (50 rounds of each: about 5 minutes). Exit status 1 on any wrong count.
import {
  BEGINNINGS,
  bringTo,
  ensureAndTrimAtOnce,
  ensureAtOnce,
  ensureOnce,
  livingOf,
  type Beginning,
  type Call,
} from "../test/support/ensure-race.ts";
import { startHealer } from "../test/support/healer.ts";
import { randomFrom } from "../test/support/prng.ts";
import { startPm2, type RealPm2 } from "../test/support/real-pm2.ts";

const ROUNDS = Number(process.argv[2] ?? 50);
const SEED = Number(process.argv[3] ?? Date.now() % 1_000_000);
/** A healer that watches meanwhile: trims then go through it. */
const WITH_DAEMON = process.argv[4] === "daemon";
const CONFIGURATION = (home: string): string =>
  `version: 1\nmode: heal\npm2_home: ${home}\nstrategies: [{name: race, match: {app: "race-*"}}]\napi: false\n`;
const CALLERS = 10;
const INSTANCES_MAX = 3;
const KILLED_WITHIN_MS = 2500; // ten callers have all had their turn by then

interface Round {
  readonly what: string;
  /** Null: as many processes as there should be, and PM2 knows them all. */
  readonly wrong: string | null;
  readonly calls: readonly Call[];
  readonly tookMs: number;
}

interface Race {
  readonly title: string;
  /** Left out: those of an app that is not crowded. */
  readonly beginnings?: readonly Beginning[];
  readonly run: (pm2: RealPm2, name: string, beginning: Beginning, instances: number) => Promise<readonly Call[]>;
}

const random = randomFrom(SEED);

const TRIMMERS = 3;

const RACES: readonly Race[] = [
  {
    title: "ten ensures and three trims at once",
    beginnings: [...BEGINNINGS, "crowded"],
    run: (pm2, name, _, keep) => ensureAndTrimAtOnce(pm2, name, { ensure: CALLERS, trim: TRIMMERS, keep }),
  },
  {
    title: "all thirteen killed, then one more of each",
    beginnings: [...BEGINNINGS, "crowded"],
    run: async (pm2, name, _, keep) => {
      const killed = () => ({ killAfterMs: random() * KILLED_WITHIN_MS });
      await ensureAndTrimAtOnce(pm2, name, { ensure: CALLERS, trim: TRIMMERS, keep }, killed);
      const ensured = await ensureOnce(pm2, name);
      return [ensured, await ensureOnce(pm2, name, { args: ["trim", name, "--keep", String(keep)] })];
    },
  },
  { title: "ten at once", run: (pm2, name) => ensureAtOnce(pm2, name, CALLERS) },
  {
    title: "all ten killed, then one more",
    run: async (pm2, name) => {
      await ensureAtOnce(pm2, name, CALLERS, () => ({ killAfterMs: random() * KILLED_WITHIN_MS }));
      return [await ensureOnce(pm2, name)];
    },
  },
];

const pm2 = await startPm2();
const healer = WITH_DAEMON ? await startHealer({ pm2Home: pm2.home, yaml: CONFIGURATION(pm2.home) }) : null;
try {
  console.log(`${ROUNDS} rounds of each, seed ${SEED}, PM2 ${pm2.version}`);
  for (const race of RACES) summarize(race, await play(pm2, race));
} finally {
  await healer?.dispose();
  await pm2.dispose();
}

async function play(on: RealPm2, race: Race): Promise<readonly Round[]> {
  const rounds: Round[] = [];
  for (let at = 0; at < ROUNDS; at++) {
    const beginnings = race.beginnings ?? BEGINNINGS;
    const beginning = beginnings[at % beginnings.length] ?? "stopped";
    const instances = 1 + (at % INSTANCES_MAX === 0 ? Math.floor(random() * INSTANCES_MAX) : 0);
    const name = `race-${RACES.indexOf(race)}-${at}`; // the processes of a round are told apart by it
    await bringTo(on, name, beginning, instances);
    const beganMs = performance.now();
    const calls = await race.run(on, name, beginning, instances);
    const tookMs = performance.now() - beganMs;
    const round = { what: `${beginning}, ${instances} instances`, wrong: await whatIsWrong(on, name, instances), calls, tookMs };
    rounds.push(round);
    if (round.wrong !== null) console.log(`round ${at} (${round.what}): ${round.wrong}`);
    await on.remove(name);
  }
  return rounds;
}

async function whatIsWrong(on: RealPm2, name: string, instances: number): Promise<string | null> {
  const living = livingOf(name);
  const listed = (await on.list()).filter((row) => row.name === name).map(({ pid }) => pid);
  if (living.length !== instances) return `${living.length} processes instead of ${instances}`;
  return listed.length === living.length && living.every((pid) => listed.includes(pid))
    ? null
    : `PM2 lists ${listed.join()}, there are ${living.join()}`;
}

function summarize({ title }: Race, rounds: readonly Round[]): void {
  const wrong = rounds.filter((round) => round.wrong !== null).length;
  const calls = rounds.flatMap((round) => round.calls);
  const errors = calls.filter(({ code }) => code !== 0);
  for (const { code, said } of errors.slice(0, 5)) console.log(`exit ${code}: ${said}`);
  const each = quantiles(calls.map(({ tookMs }) => tookMs));
  const all = quantiles(rounds.map(({ tookMs }) => tookMs));
  console.log(`${title}: ${rounds.length} rounds, ${wrong} wrong counts, ${errors.length} errors in ${calls.length} calls`);
  console.log(
    `  a call: median ${each.median} ms, longest ${each.longest} ms; a round: median ${all.median} ms, longest ${all.longest} ms`,
  );
  if (wrong + errors.length > 0) process.exitCode = 1;
}

function quantiles(figures: readonly number[]): { readonly median: number; readonly longest: number } {
  const sorted = figures.toSorted((one, other) => one - other);
  return { median: Math.round(sorted[Math.floor(sorted.length / 2)] ?? NaN), longest: Math.round(sorted.at(-1) ?? NaN) };
}
