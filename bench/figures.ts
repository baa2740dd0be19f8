/**
 * Draws the figures of docs/figures anew, from fixed seeds: the same bytes every time.
 *
 *   npx tsx bench/figures.ts [NAME…]     all, or those named
 *
 * Those of the success-rate rule draw what `npx tsx bench/success-rate-table.ts 1 --save` has measured, which takes minutes.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { drawDrift } from "./figures/drift.ts";
import { drawBursts, drawPareto } from "./figures/success-rate.ts";

/** A figure's file name without `.svg`, and who draws it. */
const FIGURES: Readonly<Record<string, () => string>> = {
  "proof-per-task": drawDrift,
  "false-heals-and-delay": drawPareto,
  "bursts-and-delay": drawBursts,
};

const folder = resolve(import.meta.dirname, "../docs/figures");
mkdirSync(folder, { recursive: true });
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in FIGURES));
if (unknown.length > 0) throw new Error(`no such figure: ${unknown.join(", ")}; there are ${Object.keys(FIGURES).join(", ")}`);
for (const [name, draw] of Object.entries(FIGURES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  writeFileSync(resolve(folder, `${name}.svg`), draw());
  console.log(`docs/figures/${name}.svg`);
}
