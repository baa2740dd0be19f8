import type { TargetId } from "./observation.ts";
import type { Policy, Selector, Strategy } from "./strategy.ts";
import type { WorkerRow } from "./worker-row.ts";

/** The strategy that selects a row, `null` for none, or the names of the two that both do (then it is held, not healed). */
export type Assignment = Strategy | null | { readonly conflict: readonly [string, string] };

export function assignStrategy(policy: Policy, row: Pick<WorkerRow, "name" | "namespace">): Assignment {
  let first: Strategy | null = null;
  for (const strategy of policy.strategies) {
    if (!selects(strategy.selector, row)) continue;
    if (first !== null) return { conflict: [first.name, strategy.name] };
    first = strategy;
  }
  return first;
}

export function selects(selector: Selector, row: Pick<WorkerRow, "name" | "namespace">): boolean {
  if (selector.namespace !== null && !matchesGlob(selector.namespace, row.namespace)) return false;
  if (selector.exclude.some((pattern) => matchesGlob(pattern, row.name))) return false;
  return selector.apps.some((pattern) => matchesGlob(pattern, row.name));
}

/** `*` any run of characters, `?` one; everything else is literal. Linear in time: no regular expression is built. */
export function matchesGlob(pattern: string, text: string): boolean {
  let [p, t, starAt, resumeAt] = [0, 0, -1, 0];
  while (t < text.length) {
    const sign = pattern[p];
    if (sign === "*") {
      starAt = p++;
      resumeAt = t;
    } else if (sign === "?" || sign === text[t]) {
      p++;
      t++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      t = ++resumeAt;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

export function groupIdOf(row: Pick<WorkerRow, "name" | "namespace">): TargetId {
  return row.namespace === "default" || row.namespace === "" ? row.name : `${row.namespace}/${row.name}`;
}

/** Ids of all rows, in the order given. Rows that would share one get `~1`, `~2` … in order of pm_id. */
export function targetIdsOf(rows: readonly WorkerRow[]): ReadonlyMap<WorkerRow, TargetId> {
  const ids = new Map<WorkerRow, TargetId>();
  const taken = new Map<TargetId, number>();
  for (const row of [...rows].sort((one, other) => one.pmId - other.pmId)) {
    const id = `${groupIdOf(row)}:${row.instance}`;
    const before = taken.get(id) ?? 0;
    taken.set(id, before + 1);
    ids.set(row, before === 0 ? id : `${id}~${before}`);
  }
  return ids;
}
