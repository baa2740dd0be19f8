import type { WorkerRow } from "../core/worker-row.ts";
import { inWords, plural } from "../core/words.ts";
import type { Advice } from "./advice.ts";
import type { Compiled } from "./compiled.ts";
import { formatProblem, type ConfigProblem } from "./config-error.ts";
import { readTimes } from "./heal-times-table.ts";
import { ruleTimes, type RuleTimes } from "./rule-times.ts";
import { noteInstances } from "./instance-limits.ts";
import type { Observed } from "./observed.ts";
import { fold } from "./page.ts";
import { selectRows } from "./selection.ts";
import { strategyBlock } from "./strategy-block.ts";
import { lintConfig } from "./warnings.ts";

export interface CheckReport {
  readonly text: string;
  readonly warnings: readonly Advice[];
  /** Worth knowing, and no mistake. */
  readonly notes: readonly Advice[];
  readonly times: readonly RuleTimes[];
  /** Mistakes that only the running apps bring to light: an app that two strategies select. */
  readonly conflicts: readonly ConfigProblem[];
}

/**
 * What a valid configuration means in numbers; what deserves a look comes first. `rows` are PM2's, or null where PM2 could
 * not be asked.
 */
export function checkReport(compiled: Compiled, rows: readonly WorkerRow[] | null, observed: Observed = {}): CheckReport {
  const selection = rows === null ? null : selectRows(compiled, rows);
  const advice = lintConfig(compiled, selection, observed);
  const warnings = advice.filter(({ isNote }) => !isNote);
  const notes = advice.filter(({ isNote }) => isNote);
  const conflicts = selection === null ? [] : [...selection.conflicts, ...noteInstances(compiled, selection)];
  const { strategies, file } = compiled;
  const blocks = [
    headline(compiled),
    ...block("Errors", conflicts, (problem) => `  ${formatProblem(file, problem)}`),
    ...block("Warnings", warnings, (one) => adviceText(file, one)),
    ...block("Notes", notes, (one) => adviceText(file, one)),
    ...strategies.map((strategy) => strategyBlock(compiled, strategy, { selection, observed })),
    ...(strategies.length === 0 ? [] : [readTimes(compiled)]),
    ...(selection !== null && selection.unwatched.length > 0 ? [`No strategy selects: ${selection.unwatched.join(", ")}`] : []),
  ];
  return { text: blocks.join("\n\n"), warnings, notes, times: ruleTimes(compiled, selection, observed), conflicts };
}

function headline({ policy, strategies, file, hash }: Compiled): string {
  const count = plural(strategies.length, "strategy").replace(/ys$/, "ies");
  return `${file} is valid: ${count}, mode ${policy.mode}, a turn every ${inWords(policy.intervalMs)}, hash ${hash}`;
}

function block<One>(title: string, list: readonly One[], say: (one: One) => string): readonly string[] {
  return list.length === 0 ? [] : [[`${title}:`, ...list.map(say)].join("\n")];
}

/** The place on a line of its own, so that a terminal makes a link of it; then what is wrong, then what to write. */
function adviceText(file: string, { line, column, path, message, write }: Advice): string {
  const place = `  ${file}:${line}:${column}${path === "" ? "" : ` ${path}`}`;
  return [place, fold(message, "      "), ...(write === null ? [] : [`      write  ${write}`])].join("\n");
}
