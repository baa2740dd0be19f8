import type { TargetStatus } from "../../src/core/status.ts";
import type { HealerProcess, HealLine } from "../support/healer.ts";
import type { ListedApp, RealPm2 } from "../support/real-pm2.ts";
import { until } from "../support/until.ts";
import { pause, SHORT_KNOBS } from "./stage.ts";

const VERDICT_MS = 80_000;
const TASKS_SEEN = 20;

/** Apps under one PM2, with one healer that watches them, by name. */
export class Apps {
  readonly #pm2: RealPm2;
  readonly #healer: HealerProcess;

  constructor(pm2: RealPm2, healer: HealerProcess) {
    this.#pm2 = pm2;
    this.#healer = healer;
  }

  waitFor(app: string, event: string, since: string): Promise<HealLine> {
    const isIt = (line: HealLine): boolean => line.ts >= since && line.event === event && isOf(app, line);
    return this.#healer.waitFor(isIt, { deadlineMs: VERDICT_MS });
  }

  linesOf(app: string): readonly HealLine[] {
    return this.#healer.lines().filter((line) => isOf(app, line));
  }

  async rows(app: string): Promise<readonly ListedApp[]> {
    return (await this.#pm2.list()).filter(({ name }) => name === app);
  }

  async signalAll(app: string, signal: NodeJS.Signals): Promise<void> {
    for (const { pid } of await this.rows(app)) if (pid !== null) process.kill(pid, signal);
  }

  /** What healer has counted of a group. */
  async countedOf(app: string): Promise<{ readonly ok: number; readonly failed: number }> {
    const { json } = await this.#healer.call("GET", "/api/status");
    const { targets } = json as { readonly targets: readonly TargetStatus[] };
    const { ok = 0, failed = 0 } = targets.find(({ id }) => id === app)?.success.hour ?? {};
    return { ok, failed };
  }

  /** Its workers are past their grace period, and healer has seen tasks of it. */
  async atWork(app: string): Promise<void> {
    await until(async () => (await this.countedOf(app)).ok > TASKS_SEEN, `tasks of ${app}`, 40_000);
    await this.graceOver(app);
  }

  async graceOver(app: string): Promise<void> {
    const youngest = Math.max(...(await this.rows(app)).map(({ startedWallMs }) => startedWallMs ?? 0));
    await pause(Math.max(0, youngest + SHORT_KNOBS.grace_period_seconds * 1000 + 1500 - Date.now()));
  }
}

function isOf(app: string, { target }: HealLine): boolean {
  return target === app || target.startsWith(`${app}:`);
}
