/**
 * Five copies of one app, each started by somebody else: who is found, as whose, with which origin, and who is ended with
 * each `trim_outside`? Real PM2, twice; Node and Python. Run after `npm run build`: npx tsx bench/duplicates.ts [seconds an excess stands=60]
 */
import { stageDuplicates, type StagedApp } from "../test/support/duplicate-stage.ts";
import { startHealer, type HealLine } from "../test/support/healer.ts";

const [standsSeconds = 60] = process.argv.slice(2).map(Number);
const APPS: readonly StagedApp[] = [
  { name: "rpa", script: "idle.mjs" },
  { name: "rpa", script: "idle.py", interpreter: "python3" },
];

function configuration(home: string, trimOutside: string): string {
  return `version: 1
mode: heal
pm2_home: ${home}
defaults: {grace_period_seconds: 1} # healing begins with one, trims included
strategies: [{name: rpa, match: {app: rpa}, max_workers: 1, trim_outside: ${trimOutside}, advanced: {trim_after_seconds: ${standsSeconds}}}]
api: false
`;
}

async function play(app: StagedApp, trimOutside: "none" | "orphans" | "all"): Promise<void> {
  const stage = await stageDuplicates(app);
  const healer = await startHealer({ pm2Home: stage.pm2.home, yaml: configuration(stage.pm2.home, trimOutside) }).catch(async (error) => {
    await stage.dispose();
    throw error;
  });
  const startedAt = performance.now();
  try {
    await healer.waitFor(({ event }) => event === "heal_verdict", { deadlineMs: (standsSeconds + 60) * 1000 });
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    await new Promise((resolve) => setTimeout(resolve, 5_000)); // and nothing more happens
    console.log(`\n${app.script}, trim_outside: ${trimOutside}; verdict after ${seconds} s; alive: ${stage.alive().join(", ")}`);
    const name = (pid: unknown): string => Object.entries(stage.pids).find(([, known]) => known === pid)?.[0] ?? `pid ${String(pid)}`;
    for (const line of healer.lines().filter(({ event }) => event === "duplicate_found" || event === "trim" || event === "heal_verdict"))
      console.log(`  ${line.event.padEnd(16)}${name(line["pid"]).padEnd(8)} ${shown(line)}`);
  } finally {
    await healer.dispose();
    await stage.dispose();
  }
}

function shown(line: HealLine): string {
  const { owner } = line;
  return `${(typeof owner === "string" ? owner : "").padEnd(13)} ${line.reason}`;
}

for (const app of APPS) for (const trimOutside of ["none", "orphans", "all"] as const) await play(app, trimOutside);
