import { resolveMaxUnavailable, type Knobs } from "../core/strategy.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { inWords, plural } from "../core/words.ts";
import type { Compiled } from "./compiled.ts";
import { windowLines } from "./window-words.ts";
import type { CompiledStrategy } from "./compile-strategies.ts";
import { formatProblem, type ConfigProblem } from "./config-error.ts";
import { noteInstances } from "./instance-limits.ts";
import { RULES_OF_A_QUEUE, RULES_OF_MAX_WORKERS } from "../rules/registry.ts";
import { selectRows, type Selection } from "./selection.ts";
import { timeToHealMs, verdictTasks, type Load } from "./time-to-heal.ts";
import { lintConfig } from "./warnings.ts";

export interface CheckReport {
  readonly text: string;
  readonly warnings: readonly ConfigProblem[];
  /** Mistakes that only the running apps bring to light: an app that two strategies select. */
  readonly conflicts: readonly ConfigProblem[];
}

export interface CheckOptions {
  /** Tasks a minute of one worker as observed, by strategy; without it three volumes are assumed. */
  readonly volumes?: Readonly<Record<string, number>>;
  /** The present, for the next maintenance window. */
  readonly wallMs?: number;
}

const RATES_PERCENT = [20, 50, 60, 65];
const ASSUMED_VOLUMES: readonly Volume[] = [
  { title: "1/min", tasksPerMinute: 1 },
  { title: "10/min", tasksPerMinute: 10 },
  { title: "1/s", tasksPerMinute: 60 },
];

interface Volume {
  readonly title: string;
  readonly tasksPerMinute: number;
}

/** What a valid configuration means in numbers. `rows` are PM2's, or null where PM2 could not be asked. */
export function checkReport(compiled: Compiled, rows: readonly WorkerRow[] | null, options: CheckOptions = {}): CheckReport {
  const selection = rows === null ? null : selectRows(compiled, rows);
  const warnings = lintConfig(compiled, selection);
  const conflicts = selection === null ? [] : [...selection.conflicts, ...noteInstances(compiled, selection)];
  const { policy, strategies, file, hash } = compiled;
  const blocks = [
    `${file} is valid: ${plural(strategies.length, "strategy").replace(/ys$/, "ies")}, mode ${policy.mode}, a turn every ${inWords(policy.intervalMs)}, hash ${hash}`,
    ...strategies.map((strategy) =>
      strategyBlock(compiled, strategy, { selection, volumes: volumesFor(strategy, options), wallMs: options.wallMs ?? Date.now() }),
    ),
    ...(selection !== null && selection.unwatched.length > 0 ? [`No strategy selects: ${selection.unwatched.join(", ")}`] : []),
    ...problemBlock("Errors", file, conflicts),
    ...problemBlock("Warnings", file, warnings),
  ];
  return { text: blocks.join("\n\n"), warnings, conflicts };
}

function problemBlock(title: string, file: string, problems: readonly ConfigProblem[]): readonly string[] {
  return problems.length === 0 ? [] : [[`${title}:`, ...problems.map((problem) => `  ${formatProblem(file, problem)}`)].join("\n")];
}

function volumesFor(strategy: CompiledStrategy, options: CheckOptions): readonly Volume[] {
  const observed = options.volumes?.[strategy.name];
  if (observed === undefined || observed <= 0) return ASSUMED_VOLUMES;
  return [{ title: `${Number(observed.toPrecision(2))}/min now`, tasksPerMinute: observed }];
}

interface Situation {
  readonly selection: Selection | null;
  readonly volumes: readonly Volume[];
  readonly wallMs: number;
}

function strategyBlock(compiled: Compiled, strategy: CompiledStrategy, { selection, volumes, wallMs }: Situation): string {
  const { knobs } = strategy;
  const groups = selection?.chosen.find((one) => one.strategy === strategy)?.groups ?? null;
  const judgesRate = strategy.boundRules.some(({ name }) => name === "success-rate");
  const lines = [
    ...selectionLines(strategy, groups),
    ["at once", atOnce(knobs, groups)],
    ["how many", howMany(knobs)],
    [
      "grace period",
      `${inWords(knobs.gracePeriodMs)} after any start; a heal without a verdict after ${inWords(knobs.verify.timeoutMs)} is inconclusive`,
    ],
    [
      "gives up",
      `after ${plural(knobs.consecutiveFailuresThreshold, "heal")} in a row that did not help, or more than ${knobs.maxHealsPerHour} in an hour; tries again after ${inWords(knobs.circuit.coolDownMs)}`,
    ],
    ["rules", strategy.boundRules.map(ruleWords).join(", ")],
    ["actions", strategy.actions.join(", then ")],
    ...windowLines(compiled, strategy, wallMs),
  ].map(([title, text]) => `  ${(title ?? "").padEnd(13)}${text}`);
  const heading = `${strategy.name} (${compiled.file}:${strategy.line}), mode ${modeOf(compiled, strategy)}`;
  return [heading, ...lines, ...(judgesRate ? rateLines(strategy, groups, { volumes, turnMs: compiled.policy.intervalMs }) : [])].join(
    "\n",
  );
}

