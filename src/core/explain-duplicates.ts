import { sayCopy, sayOrigin } from "./copy-words.ts";
import { rowsOf } from "./duplicates.ts";
import { groupFactsOf } from "./group-facts.ts";
import type { TargetId } from "./observation.ts";
import type { State } from "./state.ts";
import type { GroupFacts } from "./trim-plan.ts";

/** A sentence for each copy that runs now, for `explain`. */
export function sayCopiesOf(state: State, group: TargetId): readonly string[] {
  const facts = groupFactsOf(state, group);
  const before = state.duplicates.starts[group] ?? [];
  const copies = facts.copies.map(({ copy }) => {
    const context = { pid: copy.pid, startedWallMs: copy.startedWallMs, rows: rowsOf(facts, copy.script), before };
    const note = copy.untouchable === null ? "" : ` Reported only: ${copy.untouchable}`;
    return `${sayCopy(copy)}; ${sayOrigin(copy.origin, context)}: \`${copy.command}\`.${note}`;
  });
  return [...copies, ...sayRowsOf(state, facts)];
}

function sayRowsOf(state: State, facts: GroupFacts): readonly string[] {
  const origins = state.copies?.rows ?? [];
  return facts.workers.flatMap(({ row }) => {
    const origin = origins.find(({ pid }) => pid === row.pid)?.origin;
    if (origin === undefined || row.startedWallMs === null) return [];
    const others = rowsOf(facts, row.script).filter((other) => other.pmId !== row.pmId);
    return [
      `pm_id ${row.pmId} (pid ${row.pid}) ${sayOrigin(origin, { pid: row.pid ?? 0, startedWallMs: row.startedWallMs, rows: others, before: [] })}`,
    ];
  });
}
