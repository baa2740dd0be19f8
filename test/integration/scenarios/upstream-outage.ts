import { graceOver, nowIso, pause, type Part, type Stage } from "../stage.ts";

export const UPSTREAM_APP = "upstream";

/**
 * Three workers that fail together while what they depend on is away. The knobs are the built-in ones divided by `share`,
 * so that an outage of 20 minutes divided by it means the same.
 */
export function upstreamPart(share: number, app = UPSTREAM_APP): Part {
  return {
    app,
    queue: true,
    workers: { script: "task-worker.mjs", instances: 3, env: { TASK_EVERY_MS: "300" } },
    strategy: {
      window: `${Math.max(60, Math.round(3600 / share))}s`,
      grace_period_seconds: Math.round(180 / share),
      advanced: {
        sustain_seconds: Math.round(60 / share),
        verify: { timeout_seconds: Math.round(1800 / share) },
        backoff: { base: Math.round(30 / share), max: Math.round(600 / share) },
        incident: {
          onset_window: Math.round(300 / share),
          canary_delay: Math.round(240 / share),
          quiet: Math.round(120 / share),
        },
      },
    },
  };
}

export interface Outage {
  readonly restarts: number;
  readonly incidents: number;
  readonly canaries: number;
  readonly closed: string;
  readonly circuitsOpened: number;
  /** In the time after the incident was over. */
  readonly healsAfterwards: number;
}

/** `healthyMs`: how long all is well before. */
export async function upstreamOutage(
  stage: Stage,
  { share, outageMs, healthyMs, app = UPSTREAM_APP }: { share: number; outageMs: number; healthyMs: number; app?: string },
): Promise<Outage> {
  const fault = stage.faultFile(app);
  await graceOver(stage, app, (180 / share) * 1000);
  await pause(healthyMs);
  const onset = nowIso();
  fault.set();
  await pause(outageMs);
  fault.clear();
  const closed = await stage.waitFor(app, ({ event }) => event === "incident_closed", 120_000, onset);
  await pause(5000);
  const lines = stage.linesOf(app, onset);
  const count = (event: string): number => lines.filter((line) => line.event === event).length;
  return {
    restarts: (await stage.rows(app)).reduce((sum, row) => sum + row.restarts, 0),
    incidents: count("incident_open"),
    canaries: count("incident_canary"),
    closed: closed.reason,
    circuitsOpened: count("circuit_open"),
    healsAfterwards: lines.filter(({ event, ts }) => event === "heal_intent" && ts > closed.ts).length,
  };
}