function modeOf({ policy }: Compiled, { name, knobs }: CompiledStrategy): string {
  const mode = policy.strategies.find((strategy) => strategy.name === name)?.mode ?? "observe";
  const shadow = mode === "heal" && knobs.shadowForMs > 0;
  return shadow ? `heal (for ${inWords(knobs.shadowForMs)} after it is new or changed it decides and records only)` : mode;
}

type Groups = ReadonlyMap<string, readonly WorkerRow[]>;

function selectionLines(strategy: CompiledStrategy, groups: Groups | null): readonly (readonly [string, string])[] {
  const pattern = [
    strategy.selector.apps.join(", "),
    ...(strategy.selector.namespace === null ? [] : [`namespace ${strategy.selector.namespace}`]),
  ].join(", ");
  if (groups === null) return [["selects", `${pattern} (PM2 was not asked)`]];
  if (groups.size === 0) return [["selects", `${pattern}: no app that PM2 knows now`]];
  return [...groups].map(
    ([group, rows]) =>
      ["selects", `${group}: ${plural(rows.length, "worker")} (pm_id ${rows.map(({ pmId }) => pmId).join(", ")})`] as const,
  );
}

function howMany({ maxWorkers, trimAfterMs, trimOutside }: Knobs): string {
  const outside = { none: "reported, never ended", orphans: "ended if a dead PM2 daemon left them", all: "ended as well" }[trimOutside];
  const limit =
    maxWorkers === null
      ? "any number of workers (no max_workers)"
      : `at most ${plural(maxWorkers, "worker")} of an app; what has been too many for ${inWords(trimAfterMs)} is trimmed, the newest stay`;
  return `${limit}; copies outside PM2: ${outside}`;
}

/** "20 % of 3 workers = 1" */
function atOnce(knobs: Knobs, groups: Groups | null): string {
  const limit = knobs.maxUnavailable;
  if ("count" in limit) return `${plural(limit.count, "worker")} of a group down or in a heal`;
  const sizes = groups === null || groups.size === 0 ? [3] : [...new Set([...groups.values()].map((rows) => rows.length))];
  return `${sizes.map((size) => `${limit.percent} % of ${plural(size, "worker")} = ${resolveMaxUnavailable(limit, size)}`).join(", ")} down or in a heal`;
}

function ruleWords(rule: CompiledStrategy["boundRules"][number]): string {
  const implied =
    rule.path !== null
      ? ""
      : RULES_OF_A_QUEUE.includes(rule.name)
        ? " (implied by queue)"
        : RULES_OF_MAX_WORKERS.includes(rule.name)
          ? " (implied by max_workers)"
          : " (always on)";
  return `${rule.key}${implied}${rule.observeOnly ? " (observes only)" : ""}`;
}

function rateLines(
  strategy: CompiledStrategy,
  groups: Groups | null,
  load: { volumes: readonly Volume[]; turnMs: number },
): readonly string[] {
  const { knobs } = strategy;
  const verdict = verdictTasks(knobs);
  const verdictTimes = load.volumes.map(
    ({ title, tasksPerMinute }) => `${inWords(((verdict ?? 0) / tasksPerMinute) * 60_000)} at ${title}`,
  );
  return [
    `  Time to heal by a worker's true success rate (required: ${knobs.minSuccessRatePercent} %) and its volume, just started – after a good day:`,
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
    `  The threshold is proven, not touched: "never" means that these tasks cannot prove it within ${inWords(knobs.windowMs)} or 24 h.`,
    ...(verdict === null ? [] : [`  Whether a heal helped takes about ${plural(verdict, "task")}: ${verdictTimes.join(", ")}.`]),
    ...totalsNote(groups),
  ];
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
    `  If the queue tells totals only, ${seen}: at 20 % beside good ones the group shows ${shown} %. Figures by worker (workers: or results:) lift this.`,
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
