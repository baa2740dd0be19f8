import { inWords, plural } from "../core/words.ts";
import { RULES_ALWAYS_ON } from "../rules/registry.ts";
import type { Compiled } from "./compiled.ts";
import type { CompiledStrategy } from "./compile-strategies.ts";
import { healTimes, queueing, type Span, type Surroundings } from "./heal-times.ts";
import { fold } from "./page.ts";
import { reckonRules, type ReckonedRule } from "./rule-cases.ts";
import type { Groups } from "./strategy-block.ts";
import type { Volume } from "./volumes.ts";

const ASSUMED_WORKERS = 3;
const WIDTHS = [20, 11, 11, 12, 21];

/** The table of a strategy: how soon each of its rules heals, says so, and gives up. */
export function healTimeLines(
  compiled: Compiled,
  strategy: CompiledStrategy,
  { groups, volumes }: { groups: Groups | null; volumes: readonly Volume[] },
): readonly string[] {
  const around = surroundings(compiled, strategy, groups);
  const rules = reckonRules(compiled, strategy, volumes);
  if (rules.length === 0) return [];
  return [
    cells(["time to heal", "at best", "at worst", crowdTitle(around), "recovered in", "or gives up after"]),
    ...rules.map((one) => ruleRow(one, around)),
    ...partLines(rules, around),
  ];
}

/** The largest group decides: its last worker waits longest. */
export function surroundings(compiled: Compiled, strategy: CompiledStrategy, groups: Groups | null): Surroundings {
  const sizes = [...(groups ?? new Map<string, readonly unknown[]>()).values()].map((rows) => rows.length);
  const { policy } = compiled;
  return {
    knobs: strategy.queues.length > 0 ? strategy.knobs : { ...strategy.knobs, drainMs: 0 }, // nobody tells of tasks in hand
    turnMs: policy.intervalMs,
    workers: sizes.length === 0 ? ASSUMED_WORKERS : Math.max(...sizes),
    budget: policy.budget,
  };
}

function ruleRow({ rule, case: reckoned }: ReckonedRule, around: Surroundings): string {
  if (reckoned === null) return cells([rule.key, "never", "never", "never", "", ""]);
  const { aloneMs, crowdedMs, recoveredMs, openMs } = healTimes(reckoned, around);
  if (rule.observeOnly) return cells([rule.key, inWords(aloneMs.best), inWords(aloneMs.worst), "told only", "", ""]);
  return cells([
    rule.key,
    aloneMs.best === 0 ? "at once" : inWords(aloneMs.best),
    inWords(aloneMs.worst),
    inWords(crowdedMs),
    spanWords(recoveredMs),
    rule.action === "trim" ? "" : spanWords(openMs),
  ]);
}

function cells(texts: readonly string[]): string {
  return `    ${texts.map((text, index) => `${text} `.padEnd(WIDTHS[index] ?? 0)).join("")}`.trimEnd();
}

/** What the times of this strategy are made of; what holds for all of them is said once, in `READ_TIMES`. */
function partLines(rules: readonly ReckonedRule[], around: Surroundings): readonly string[] {
  const { knobs, budget, workers } = around;
  const rounds = plural(queueing(workers, knobs), "round");
  const crowd = [
    `grace period ${inWords(knobs.gracePeriodMs)}`,
    ...(workers > 1 ? [`the canary's delay ${inWords(knobs.incident.canaryDelayMs)}`, `${rounds} that must recover first`] : []),
    `the budget empty (one heal comes back every ${inWords(budget.refillMs)})`,
  ];
  const drain = knobs.drainMs === 0 ? [] : [part("drain", `${inWords(knobs.drainMs)} at worst, for a task in hand`)];
  const own = rules.filter(({ rule }) => !isAlwaysOn(rule));
  return [...own.map(({ rule, words }) => part(rule.key, words)), ...drain, part(crowdTitle(around), crowd.join(", "))];
}

function isAlwaysOn({ path, name }: ReckonedRule["rule"]): boolean {
  return path === null && RULES_ALWAYS_ON.includes(name);
}

/** How to read the tables, and the rules that each of them has: once for all strategies. */
export function readTimes(compiled: Compiled): string {
  const [first] = compiled.strategies;
  if (first === undefined) return "";
  const always = first.boundRules.filter(isAlwaysOn).map(({ key, timing }) => `${key}: ${timing?.words ?? ""}`);
  return fold([READ_TIMES, ...always.map((words) => `${words}.`)].join(" "));
}

const READ_TIMES =
  "Times run from the first bad fact to the action. At worst: what the rule waits for, two readings or turns, and drain. " +
  "All bad: the last of the group when all go bad together, just after a start, with the budget empty. Recovered: from the " +
  "action, grace period and proof. Gives up: nothing helps, and the circuit opens.";

function crowdTitle({ workers }: Surroundings): string {
  return workers > 1 ? `all ${workers} bad` : "no budget";
}

function part(title: string, text: string): string {
  return fold(text, `      ${`${title} `.padEnd(20)}`);
}

/** "15 s – 30 s" */
export function spanWords({ best, worst }: Span): string {
  const [from, to] = [inWords(best), inWords(worst)];
  return from === to ? from : `${from} – ${to}`;
}
