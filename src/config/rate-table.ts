import type { Knobs } from "../core/strategy.ts";
import { inWords, plural } from "../core/words.ts";
import type { CompiledStrategy } from "./compile-strategies.ts";
import { fold } from "./page.ts";
import type { Groups } from "./strategy-block.ts";
import { timeToHealMs, verdictTasks, type Load } from "./time-to-heal.ts";
import type { Volume } from "./volumes.ts";

export const RATES_PERCENT: readonly number[] = [20, 50, 60, 65];

/** Time to heal by true success rate and volume, and how many tasks a verdict takes. */
export function rateLines(
  strategy: CompiledStrategy,
  groups: Groups | null,
  load: { volumes: readonly Volume[]; turnMs: number },
): readonly string[] {
  const { knobs } = strategy;
  return [
    `  Success rate: time to heal by the true rate (required: ${knobs.minSuccessRatePercent} %), just started – after a good day:`,
    row(
      "",
      load.volumes.map(({ title }) => title),
    ),
    ...RATES_PERCENT.filter((rate) => rate < knobs.minSuccessRatePercent).map((ratePercent) =>
      row(
        `${ratePercent} %`,
        load.volumes.map(({ tasksPerMinute }) => healTime(knobs, { ratePercent, tasksPerMinute, turnMs: load.turnMs })),
      ),
    ),
    indented(
      `The threshold is proven, not touched: "never" means that these tasks cannot prove it within ${inWords(knobs.windowMs)} or 24 h.`,
    ),
    ...verdictNote(knobs, load.volumes),
    ...totalsNote(groups),
  ];
}

function verdictNote(knobs: Knobs, volumes: readonly Volume[]): readonly string[] {
  const tasks = verdictTasks(knobs);
  if (tasks === null) return [];
  const times = volumes.map(({ title, tasksPerMinute }) => `${inWords((tasks / tasksPerMinute) * 60_000)} at ${title}`);
  return [indented(`Whether a heal helped takes about ${plural(tasks, "task")}: ${times.join(", ")}.`)];
}

function indented(text: string): string {
  return fold(text, "    ");
}

function row(title: string, cells: readonly string[]): string {
  return `    ${title.padEnd(6)}${cells.map((cell) => cell.padStart(24)).join("")}`;
}

function healTime(knobs: Knobs, load: Load): string {
  const times = timeToHealMs(knobs, load);
  if (times === null) return "never";
  const [fresh, afterGood] = [inWords(times.fresh), inWords(times.afterGood)];
  return fresh === afterGood ? fresh : `${fresh} – ${afterGood}`;
}

/** decision-core §4.5: a group hides its one bad worker the better the larger it is. */
function totalsNote(groups: Groups | null): readonly string[] {
  const largest = groups === null || groups.size === 0 ? 3 : Math.max(...[...groups.values()].map((rows) => rows.length));
  if (largest < 2) return [];
  const shown = Math.round((20 + 97 * (largest - 1)) / largest);
  const seen = largest > 2 ? `one bad worker among ${WORDS[largest] ?? largest} stays invisible` : "one bad worker of two is seen late";
  return [
    indented(
      `If the queue tells totals only, ${seen}: at 20 % beside good ones the group shows ${shown} %. Figures by worker (workers:, results:, a label in Prometheus) lift this.`,
    ),
  ];
}

const WORDS: Readonly<Record<number, string>> = {
  3: "three",
  4: "four",
  5: "five",
  6: "six",
  7: "seven",
  8: "eight",
  9: "nine",
  10: "ten",
};
