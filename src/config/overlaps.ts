import { selects } from "../core/select.ts";
import type { Selector } from "../core/strategy.ts";
import type { CompiledStrategy } from "./compile-strategies.ts";
import type { ConfigDocument } from "./document.ts";
import { valueAt } from "./issue-words.ts";
import type { ProblemList } from "./problem-list.ts";

/**
 * Two strategies that are bound to select one app. What only the running apps can tell (`api-*` and `*-worker`) is
 * found by `check` beside PM2, and held by the core.
 */
export function noteOverlaps(strategies: readonly CompiledStrategy[], problems: ProblemList): void {
  for (const [index, later] of strategies.entries()) {
    for (const earlier of strategies.slice(0, index)) {
      const app = sharedApp(earlier.selector, later.selector);
      if (app === null) continue;
      const both = `the strategies ${earlier.name} (line ${earlier.line}) and ${later.name} (line ${later.line}) both select ${app}`;
      problems.key([...later.path, "match"], `${both}; an app belongs to one strategy`);
      break;
    }
  }
}

function sharedApp(one: Selector, other: Selector): string | null {
  if (one.namespace !== other.namespace) return null;
  const namespace = one.namespace ?? "default";
  const named = [...one.apps, ...other.apps].filter((app) => !/[*?]/.test(app));
  const shared = named.find((name) => selects(one, { name, namespace }) && selects(other, { name, namespace }));
  if (shared !== undefined) return shared;
  const pattern = one.apps.find((app) => other.apps.includes(app));
  return pattern !== undefined && one.exclude.join() === other.exclude.join() ? pattern : null;
}

export function noteSameNames(items: readonly unknown[], document: ConfigDocument, problems: ProblemList): void {
  const seen = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const name = valueAt(item, ["name"]);
    if (typeof name !== "string") continue;
    const first = seen.get(name);
    if (first === undefined) seen.set(name, index);
    else
      problems.key(
        ["strategies", index, "name"],
        `the name ${name} is taken by the strategy in line ${document.place(["strategies", first]).line}`,
      );
  }
}
