import type { Compiled } from "../config/compiled.ts";
import type { Observed, ObservedBoot, WorkerRate } from "../config/observed.ts";
import { selects } from "../core/select.ts";
import type { TargetStatus } from "../core/status.ts";
import type { RunningDaemon } from "./beside-daemon.ts";

const HOUR_MS = 3_600_000;

/** What the running daemon has seen, for the strategies of the configuration that is checked. */
export function observedBy(compiled: Compiled, running: RunningDaemon): Observed {
  return { volumes: volumesNow(compiled, running), dayRates: dayRates(compiled, running), boots: boots(running) };
}

/** Tasks a minute of one worker, by strategy of the configuration that is checked. */
export function volumesNow(compiled: Compiled, { status }: RunningDaemon): Readonly<Record<string, number>> {
  const volumes: Record<string, number> = {};
  for (const { name, selector } of compiled.strategies) {
    const rates = status.targets.filter((target) => target.kind === "worker" && selects(selector, nameOf(target))).map(tasksPerMinute);
    const known = rates.filter((rate) => rate !== null);
    if (known.length > 0) volumes[name] = known.reduce((sum, rate) => sum + rate, 0) / known.length;
  }
  return volumes;
}

function tasksPerMinute({ success, uptime_ms }: TargetStatus): number | null {
  if (success.hour === null || uptime_ms === null || uptime_ms < 60_000) return null;
  return (success.hour.ok + success.hour.failed) / (Math.min(HOUR_MS, uptime_ms) / 60_000);
}

function dayRates(compiled: Compiled, { status }: RunningDaemon): Readonly<Record<string, readonly WorkerRate[]>> {
  const rates = compiled.strategies.map(({ name, selector }) => {
    const mine = status.targets.filter((target) => selects(selector, nameOf(target)));
    // Where the figures are the group's its workers have none.
    const judged = mine.some(({ kind, success }) => kind === "worker" && success.day !== null) ? "worker" : "group";
    return [name, mine.flatMap((target) => (target.kind === judged ? rateOf(target) : []))] as const;
  });
  return Object.fromEntries(rates);
}

function rateOf({ id, success: { day } }: TargetStatus): readonly WorkerRate[] {
  return day === null ? [] : [{ worker: id, rate: day.rate, low: day.low, high: day.high, n: day.ok + day.failed }];
}

/** A daemon of an older version measures no starts. */
function boots({ status }: RunningDaemon): Readonly<Record<string, ObservedBoot>> {
  return Object.fromEntries(
    status.targets.flatMap(({ id, kind, boot }) => {
      if (kind !== "group" || boot == null) return [];
      const { sign, starts, min_ms: minMs, median_ms: medianMs, max_ms: maxMs } = boot;
      return [[id, { sign, starts, minMs, medianMs, maxMs }] as const];
    }),
  );
}

/** `ns/app:0` → its namespace and PM2 name. */
export function nameOf({ id, kind }: TargetStatus): { readonly name: string; readonly namespace: string } {
  const slash = id.indexOf("/");
  const local = id.slice(slash + 1);
  return {
    namespace: slash < 0 ? "default" : id.slice(0, slash),
    name: kind === "worker" ? local.slice(0, local.lastIndexOf(":")) : local,
  };
}
