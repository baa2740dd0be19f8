// Every way in which a worker goes wrong, on a real PM2: how soon healer sees it, acts on it and has it well again, and what that costs. All
// faults happen beside one another, mostly to one of two workers of an app of its own; figures to compare with a goal in seconds come from a
// few named ones alone. A duplicate is seen when it is told, and done with when it is ended; two of them are only to be told. Five copies of one
// app at once: bench/duplicates.ts. What an outage costs by its length: bench/outage.ts. Prints a row a fault.
// Run: npm run -s build && npx tsx bench/faults/index.ts [APP ...] (about 3 minutes). Exit status 1 when a goal is missed.
import { openStage, type Stage } from "../../test/integration/stage.ts";
import { duplicateFaults } from "./duplicate-faults.ts";
import { play, type Fault, type Played } from "./fault.ts";
import { FAULTS } from "./faults.ts";
import { gpuFaults } from "./gpu-faults.ts";

const COLUMNS = ["fault", "seen s", "acted s", "done s", "cleared s", "well s", "restarts", "needless", "lost", "lost by others"];

const named = process.argv.slice(2);
const gpus = gpuFaults();
const duplicates = duplicateFaults();
const chosen = [...FAULTS, ...gpus.faults, ...duplicates.faults].filter(({ part: { app } }) => named.length === 0 || named.includes(app));
const shared = chosen.filter(({ ownPm2 }) => ownPm2 !== true);
const stage = await openStageOf(shared);
try {
  const played = await Promise.allSettled(chosen.map((fault) => (shared.includes(fault) ? play(stage, fault) : playAlone(fault))));
  print(COLUMNS);
  for (const [index, result] of played.entries()) {
    if (result.status === "fulfilled") tell(result.value);
    else miss(`${chosen[index]?.name}: ${String(result.reason)}`);
  }
} finally {
  await stage.dispose();
  gpus.dispose();
  await duplicates.dispose();
}

function openStageOf(faults: readonly Fault[]): Promise<Stage> {
  return openStage(
    faults.map(({ part }) => part),
    { interval: "1s", top: { gpu: gpus.settings } },
  );
}

async function playAlone(fault: Fault): Promise<Played> {
  const own = await openStageOf([fault]);
  try {
    return await play(own, fault);
  } finally {
    await own.dispose();
  }
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
