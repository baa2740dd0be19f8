import type { RestartCause } from "../core/restart-ledger.ts";
import type { RestartStatus } from "../core/status-restarts.ts";
import { plural } from "../core/words.ts";
import { agoText } from "./status-words.ts";

const WORDS: Readonly<Record<RestartCause, (count: number) => string>> = {
  crash: (count) => (count === 1 ? "1 crash" : `${count} crashes`),
  oom_killer: (count) => `${count} by the OOM killer`,
  memory_limit: (count) => `${count} by PM2's memory limit`,
  watch: (count) => `${count} by PM2's watch`,
  cron: (count) => `${count} by PM2's cron`,
  operator: (count) => `${count} by an operator`,
  healer: (count) => `${count} by healer`,
  daemon: (count) => `${count} with PM2's daemon`,
  unknown: (count) => `${count} unknown`,
};

const LAST: Readonly<Record<RestartCause, string>> = {
  crash: "crash",
  oom_killer: "OOM killer",
  memory_limit: "PM2's memory limit",
  watch: "PM2's watch",
  cron: "PM2's cron",
  operator: "operator",
  healer: "healer",
  daemon: "PM2's daemon ended",
  unknown: "unknown",
};

/** "7 restarts: 5 crashes (exit code 1: 4, SIGSEGV: 1), 1 by an operator, 1 by healer; the last 4 m ago: crash (SIGSEGV)"; null = none yet. */
export function restartsText(restarts: RestartStatus | null): string | null {
  if (restarts === null || restarts.last === null) return null;
  const { by_cause: causes, ends, last, counted } = restarts;
  const all = Object.entries(WORDS).flatMap(([cause, words]) => {
    const count = causes[cause as RestartCause] ?? 0;
    return count === 0 ? [] : [`${words(count)}${cause === "crash" ? endsText(ends) : ""}`];
  });
  const how = last.end === null || last.cause === "oom_killer" ? "" : ` (${last.end})`;
  return `${plural(counted, "restart")}: ${all.join(", ")}; the last ${agoText(last.age_ms)}: ${LAST[last.cause]}${how}`;
}

function endsText(ends: RestartStatus["ends"]): string {
  const entries = Object.entries(ends);
  const [only] = entries;
  if (only === undefined) return "";
  return entries.length === 1 ? ` (${only[0]})` : ` (${entries.map(([end, count]) => `${end}: ${count}`).join(", ")})`;
}
