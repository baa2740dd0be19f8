import { createHash } from "node:crypto";
import { join } from "node:path";
import { failure, success, type Outcome } from "../core/outcome.ts";
import type { Mode, Policy } from "../core/strategy.ts";
import { envNamesIn } from "../core/worker-template.ts";
import { publicUrl } from "../world/http/public-url.ts";
import { compileNotifiers, compileQueues, type CompiledQueue } from "./compile-kinds.ts";
import { compileStrategies, type CompiledStrategy } from "./compile-strategies.ts";
import type { Compiled } from "./compiled.ts";
import type { ConfigError } from "./config-error.ts";
import { cronRuns } from "./cron-runs.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { readDocument } from "./document.ts";
import { valueAt } from "./issue-words.ts";
import { BUDGET_SCHEMA, BUILT_IN_BUDGET, DEFAULTS_SCHEMA } from "./knobs.ts";
import { limitsOf, readMachine } from "./machine.ts";
import { bindWindows } from "./maintenance.ts";
import { problemList, type ProblemList } from "./problem-list.ts";
import { API_DEFAULT, INTERVAL_DEFAULT_MS, TOP_SCHEMA } from "./schema.ts";
import { settingsOf } from "./settings.ts";

export interface LoadOptions {
  /** As it shall stand in messages. */
  readonly file: string;
  /** healer's own environment, for `${VAR}` and `~`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--observe` on the command line: nothing in the file overrides it towards healing. */
  readonly observe?: boolean;
}

/**
 * Reads a configuration as a whole: all its mistakes at once, or everything the daemon runs on, every number resolved
 * and every rule and action bound, so that a slip of the pen shows here and not at 3 a.m. Never throws for any text.
 */
export function loadConfig(text: string, options: LoadOptions): Outcome<Compiled, ConfigError> {
  const document = readDocument(text, options);
  if (document.unreadable) return failure({ file: options.file, problems: document.problems });
  const problems = problemList(document);
  const { raw } = document;
  if (!isMap(raw)) {
    problems.value([], "expected a map that begins with version: 1");
    return failure({ file: options.file, problems: problems.list() });
  }
  noteMissing(raw, problems);
  const top = problems.parse(TOP_SCHEMA, raw, []);
  const defaults = valueAt(raw, ["defaults"]);
  if (defaults !== undefined && defaults !== null) problems.parse(DEFAULTS_SCHEMA, defaults, ["defaults"]);
  const queues = compileQueues(document, problems);
  const strategies = compileStrategies(document, problems);
  const notifiers = compileNotifiers(document, problems);
  const api = readApi(top?.api);
  const pm2Home = readPm2Home(top?.pm2_home, options.env);
  const budget = BUDGET_SCHEMA.safeParse({ ...BUILT_IN_BUDGET, ...Object(valueAt(raw, ["defaults", "advanced", "budget"]) ?? {}) });
  const found = problems.list();
  if (found.length > 0 || top === null || !budget.success) return failure({ file: options.file, problems: found });
  const mode = options.observe === true ? "observe" : top.mode;
  const maintenance = bindWindows(top.maintenance);
  const machine = readMachine(top);
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  const policy: Policy = {
    mode,
    latestCronRun: cronRuns(),
    intervalMs: top.interval ?? INTERVAL_DEFAULT_MS,
    budget: { tokens: budget.data.tokens, refillMs: budget.data.refill_seconds },
    strategies: strategies.map((strategy) => coreStrategy(strategy, queues, mode)),
    maintenance,
    machine: limitsOf(machine),
    hash,
  };
  const settings = settingsOf(document, { policy, strategies, queues, notifiers, maintenance, machine, api, pm2Home });
  const envNames = envNamesOf(strategies, queues);
  return success({
    policy,
    strategies,
    queues,
    notifiers,
    deadMansSwitch: top.dead_mans_switch ?? null,
    maintenance,
    machine,
    api,
    pm2Home,
    envNames,
    file: options.file,
    hash,
    settings,
    place: document.place,
  });
}

function isMap(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}

function noteMissing(raw: Readonly<Record<string, unknown>>, problems: ProblemList): void {
  if (raw["version"] === undefined) problems.key(["version"], "is missing; write version: 1");
  else if (raw["version"] !== 1) problems.value(["version"], "this healer reads version 1");
  if (raw["strategies"] === undefined) problems.key(["strategies"], "is missing; expected a list of strategies");
  if (raw["mode"] === undefined) problems.key(["mode"], "is missing; write mode: observe (decide and record only) or mode: heal");
}

function coreStrategy(strategy: CompiledStrategy, known: readonly CompiledQueue[], fileMode: Mode): Policy["strategies"][number] {
  const { name, selector, queues, actions, knobs, maintenance, boundRules, dependency, gpus } = strategy;
  const mode = fileMode === "observe" || strategy.mode === "observe" ? "observe" : "heal"; // the safer wins
  const fingerprint = fingerprintOf(strategy, known);
  const probed = dependency === null ? {} : { dependency: publicUrl(dependency.url) };
  const computing = gpus === null ? {} : { gpus };
  return { name, mode, selector, queues, actions, knobs, maintenance, rules: boundRules, fingerprint, ...probed, ...computing };
}

function readApi(api: false | { host?: string | undefined; port?: number | undefined } | undefined): Compiled["api"] {
  return api === false ? false : { host: api?.host ?? API_DEFAULT.host, port: api?.port ?? API_DEFAULT.port };
}

function readPm2Home(home: string | undefined, env: LoadOptions["env"]): string | null {
  if (home === undefined) return null;
  return home.startsWith("~") ? join(env["HOME"] ?? "/", home.slice(1)) : home;
}

/** `{env.PORT}` in any text of a rule, and what a queue's kind says it needs. */
function envNamesOf(strategies: readonly CompiledStrategy[], queues: readonly CompiledQueue[]): readonly string[] {
  const rules = strategies.flatMap(({ boundRules }) => boundRules.flatMap(({ params }) => textsIn(params).flatMap(envNamesIn)));
  const keys = queues.flatMap(({ kind, params }) => kind.envNames(params));
  return [...new Set([...rules, ...keys])].sort();
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
