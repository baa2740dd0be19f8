import type { Compiled } from "../config/compiled.ts";
import { selects } from "../core/select.ts";
import type { DaemonStatus, ShownSetting } from "../daemon/status.ts";
import { askStatus } from "./daemon-answers.ts";
import type { ControlClient } from "./control-client.ts";
import { nameOf } from "./observed-by.ts";

/** What a running daemon knows that a file alone cannot tell: what would change, and how its workers do now. */
export interface RunningDaemon {
  readonly status: DaemonStatus;
  readonly settings: readonly ShownSetting[];
}

const CHANGES_SHOWN = 20;
const TASKS_MIN = 20; // fewer say nothing of a rate

/** null = no daemon answers; `check` then speaks of the file alone. */
export async function askRunningDaemon(client: ControlClient): Promise<RunningDaemon | null> {
  const [status, config] = await Promise.all([askStatus(client), client.get("/api/config")]);
  if (!status.ok || !config.ok || config.value.status !== 200) return null;
  const body = config.value.body;
  const settings = typeof body === "object" && body !== null && "settings" in body ? body.settings : null;
  return Array.isArray(settings) ? { status: status.value, settings: settings as readonly ShownSetting[] } : null;
}

export function besideDaemon(compiled: Compiled, running: RunningDaemon): string {
  const { status } = running;
  const changes = changesFrom(running.settings, compiled);
  const shown =
    changes.length > CHANGES_SHOWN ? [...changes.slice(0, CHANGES_SHOWN), `… and ${changes.length - CHANGES_SHOWN} more`] : changes;
  const suspects = suspectsAtOnce(compiled, status);
  return [
    `Beside the running daemon (pid ${status.pid}, mode ${status.mode}, configuration ${status.config.hash}):`,
    ...(shown.length === 0 ? ["  nothing that decides would change"] : ["  would change", ...shown.map((line) => `    ${line}`)]),
    ...(suspects.length === 0
      ? ["  nobody's last hour lies below its threshold"]
      : [
          "  suspect at once by their last hour (a changed rule waits for new tasks before anybody is healed)",
          ...suspects.map((line) => `    ${line}`),
        ]),
  ].join("\n");
}

function changesFrom(before: readonly ShownSetting[], compiled: Compiled): readonly string[] {
  const old = new Map(before.map(({ path, shown }) => [path, shown]));
  const now = new Map(compiled.settings.map(({ path, shown }) => [path, shown]));
  const paths = [...new Set([...old.keys(), ...now.keys()])].filter((path) => old.get(path) !== now.get(path));
  return paths.map((path) => `${path}: ${old.get(path) ?? "(not set)"} → ${now.get(path) ?? "(not set)"}`);
}

function suspectsAtOnce(compiled: Compiled, status: DaemonStatus): readonly string[] {
  return status.targets.flatMap((target) => {
    const strategy = compiled.strategies.find(({ selector }) => selects(selector, nameOf(target)));
    const { hour } = target.success;
    if (strategy === undefined || hour === null || hour.ok + hour.failed < TASKS_MIN) return [];
    const required = strategy.knobs.minSuccessRatePercent;
    if (hour.high * 100 >= required) return [];
    return [
      `${target.id}: ${percent(hour.rate)} % (${percent(hour.low)}–${percent(hour.high)} %, n=${hour.ok + hour.failed}), required ${required} %`,
    ];
  });
}

function percent(share: number): number {
  return Math.round(share * 100);
}
