import { assignStrategy, groupIdOf } from "../core/select.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { plural } from "../core/words.ts";
import type { Compiled } from "./compiled.ts";
import type { CompiledStrategy } from "./compile-strategies.ts";
import type { ConfigProblem } from "./config-error.ts";

/** Who selects whom among the running apps. PM2's modules are nobody's. */
export interface Selection {
  /** Each strategy in the order of the file, with its groups: name → rows. */
  readonly chosen: readonly { readonly strategy: CompiledStrategy; readonly groups: ReadonlyMap<string, readonly WorkerRow[]> }[];
  /** Groups no strategy selects. */
  readonly unwatched: readonly string[];
  /** Groups that two strategies select: an error of the file, with both lines. */
  readonly conflicts: readonly ConfigProblem[];
}

export function selectRows(compiled: Compiled, rows: readonly WorkerRow[]): Selection {
  const chosen = compiled.strategies.map((strategy) => ({ strategy, groups: new Map<string, WorkerRow[]>() }));
  const unwatched = new Set<string>();
  const conflicts = new Map<string, ConfigProblem>();
  for (const row of rows.filter(({ isModule }) => !isModule)) {
    const group = groupIdOf(row);
    const assigned = assignStrategy(compiled.policy, row);
    if (assigned === null) unwatched.add(group);
    else if ("conflict" in assigned) conflicts.set(group, conflictOf(compiled, group, assigned.conflict));
    else {
      const groups = chosen.find(({ strategy }) => strategy.name === assigned.name)?.groups;
      groups?.set(group, [...(groups.get(group) ?? []), row]);
    }
  }
  return { chosen, unwatched: [...unwatched], conflicts: [...conflicts.values()] };
}

/** How many running workers an edit makes each strategy select, where that changes: `app: "*"` may be meant, or not. */
export function selectedLines(before: Compiled, after: Compiled, rows: readonly WorkerRow[]): readonly string[] {
  const [old, now] = [countsOf(before, rows), countsOf(after, rows)];
  const names = [...new Set([...old.keys(), ...now.keys()])];
  return names.flatMap((name) => {
    const [from, to] = [old.get(name) ?? 0, now.get(name) ?? 0];
    return from === to ? [] : [`strategies.${name} selects: ${from} → ${plural(to, "running worker")}`];
  });
}

function countsOf(compiled: Compiled, rows: readonly WorkerRow[]): ReadonlyMap<string, number> {
  const { chosen } = selectRows(compiled, rows);
  return new Map(chosen.map(({ strategy, groups }) => [strategy.name, [...groups.values()].flat().length]));
}

function conflictOf(compiled: Compiled, group: string, names: readonly [string, string]): ConfigProblem {
  const [first, second] = names.map((name) => compiled.strategies.find((strategy) => strategy.name === name));
  const place = compiled.place([...(second?.path ?? []), "match"]);
  const message = `the running app ${group} is selected by ${names[0]} (line ${first?.line}) and ${names[1]} (line ${second?.line}); an app belongs to one strategy`;
  return { ...place, path: `strategies.${names[1]}.match`, message };
}
