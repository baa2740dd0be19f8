import { RULES, RULES_ALWAYS_ON, RULES_OF_A_QUEUE, RULES_OF_MAX_WORKERS } from "../rules/registry.ts";
import type { Rule } from "../rules/rule.ts";
import type { Knobs } from "../core/strategy.ts";
import type { ConfigPath } from "./config-error.ts";
import { hint } from "./did-you-mean.ts";
import { valueAt } from "./issue-words.ts";
import type { ProblemList } from "./problem-list.ts";
import { RULE_MODE } from "./schema.ts";
import { noteMillisecondSlips } from "./slips.ts";

/** A rule bound to its parameters; the core judges with it, sensors read `needs` and `params`. */
export type CompiledRule = ReturnType<Rule["bind"]> & {
  /** Where it stands in the file; null = implied by the strategy. */
  readonly path: ConfigPath | null;
  readonly paramsSchema: Rule["params"];
};

interface Site {
  readonly problems: ProblemList;
  /** Of the strategy. */
  readonly path: ConfigPath;
  /** Null when a knob is wrong: parameters are checked all the same, nothing is bound. */
  readonly knobs: Knobs | null;
  readonly hasQueue: boolean;
}

/** The rules of a strategy: what is always on, what `queue` implies, and what is listed. */
export function bindRules(items: readonly unknown[], site: Site): readonly CompiledRule[] {
  const bound: CompiledRule[] = [];
  const listed = items.map((item, index) => readItem(item, [...site.path, "rules", index], site.problems));
  const counts = site.knobs !== null && site.knobs.maxWorkers !== null;
  const implied = [...RULES_ALWAYS_ON, ...(site.hasQueue ? RULES_OF_A_QUEUE : []), ...(counts ? RULES_OF_MAX_WORKERS : [])].filter(
    (name) => !listed.some((entry) => entry?.rule.name === name),
  );
  for (const entry of [...implied.map(impliedEntry), ...listed]) {
    if (entry === null) continue;
    const one = bindOne(entry, bound, site);
    if (one !== null) bound.push(one);
  }
  return bound;
}

interface Entry {
  readonly rule: Rule;
  readonly mode: unknown;
  readonly params: unknown;
  readonly path: ConfigPath | null;
}

function impliedEntry(name: string): Entry | null {
  const rule = RULES.find((one) => one.name === name);
  return rule === undefined ? null : { rule, mode: undefined, params: {}, path: null };
}

function readItem(item: unknown, path: ConfigPath, problems: ProblemList): Entry | null {
  if (typeof item === "string") return findRule(item, path, problems, { mode: undefined, params: {}, path });
  const name = valueAt(item, ["rule"]);
  if (typeof item !== "object" || item === null || Array.isArray(item) || typeof name !== "string") {
    const asKey =
      typeof item === "object" && item !== null ? Object.keys(item).find((key) => RULES.some((rule) => rule.name === key)) : undefined;
    const meant = asKey === undefined ? "" : ` (did you mean {rule: ${asKey}, …}?)`;
    problems.value(path, `expected the name of a rule, or a map with rule: NAME${meant}`);
    return null;
  }
  const { rule: _, mode, ...params } = item as Readonly<Record<string, unknown>>;
  return findRule(name, [...path, "rule"], problems, { mode, params, path });
}

function findRule(name: string, at: ConfigPath, problems: ProblemList, rest: Omit<Entry, "rule">): Entry | null {
  const rule = RULES.find((one) => one.name === name);
  if (rule !== undefined) return { ...rest, rule };
  const names = RULES.map((one) => one.name);
  problems.key(at, `unknown rule ${name}${hint(name, names) || `; known: ${names.join(", ")}`}`);
  return null;
}

function bindOne(entry: Entry, before: readonly CompiledRule[], site: Site): CompiledRule | null {
  const { rule, path } = entry;
  const at = path ?? site.path;
  if (path !== null && !site.hasQueue && rule.needs.includes("queue")) {
    site.problems.key(path, `the rule ${rule.name} needs a queue: name one with queue: in this strategy`);
  }
  if (path !== null && RULES_OF_MAX_WORKERS.includes(rule.name) && site.knobs?.maxWorkers === null) {
    site.problems.key(path, `the rule ${rule.name} needs max_workers: say in this strategy, or in defaults, how many there may be`);
  }
  noteMillisecondSlips(entry.params, at, site.problems);
  const mode = site.problems.parse(RULE_MODE, entry.mode, [...at, "mode"]);
  const parsed = rule.params.safeParse(entry.params);
  if (!parsed.success) {
    site.problems.parse(rule.params, entry.params, at);
    return null;
  }
  if (mode === null || site.knobs === null) return null;
  const sameKind = before.filter((one) => one.name === rule.name);
  const key = sameKind.length === 0 ? rule.name : `${rule.name}#${sameKind.length + 1}`;
  const observeOnly = mode === "observe" || (mode === undefined && rule.tellsOnly);
  const bound = rule.bind(parsed.data, { key, observeOnly, knobs: site.knobs });
  if (sameKind.some((one) => one.fingerprint === bound.fingerprint))
    site.problems.key(at, `the rule ${rule.name} stands here twice with the same parameters`);
  return { ...bound, path, paramsSchema: rule.params };
}
