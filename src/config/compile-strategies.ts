import type { z } from "zod";
import { ACTIONS } from "../actions/registry.ts";
import type { GpuChoice } from "../core/gpu.ts";
import type { Knobs, Mode, Selector } from "../core/strategy.ts";
import { bindRules, type CompiledRule } from "./bind-rules.ts";
import type { ConfigPath } from "./config-error.ts";
import { contradictions } from "./contradictions.ts";
import type { DependencyProbe } from "./dependency-probe.ts";
import { hint } from "./did-you-mean.ts";
import type { ConfigDocument } from "./document.ts";
import { valueAt } from "./issue-words.ts";
import { readKnobs } from "./knobs.ts";
import { bindWindows, type CompiledWindow } from "./maintenance.ts";
import { layKnobs, nestKnobs, type KnobLayer } from "./layers.ts";
import type { ProblemList } from "./problem-list.ts";
import { ACTIONS_DEFAULT, STRATEGY_SCHEMA } from "./schema.ts";
import { noteOverlaps, noteSameNames } from "./overlaps.ts";

export interface CompiledStrategy {
  readonly name: string;
  /** As written in the strategy; null = not said. */
  readonly mode: Mode | null;
  readonly selector: Selector;
  readonly queues: readonly string[];
  readonly actions: readonly string[];
  readonly knobs: Knobs;
  readonly boundRules: readonly CompiledRule[];
  /** Its own, without everybody's. */
  readonly maintenance: readonly CompiledWindow[];
  /** null = what its workers need is not probed. */
  readonly dependency: DependencyProbe | null;
  /** null = the GPUs on which its workers hold memory. */
  readonly gpus: GpuChoice | null;
  /** `["strategies", 0]` */
  readonly path: ConfigPath;
  readonly line: number;
  readonly layers: readonly KnobLayer[];
}

const STRATEGIES_MAX = 500;

/** Reads `strategies:`. What is wrong goes to `problems`; strategies with mistakes are left out of the answer. */
export function compileStrategies(document: ConfigDocument, problems: ProblemList): readonly CompiledStrategy[] {
  const items = valueAt(document.raw, ["strategies"]);
  if (items === undefined) return [];
  if (!Array.isArray(items)) {
    problems.value(["strategies"], "expected a list of strategies");
    return [];
  }
  if (items.length > STRATEGIES_MAX) problems.key(["strategies"], `expected at most ${STRATEGIES_MAX} strategies`);
  const compiled = items
    .slice(0, STRATEGIES_MAX)
    .map((item: unknown, index) => compileOne(item, ["strategies", index], document, problems));
  const whole = compiled.filter((strategy) => strategy !== null);
  noteSameNames(items, document, problems);
  noteOverlaps(whole, problems);
  return whole;
}

function compileOne(item: unknown, path: ConfigPath, document: ConfigDocument, problems: ProblemList): CompiledStrategy | null {
  noteEmptyMatch(item, path, problems);
  const parsed = problems.parse(STRATEGY_SCHEMA, item, path);
  const layers = layKnobs(document, path);
  const knobs = readKnobs(nestKnobs(layers));
  if (knobs !== null) noteContradictions(knobs, path, document, problems);
  const queues = namesIn(valueAt(item, ["queue"]));
  noteUnknownQueues(queues, path, document, problems);
  noteUnknownActions(valueAt(item, ["actions"]), path, problems);
  const boundRules = bindRules(listIn(valueAt(item, ["rules"])), { problems, path, knobs, hasQueue: queues.length > 0 });
  if (parsed === null || knobs === null) return null;
  return {
    name: parsed.name,
    mode: parsed.mode ?? null,
    selector: selectorOf(parsed.match),
    ...{ queues, knobs, boundRules, path, layers },
    actions: parsed.actions ?? ACTIONS_DEFAULT,
    maintenance: bindWindows(parsed.maintenance),
    dependency: parsed.dependency_probe ?? null,
    gpus: parsed.gpu ?? null,
    line: document.place(path).line,
  };
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function selectorOf({ app, namespace, exclude }: z.output<typeof STRATEGY_SCHEMA>["match"]): Selector {
  return { apps: app, namespace: namespace ?? null, exclude: exclude ?? [] };
}

/** An empty `match` would select every process of the machine, which nobody means by leaving something out. */
function noteEmptyMatch(item: unknown, path: ConfigPath, problems: ProblemList): void {
  const app = valueAt(item, ["match", "app"]);
  const empty = app === undefined || app === null || app === "" || (Array.isArray(app) && app.length === 0);
  if (typeof item !== "object" || item === null || !empty) return;
  const match = valueAt(item, ["match"]);
  const isMap = typeof match === "object" && match !== null && !Array.isArray(match);
  problems.key(
    isMap ? [...path, "match", "app"] : [...path, "match"],
    'selects nothing: write match: {app: NAME}, or app: "*" for every app',
  );
}

function namesIn(value: unknown): readonly string[] {
  return [value].flat().filter((name) => typeof name === "string");
}

function noteUnknownQueues(queues: readonly string[], path: ConfigPath, document: ConfigDocument, problems: ProblemList): void {
  const known = Object.keys(Object(valueAt(document.raw, ["queues"]) ?? {}) as object);
  const single = typeof valueAt(document.raw, [...path, "queue"]) === "string";
  for (const [index, queue] of queues.entries()) {
    if (known.includes(queue)) continue;
    const help = hint(queue, known) || (known.length > 0 ? `; known: ${known.join(", ")}` : "; there is no queues: block");
    problems.key([...path, "queue", ...(single ? [] : [index])], `unknown queue ${queue}${help}`);
  }
}

const NO_RUNGS: Readonly<Record<string, string>> = {
  "hold-down": "hold-down is what healer does with crash loops by itself",
  trim: "trim is what healer does with workers too many by itself (max_workers)",
};

function noteUnknownActions(actions: unknown, path: ConfigPath, problems: ProblemList): void {
  const rungs = ACTIONS.map(({ name }) => name).filter((name) => !Object.hasOwn(NO_RUNGS, name));
  for (const [index, action] of listIn(actions).entries()) {
    const at = [...path, "actions", index];
    if (typeof action !== "string" || rungs.includes(action)) continue;
    if (NO_RUNGS[action] !== undefined) problems.key(at, `${NO_RUNGS[action]}; it is no rung of the ladder`);
    else problems.key(at, `unknown action ${action}${hint(action, rungs) || `; known: ${rungs.join(", ")}`}`);
  }
}

function noteContradictions(knobs: Knobs, strategy: ConfigPath, document: ConfigDocument, problems: ProblemList): void {
  for (const { path, message } of contradictions(knobs)) {
    const places: ConfigPath[] = [
      [...strategy, ...path],
      ["defaults", ...path],
    ];
    const written = places.find((place) => valueAt(document.raw, place) !== undefined);
    if (written !== undefined) problems.value(written, message);
    else problems.key([...strategy, ...path], message);
  }
}
