// Every way in which a worker goes wrong, on a real PM2: how soon healer sees it, acts on it and has it well again, and what that costs. All
// faults happen beside one another, mostly to one of two workers of an app of its own; figures to compare with a goal in seconds come from a
// few named ones alone. Copies outside PM2: bench/duplicates.ts. What an outage costs by its length: bench/outage.ts. Prints a row a fault.
// Run: npm run -s build && npx tsx bench/faults/index.ts [APP ...] (about 3 minutes). Exit status 1 when a goal is missed.
import { openStage } from "../../test/integration/stage.ts";
import { play, type Played } from "./fault.ts";
import { FAULTS } from "./faults.ts";
import { gpuFaults } from "./gpu-faults.ts";

const COLUMNS = ["fault", "seen s", "acted s", "done s", "cleared s", "well s", "restarts", "needless", "lost", "lost by others"];

const named = process.argv.slice(2);
const gpus = gpuFaults();
const chosen = [...FAULTS, ...gpus.faults].filter(({ part: { app } }) => named.length === 0 || named.includes(app));
const stage = await openStage(
  chosen.map(({ part }) => part),
  { interval: "1s", top: { gpu: gpus.settings } },
);
try {
  const played = await Promise.allSettled(chosen.map((fault) => play(stage, fault)));
  print(COLUMNS);
  for (const [index, result] of played.entries()) {
    if (result.status === "fulfilled") tell(result.value);
    else miss(`${chosen[index]?.name}: ${String(result.reason)}`);
  }
} finally {
  await stage.dispose();
  gpus.dispose();
}

function tell(played: Played): void {
  const { name, detectS, actS, doneS, clearS, recoverS, restarts, needless, lost, lostByOthers, missed } = played;
  print([name, detectS, actS, doneS, clearS, recoverS, restarts, needless, lost, lostByOthers]);
  for (const what of missed) miss(`${name}: ${what}`);
}

function print(cells: readonly (string | number | null)[]): void {
  const words = cells.map((cell) => (typeof cell === "number" ? String(Number(cell.toFixed(1))) : (cell ?? "–")));
  console.log(words.map((word, index) => (index === 0 ? word.padEnd(38) : word.padStart(9))).join(" "));
}

function miss(what: string): void {
  console.log(`MISSED ${what}`);
  process.exitCode = 1;
}
