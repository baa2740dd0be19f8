// The gate: every check runs, even when an earlier one is red, so that one run shows everything there is to mend.
// Silent about what is green; a red check prints its own words and the command that mends or repeats it.
import { spawn } from "node:child_process";
import { delimiter, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "..");
const ENV = { ...process.env, PATH: `${resolve(ROOT, "node_modules/.bin")}${delimiter}${process.env.PATH}` };
const OUTPUT_CHARS_MAX = 20_000;

const CHECKS = [
  { name: "format", run: "prettier --check --log-level warn .", mend: "npx prettier --write ." },
  { name: "lint", run: "oxlint --deny-warnings", mend: "npx oxlint --fix" },
  { name: "core compiles without Node", run: "tsc -p src/core/tsconfig.json --noEmit", mend: "npm run typecheck" },
  { name: "sources and tests compile", run: "tsc -p test/tsconfig.json --noEmit", mend: "npm run typecheck" },
  { name: "dashboard compiles", run: "tsc -p src/dashboard/tsconfig.json", mend: "npm run typecheck" },
  { name: "build", run: "npm run -s build", mend: "npm run build" },
  { name: "architecture, style, docs", run: "vitest run --project house --reporter=dot", mend: "npx vitest run --project house" },
  { name: "dead code", run: "knip --no-progress", mend: "npx knip" },
  { name: "package", run: "publint --strict", mend: "npx publint" }, // looks into dist, hence after the build
];

function run(check) {
  return new Promise((resolve) => {
    const child = spawn(check.run, { shell: true, cwd: ROOT, env: ENV, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output = (output + chunk).slice(0, OUTPUT_CHARS_MAX)));
    child.on("close", (code) => resolve({ ...check, ok: code === 0, output }));
  });
}

const startedMs = performance.now();
const red = [];
for (const check of CHECKS) {
  const result = await run(check);
  if (result.ok) continue;
  red.push(result.name);
  console.error(`\n✗ ${result.name}\n${result.output.trimEnd()}\n  mend or repeat with: ${result.mend}`);
}
const seconds = Math.round((performance.now() - startedMs) / 1000);
if (red.length > 0) console.error(`\ncheck: ${red.length} of ${CHECKS.length} red (${red.join(", ")}) after ${seconds} s`);
else console.log(`check: ${CHECKS.length} green in ${seconds} s`);
process.exitCode = red.length > 0 ? 1 : 0;
