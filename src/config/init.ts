import { stringify } from "yaml";
import { groupIdOf } from "../core/select.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { plural } from "../core/words.ts";
import { RULES } from "../rules/registry.ts";

const NAME_MAX = 60;
const APP_NAME_MAX = 100; // as the schema has it

/**
 * A commented configuration in `mode: observe` for the apps that run now: not PM2's modules, not healer itself. It loads
 * as it stands; what needs a decision of a person is there as a comment.
 */
export function initConfig(rows: readonly WorkerRow[]): string {
  const apps = rows.filter((row) => !row.isModule && !isHealer(row));
  const groups = groupRows(apps.filter(isPlainName));
  const names = new Set<string>();
  const strategies = [...groups.values()].map((members) =>
    strategyText(members, { name: strategyName(members, names), isShared: isShared(members, groups) }),
  );
  const list =
    strategies.length === 0
      ? "strategies: [] # PM2 runs no app; the comment below shows what one looks like\n" + EXAMPLE
      : `strategies:\n${strategies.join("\n")}`;
  return `${HEAD}${list}${leftOut(apps)}${FOOT}`;
}

const HEAD = `# Written by healer init. It observes only: healer decides and records what it would do, and does nothing.
# Read a day of it with \`healer log --summary\`, then write mode: heal. Try changes with \`healer check\`.
version: 1
mode: observe # or heal; also per strategy and per rule, the safer wins

defaults: # every strategy inherits these; a strategy may say otherwise
  grace_period_seconds: 180 # after any start: leave the worker alone and watch it
  min_success_rate_percent: 70 # heal when recent tasks prove the rate below this
  consecutive_failures_threshold: 3 # heals in a row that did not help, before healer stops and tells you

# Where workers report what became of their tasks. Name a queue in a strategy and its success rate is watched.
queues: {}
#  tasks: {type: http, url: "http://127.0.0.1:8091/api/stats"}

`;

const FOOT = `
# Who is told when a person is needed.
# notify:
#   - {type: webhook, url: "\${ALERT_URL}", on: pages}
`;

const EXAMPLE = `#  - name: my-worker
#    match: {app: "my-worker"}
#    rules: [frozen]
`;

function strategyText(rows: readonly WorkerRow[], { name, isShared }: { name: string; isShared: boolean }): string {
  const [first] = rows;
  if (first === undefined) return "";
  const isPlain = first.namespace === "default" && !isShared;
  const namespace = isPlain ? "" : `, namespace: ${quoted(first.namespace)}`;
  const about = `${plural(rows.length, "worker")}, ${first.mode} mode${first.isNode ? "" : ", not Node"}`;
  const watchesFreeze = RULES.some((rule) => rule.name === "frozen");
  return [
    `  - name: ${stringify(name).trim()} # ${about}`,
    `    match: {app: ${quoted(first.name)}${namespace}}`,
    `    # max_workers: ${rows.length} # trim what is too many for a minute; trim_outside: orphans | all ends copies outside PM2 too`,
    "    # queue: tasks # its success rate, once the queue above is there",
    watchesFreeze ? "    rules:\n      - frozen # stopped by the kernel, or burning a CPU without a pause" : "    # rules:",
    `    #  - {rule: http-probe, url: "http://127.0.0.1:{env.PORT}/health"}`,
    memoryLine(first),
    "",
  ].join("\n");
}

function memoryLine(row: WorkerRow): string {
  if (row.maxMemoryRestartBytes !== null) return "    #  memory-above: PM2 restarts this app itself (max_memory_restart)";
  return "    #  - {rule: memory-above, limit: 512MB, for: 1m} # the whole process tree";
}

function groupRows(rows: readonly WorkerRow[]): ReadonlyMap<string, readonly WorkerRow[]> {
  const groups = new Map<string, WorkerRow[]>();
  for (const row of rows) groups.set(groupIdOf(row), [...(groups.get(groupIdOf(row)) ?? []), row]);
  return groups;
}

/** The same name in another namespace: only saying the namespace tells the two apart. */
function isShared(rows: readonly WorkerRow[], groups: ReadonlyMap<string, readonly WorkerRow[]>): boolean {
  return [...groups.values()].filter(([other]) => other?.name === rows[0]?.name).length > 1;
}

/** Names may hold anything; one that reads as a pattern might select other apps as well. */
function isPlainName(row: WorkerRow): boolean {
  return [row.name, row.namespace].every((name) => name !== "" && name.length <= APP_NAME_MAX && !/[*?]/.test(name));
}

function leftOut(apps: readonly WorkerRow[]): string {
  const names = [...new Set(apps.filter((row) => !isPlainName(row)).map(({ name }) => JSON.stringify(name.slice(0, NAME_MAX))))];
  return names.length === 0 ? "" : `\n# Left out, because their names are patterns, empty or very long: ${names.join(", ")}\n`;
}

/** JSON's quoting is YAML's; what looks like a variable of the environment is none. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("${", () => "$${");
}

function isHealer(row: WorkerRow): boolean {
  return /^(pm2-)?healer$/.test(row.name) || /[/\\](pm2-)?healer[/\\](.*[/\\])?cli[/\\]main\.[jt]s$/.test(row.script);
}

function strategyName(rows: readonly WorkerRow[], taken: Set<string>): string {
  const plain =
    (rows[0] === undefined ? "" : groupIdOf(rows[0]))
      .replaceAll(/[^A-Za-z0-9_-]+/g, "-")
      .replaceAll(/^[-_]+/g, "")
      .slice(0, NAME_MAX) || "app";
  let name = plain;
  for (let number = 2; taken.has(name); number++) name = `${plain}-${number}`;
  taken.add(name);
  return name;
}
