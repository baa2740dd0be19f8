/**
 * Would the simulator notice? Seeds one fault after the other into a copy of the source and simulates worlds until one breaks.
 * Prints what killed each mutant, with the seed and the time; a mutant that survives all seeds is a hole in the simulator.
 *
 *   npx tsx bench/mutants.ts [SEEDS=150] [PART OF A NAME]
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { MUTANTS, type Mutant } from "./mutant-list.ts";

const ROOT = resolve(import.meta.dirname, "..");
const SEEDS = Number(process.argv[2] ?? 150);
const WANTED = process.argv[3] ?? "";
const AT_ONCE = 2;

interface Death {
  readonly seed: number | null;
  readonly violation: string;
  readonly seconds: number;
}

async function kill(mutant: Mutant): Promise<Death> {
  const root = mkdtempSync(join(tmpdir(), "mutant-"));
  try {
    for (const part of ["src", "bench", "package.json"]) cpSync(join(ROOT, part), join(root, part), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
    for (const { file, from, to } of mutant.edits) edit(join(root, "src", file), from, to);
    const startedAt = performance.now();
    const output = await simulate(root, mutant.twice === true ? ["--twice"] : []);
    const found = /^seed (\d+): (.*)/m.exec(output);
    const seconds = (performance.now() - startedAt) / 1000;
    if (found === null && !output.includes("broke a promise")) throw new Error(`"${mutant.name}" did not even run:\n${output}`);
    return { seed: found === null ? null : Number(found[1]), violation: found?.[2] ?? "", seconds };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function edit(path: string, from: string, to: string): void {
  const text = readFileSync(path, "utf8");
  if (text.split(from).length !== 2) throw new Error(`${path} holds ${text.split(from).length - 1} times: ${from}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
}

function simulate(cwd: string, more: readonly string[]): Promise<string> {
  const args = ["--import", "tsx", "bench/simulate.ts", "--until-broken", "--seeds", String(SEEDS), ...more];
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((done) => child.on("close", () => done(output)));
}

const waiting = MUTANTS.filter(({ name, breaks }) => `${breaks} ${name}`.includes(WANTED));
const count = waiting.length;
let killed = 0;
async function work(): Promise<void> {
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    const { seed, violation, seconds } = await kill(mutant);
    if (seed !== null) killed++;
    const how = seed === null ? `SURVIVED ${SEEDS} seeds` : `seed ${String(seed).padStart(3)}  ${violation.slice(0, 90)}`;
    console.log(`${mutant.breaks.padEnd(18)} ${mutant.name.padEnd(60)} ${seconds.toFixed(1).padStart(5)} s  ${how}`);
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
console.log(`${killed} of ${count} mutants killed`);
process.exitCode = killed === count ? 0 : 1;
