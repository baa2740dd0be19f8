import { sayCopy, sayOrigin } from "./copy-words.ts";
import { rowsOf, whatBecomesOfIt } from "./duplicates.ts";
import { groupFactsOf } from "./group-facts.ts";
import type { TargetId } from "./observation.ts";
import type { State } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { planTrim, type GroupFacts } from "./trim-plan.ts";
import type { WorkerRow } from "./worker-row.ts";

/** For `explain`: a sentence for each copy that runs now, and for each row where there are too many. */
export function sayCopiesOf(state: State, group: TargetId, strategy: Strategy): readonly string[] {
  const facts = groupFactsOf(state, group);
  const before = state.duplicates.starts[group] ?? [];
  const copies = facts.copies.map(({ copy }) => {
    const context = { pid: copy.pid, startedWallMs: copy.startedWallMs, rows: rowsOf(facts, copy.script), before };
    return `${sayCopy(copy)}; ${sayOrigin(copy.origin, context)}: \`${copy.command}\`. ${whatBecomesOfIt(copy, strategy)}`;
  });
  return [...copies, ...sayRowsOf(state, facts, strategy)];
}

function sayRowsOf(state: State, facts: GroupFacts, { knobs }: Strategy): readonly string[] {
  if (knobs.maxWorkers === null) return [];
  const units = planTrim(facts, { keep: knobs.maxWorkers, outside: knobs.trimOutside }, state.nowMs);
  return units.flatMap(({ keeps, victims }) => {
    const rows = (members: typeof keeps): readonly WorkerRow[] => members.flatMap((each) => (each.kind === "row" ? [each.worker.row] : []));
    return [
      ...rows(victims).map((row) => sayRow(state, facts, row, "is one too many")),
      ...rows(keeps).map((row) => sayRow(state, facts, row, "stays")),
    ];
  });
}

function sayRow(state: State, facts: GroupFacts, row: WorkerRow, what: string): string {
  const origin = state.copies?.rows.find(({ pid }) => pid === row.pid)?.origin;
  const others = rowsOf(facts, row.script).filter((other) => other.pmId !== row.pmId);
  const context = { pid: row.pid ?? 0, startedWallMs: row.startedWallMs ?? state.wallMs, rows: others, before: [] };
  return `pm_id ${row.pmId} (pid ${row.pid}) ${what}${origin === undefined ? "" : `; ${sayOrigin(origin, context)}`}`;
}
