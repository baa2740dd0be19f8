import type { Knobs } from "../core/strategy.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { inWords, plural } from "../core/words.ts";
import type { Compiled } from "./compiled.ts";
import type { CompiledStrategy } from "./compile-strategies.ts";
import { cronRunsPerHour } from "./cron-pace.ts";
import { titled } from "./page.ts";
import type { Groups } from "./strategy-block.ts";

const HOUR_MS = 3_600_000;
const SPAWN_MS = 80; // 748 restarts in 60 s is what a real PM2 did without a delay
const MEMORY_LOOKS_PER_HOUR = 120; // PM2 looks every 30 s, and restarts at every look
const BACKOFF_MAX_MS = 15_000; // PM2's own ceiling for exp_backoff_restart_delay

export interface RestartLimits {
  /** What PM2 may do to one worker in an hour, each with its reason. */
  readonly pm2: readonly { readonly count: number; readonly words: string }[];
  readonly healer: { readonly perWorker: number; readonly group: number };
  /** One worker that crashes for an hour, both at work: PM2's restarts until healer holds it down, and its trials. */
  readonly together: number | null;
}

/** How often the workers of a group may be restarted in an hour, by whom and at most. `rows` = one group's. */
export function restartLimits(rows: readonly WorkerRow[], rules: HealRules): RestartLimits {
  const { knobs, budgetPerHour, heals } = rules;
  const perWorker = heals ? Math.min(knobs.maxHealsPerHour, knobs.circuit.maxHealsPerDay, budgetPerHour) : 0;
  const group = Math.min(perWorker * rows.length, budgetPerHour);
  const [row] = rows;
  const pm2 = row === undefined ? [] : pm2Reasons(row);
  const crashes = pm2.find(({ isCrash }) => isCrash)?.count ?? 0;
  return { pm2, healer: { perWorker, group }, together: heals && crashes > 0 ? Math.min(crashes, rules.stormExits) + 2 * perWorker : null };
}

export interface HealRules {
  readonly knobs: Knobs;
  readonly budgetPerHour: number;
  /** mode: heal, and so is the rule that holds crash loops down. */
  readonly heals: boolean;
  /** Unplanned exits that make a crash loop. */
  readonly stormExits: number;
}

function pm2Reasons(row: WorkerRow): readonly { count: number; words: string; isCrash?: boolean }[] {
  const cron = row.cronRestart === null ? null : cronRunsPerHour(row.cronRestart);
  return [
    ...(row.autorestart ? [{ ...crashRestarts(row), isCrash: true }] : []),
    ...(row.maxMemoryRestartBytes === null ? [] : [{ count: MEMORY_LOOKS_PER_HOUR, words: "max_memory_restart, looked at every 30 s" }]),
    ...(row.cronRestart === null
      ? []
      : [{ count: cron ?? 0, words: `cron_restart "${row.cronRestart}"${cron === null ? ", which was not understood" : ""}` }]),
    ...(row.watch ? [{ count: 0, words: "watch, with every change of a file" }] : []),
  ];
}

/**
 * PM2 counts an exit as unstable when the worker lived less than min_uptime, and only within min_uptime × max_restarts of the
 * last commanded start; a longer delay never reaches the count, and later crashes are not counted at all.
 */
function crashRestarts({ restartDelayMs, expBackoffMs, maxRestarts, minUptimeMs }: WorkerRow): { count: number; words: string } {
  if (maxRestarts === 0) return { count: 0, words: "no crash loop: max_restarts 0 gives it up at its first exit" };
  const delayMs = expBackoffMs === null ? restartDelayMs : Math.max(restartDelayMs, BACKOFF_MAX_MS);
  const firstDelayMs = Math.max(restartDelayMs, expBackoffMs ?? 0);
  const waits =
    expBackoffMs !== null
      ? `delays up to ${inWords(delayMs)} (exp_backoff_restart_delay)`
      : delayMs === 0
        ? "no delay"
        : `restart_delay ${seconds(delayMs)}`;
  const brake =
    firstDelayMs < minUptimeMs
      ? `; given up only after ${plural(maxRestarts, "exit")} of lives under ${seconds(minUptimeMs)} within ${seconds(minUptimeMs * maxRestarts)}`
      : "; never given up";
  return { count: Math.floor(HOUR_MS / (delayMs + SPAWN_MS)), words: `a crash loop with ${waits}${brake}` };
}

function seconds(durationMs: number): string {
  return durationMs < 1000 ? `${durationMs} ms` : inWords(durationMs);
}

/** One entry a group: what PM2 alone may do, what healer may, and what becomes of a crash loop with both. */
export function restartLines(
  { policy }: Compiled,
  { knobs, boundRules }: CompiledStrategy,
  { groups, mode }: { groups: Groups | null; mode: string },
): readonly string[] {
  const storm = boundRules.find(({ name }) => name === "restart-storm");
  const rules: HealRules = {
    knobs,
    budgetPerHour: policy.budget.tokens + Math.floor(HOUR_MS / policy.budget.refillMs),
    heals: mode === "heal" && storm?.observeOnly !== true,
    stormExits: stormExits(storm?.params),
  };
  return [...(groups ?? [])].map(([group, rows]) => titled("restarts/h", `${group}: ${sayLimits(restartLimits(rows, rules), rules)}`));
}

function stormExits(params: unknown): number {
  return typeof params === "object" && params !== null && "restarts" in params ? Number(params.restarts) : 3;
}

function sayLimits({ pm2, healer, together }: RestartLimits, { budgetPerHour, heals, stormExits: exits }: HealRules): string {
  const alone = pm2.map(({ count, words }) => (count === 0 ? words : `${grouped(count)} (${words})`)).join(" + ");
  const ours = heals
    ? `healer at most ${healer.perWorker} a worker and ${healer.group} here (budget: ${budgetPerHour} over all)`
    : "healer none (mode observe)";
  const both =
    together === null
      ? ""
      : `; together ${grouped(together)} for a worker that crashes on and on: held down after ${plural(exits, "exit")}`;
  return `${alone === "" ? "PM2 alone none" : `PM2 alone at most ${alone}`}; ${ours}${both}`;
}

/** "45 000": figures of that size are there for their size. */
function grouped(count: number): string {
  const rough = count < 1000 ? count : Math.floor(count / 1000) * 1000;
  return String(rough).replace(/(\d)(?=(\d{3})+$)/g, "$1 ");
}
