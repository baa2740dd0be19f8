import { formatDuration } from "../core/quantities.ts";
import type { Knobs } from "../core/strategy.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { inWords, plural } from "../core/words.ts";
import type { Remark } from "./advice.ts";
import type { CompiledStrategy } from "./compile-strategies.ts";
import type { Observed, ObservedBoot, WorkerRate } from "./observed.ts";
import { RATES_PERCENT } from "./rate-table.ts";
import { timeToHealMs, verdictTasks } from "./time-to-heal.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const VERIFY_MS_MAX = 7 * DAY_MS; // as the schema has it
const TASKS_MIN = 100; // of a day; fewer are no habit
const STARTS_MIN = 2; // one slow start may be chance
const GRACE_STEP_S = 30;
const ROOM = 1.5; // a grace period as long as the slowest start seen would be missed by the next

/** What the figures of a running daemon say of the knobs. Nothing where there is none. */
export function observedRemarks(
  strategy: CompiledStrategy,
  groups: ReadonlyMap<string, readonly WorkerRow[]> | null,
  observed: Observed,
): readonly Remark[] {
  const judgesRate = strategy.boundRules.some(({ name }) => name === "success-rate");
  const volume = observed.volumes?.[strategy.name];
  const remarks = [
    ...bootRemarks(strategy.knobs, groups, observed.boots ?? {}),
    ...(judgesRate && volume !== undefined && volume > 0 ? volumeRemarks(strategy.knobs, volume) : []),
    ...(judgesRate ? habitRemarks(strategy.knobs, observed.dayRates?.[strategy.name] ?? []) : []),
  ];
  return remarks.map((remark) => ({ ...remark, path: [...strategy.path, ...remark.path] }));
}

const SIGNS = { task: "its first finished task", probe: "its first good probe", life: "its first sign of life" };

/** "rpa-worker took 41–55 s to its first finished task in the last 6 starts" */
export function bootWords(group: string, { sign, starts, minMs, maxMs }: ObservedBoot): string {
  const [from, to] = [inWords(minMs), inWords(maxMs)];
  const took = from === to ? to : minMs < MINUTE_MS && maxMs < MINUTE_MS ? `${from.replace(" s", "")}–${to}` : `${from} – ${to}`;
  return `${group} took ${took} to ${SIGNS[sign]} in the last ${plural(starts, "start")}`;
}

function bootRemarks(
  knobs: Knobs,
  groups: ReadonlyMap<string, unknown> | null,
  boots: Readonly<Record<string, ObservedBoot>>,
): readonly Remark[] {
  return [...(groups?.keys() ?? [])].flatMap((group): readonly Remark[] => {
    const boot = Object.hasOwn(boots, group) ? boots[group] : undefined;
    if (boot === undefined || boot.starts < STARTS_MIN || boot.maxMs <= knobs.gracePeriodMs) return [];
    const enough = Math.ceil((boot.maxMs * ROOM) / 1000 / GRACE_STEP_S) * GRACE_STEP_S;
    const message = `${formatDuration(knobs.gracePeriodMs)} is over before a worker is ready: ${bootWords(group, boot)}; it is judged while it still starts`;
    return [{ path: ["grace_period_seconds"], message, write: `grace_period_seconds: ${enough}` }];
  });
}

function volumeRemarks(knobs: Knobs, tasksPerMinute: number): readonly Remark[] {
  const now = `at the ${Number(tasksPerMinute.toPrecision(2))} tasks a minute of a worker now`;
  const worst = Math.min(RATES_PERCENT[0] ?? 0, Math.floor(knobs.minSuccessRatePercent / 2));
  const times = timeToHealMs(knobs, { ratePercent: worst, tasksPerMinute, turnMs: 0 });
  if (times === null || times.fresh > DAY_MS) {
    const takes = times === null ? "never prove" : `take ${inWords(times.fresh)} to prove`;
    const message = `success-rate hardly ever fires ${now}: they ${takes} even ${worst} % to be below ${knobs.minSuccessRatePercent} %; rely on another rule`;
    return [{ path: [], message, write: "rules: [frozen, queue-stalled]" }];
  }
  return [...tooFewTasks(knobs, tasksPerMinute, now), ...verdictRemarks(knobs, tasksPerMinute, now)];
}

function verdictRemarks(knobs: Knobs, tasksPerMinute: number, now: string): readonly Remark[] {
  const tasks = verdictTasks(knobs) ?? 0;
  const verdictMs = (tasks / tasksPerMinute) * MINUTE_MS;
  if (verdictMs <= knobs.verify.timeoutMs) return [];
  const message = `most heals end inconclusive ${now}: a verdict takes ${plural(tasks, "task")}, ${inWords(verdictMs)}; allowed are ${inWords(knobs.verify.timeoutMs)}`;
  const enough = Math.min(VERIFY_MS_MAX, Math.ceil((2 * verdictMs) / MINUTE_MS) * MINUTE_MS);
  return [{ path: ["advanced", "verify", "timeout_seconds"], message, write: `timeout_seconds: ${formatDuration(enough)}` }];
}

function tooFewTasks({ minTasks, windowMs }: Knobs, tasksPerMinute: number, now: string): readonly Remark[] {
  const held = [
    { name: "short", needed: minTasks.short, holds: Math.floor((tasksPerMinute * windowMs) / MINUTE_MS), span: formatDuration(windowMs) },
    { name: "long", needed: minTasks.long, holds: Math.floor((tasksPerMinute * DAY_MS) / MINUTE_MS), span: "24 h" },
  ];
  return held
    .filter(({ needed, holds }) => needed > holds)
    .map(({ name, needed, holds, span }) => ({
      path: ["advanced", "min_tasks", name],
      message:
        `${span} hold ${plural(holds, "task")} ${now}, fewer than the ${needed} that its bound waits for: a slow decline is ${name === "long" ? "never" : "not"} found ${name === "long" ? "" : "within the window"}`.trimEnd(),
      isNote: name === "short", // the day's bound still finds it
    }));
}

/** Whoever lies below the threshold day after day is healed for ever. One bad worker among good ones is what healing is for. */
function habitRemarks({ minSuccessRatePercent: required }: Knobs, workers: readonly WorkerRate[]): readonly Remark[] {
  const known = workers.filter(({ n }) => n >= TASKS_MIN);
  const below = known.filter(({ high }) => high * 100 < required);
  if (below.length === 0 || below.length * 2 < known.length) return [];
  const best = Math.max(...below.map(({ rate }) => rate));
  const list = below.slice(0, 3).map(({ worker, rate, n }) => `${worker} ${Math.round(rate * 100)} % of ${n}`);
  const more = below.length > list.length ? ` and ${below.length - list.length} more` : "";
  const message = `${required} is above what ${below.length === 1 ? "this worker" : "these workers"} did in the last 24 h (${list.join(", ")}${more}): if that is their usual rate they would be healed for ever`;
  return [{ path: ["min_success_rate_percent"], message, write: `min_success_rate_percent: ${Math.max(2, Math.floor(best * 100) - 5)}` }];
}
