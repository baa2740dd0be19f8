/**
 * Does healer keep its promises when it dies at the worst moment? N times: `kill -9` at an aimed or random moment between
 * symptom and verdict, then start again. At the end the journal, PM2's bus and the heal log are asked whether anything
 * was done twice, lost, left half done or forgotten. Run: npx tsx bench/kills.ts [N=200] [worlds=3] [seed=now]
 */
import { healsOf, brokenPromises } from "../test/support/kill-checks.ts";
import { comeToRest, strike, testify, type Blow } from "../test/support/kill-run.ts";
import { startKillWorld } from "../test/support/kill-world.ts";
import { randomFrom } from "../test/support/prng.ts";

const [kills = 200, worlds = 3, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
const REST_MS = 180_000; // a crash loop that was repaired has to live a minute before it is believed

interface Result {
  readonly blows: readonly Blow[];
  readonly heals: ReturnType<typeof healsOf>;
  readonly broken: readonly string[];
  readonly verdictLines: number;
}

async function runWorld(number: number): Promise<Result> {
  const random = randomFrom(seed + number);
  const world = await startKillWorld({ random, crashLoop: true });
  try {
    const count = Math.ceil((kills - number) / worlds);
    const blows = await strike(world, { count, random, first: 4 * number });
    const rested = await comeToRest(world, { unfinished: [], deadlineMs: REST_MS }).then(
      () => [],
      (error: unknown) => [String(error)],
    );
    const testimony = await testify(world);
    const broken = [...rested, ...brokenPromises(testimony)];
    if (broken.length > 0) await keepEvidence(number, testimony);
    const verdictLines = testimony.lines.filter(({ event }) => event === "heal_verdict").length;
    return { blows, heals: healsOf(testimony.entries), broken, verdictLines };
  } finally {
    await world.dispose();
  }
}

async function keepEvidence(number: number, testimony: Awaited<ReturnType<typeof testify>>): Promise<void> {
  const { mkdtempSync, writeFileSync } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  const dir = mkdtempSync(`${tmpdir()}/kills-`);
  writeFileSync(`${dir}/testimony.json`, JSON.stringify({ ...testimony, targets: [...testimony.targets] }, null, 1));
  console.log(`world ${number}: evidence in ${dir}`);
}

function tally(names: readonly string[]): readonly [string, number][] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].toSorted(([, one], [, other]) => other - one);
}

function table(title: string, rows: readonly (readonly [string, number | string])[]): void {
  console.log(`\n${title}`);
  for (const [name, value] of rows) console.log(`  ${name.padEnd(44)}${String(value).padStart(8)}`);
}

const startedAt = performance.now();
console.log(`${kills} kills in ${worlds} worlds, seed ${seed}`);
const results = await Promise.all(Array.from({ length: worlds }, (_, number) => runWorld(number)));
const blows = results.flatMap((result) => result.blows);
const heals = results.flatMap((result) => result.heals);
table("kills by aim (missed: its moment did not come, struck anyway)", tally(blows.map(({ aim, hit }) => (hit ? aim : `${aim} (missed)`))));
table("workers caught in the middle", tally(blows.flatMap(({ caught }) => caught)));
table("heals by verdict", tally(heals.map(({ action, verdicts }) => `${action} ${verdicts.join(" and ") || "without verdict"}`)));
const said = results.reduce((sum, { verdictLines }) => sum + verdictLines, 0);
table("in all", [
  ["kills", blows.length],
  ["intents", heals.length],
  ["verdict lines beyond one for each heal", said - heals.length],
  ["minutes", ((performance.now() - startedAt) / 60_000).toFixed(1)],
  ["broken promises", results.reduce((sum, { broken }) => sum + broken.length, 0)],
]);
for (const [number, { broken }] of results.entries()) for (const promise of broken) console.log(`  world ${number}: ${promise}`);
process.exitCode = results.some(({ broken }) => broken.length > 0) ? 1 : 0;
