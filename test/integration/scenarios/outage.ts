import { serveHttp } from "../../support/http-server.ts";
import type { HealLine } from "../../support/healer.ts";
import { graceOver, nowIso, pause, signalWorker, type Part, type Stage } from "../stage.ts";
import { upstreamPart } from "./upstream-outage.ts";

/** The built-in knobs divided by this: an outage of a minute means one of twenty. */
export const SHARE = 20;
const OUTAGE_MS = 60_000;
const HEALTHY_MS = 15_000;

export interface Told {
  /** By instance. */
  readonly restarts: readonly number[];
  /** Events of the group in order, incidents and heals only. */
  readonly story: readonly string[];
  readonly opened: HealLine;
  readonly closed: HealLine;
  readonly circuitsOpened: number;
}

export function groupPart(
  app: string,
  instances: number,
  options: { readonly share?: number; readonly strategy?: Readonly<Record<string, unknown>> } = {},
): Part {
  const part = upstreamPart(options.share ?? SHARE, app);
  return {
    ...part,
    workers: { script: "task-worker.mjs", ...part.workers, instances },
    strategy: { ...part.strategy, ...options.strategy },
  };
}

/**
 * What all workers of `app` depend on is away for a minute. `stuck`: the instance that stays bad afterwards until it is
 * restarted. `during`: what else happens as it goes and as it comes back.
 */
export async function outageOf(
  stage: Stage,
  app: string,
  options: {
    readonly stuck?: number;
    readonly outageMs?: number;
    readonly share?: number;
    readonly during?: (isAway: boolean) => void;
  } = {},
): Promise<Told> {
  const fault = stage.faultFile(app);
  await graceOver(stage, app, (180 / (options.share ?? SHARE)) * 1000);
  await pause(HEALTHY_MS);
  const onset = nowIso();
  options.during?.(true);
  fault.set();
  await pause(options.outageMs ?? OUTAGE_MS);
  if (options.stuck !== undefined) await signalWorker(stage, app, "SIGUSR2", options.stuck);
  fault.clear();
  options.during?.(false);
  const closed = await stage.waitFor(app, ({ event }) => event === "incident_closed", 180_000, onset);
  await pause(5000);
  return { ...(await toldOf(stage, app, onset)), closed };
}

async function toldOf(stage: Stage, app: string, onset: string): Promise<Omit<Told, "closed">> {
  const lines = stage.linesOf(app, onset);
  const opened = lines.find(({ event }) => event === "incident_open");
  if (opened === undefined) throw new Error(`no incident of ${app}: ${lines.map(({ event }) => event).join(" ")}`);
  const told = /^(incident_|heal_intent|heal_verdict)/;
  return {
    restarts: (await stage.rows(app)).map((row) => row.restarts),
    story: lines.filter(({ event }) => told.test(event)).map(({ event }) => event),
    opened,
    circuitsOpened: lines.filter(({ event }) => event === "circuit_open").length,
  };
}

/** Something upstream that says whether it is there. */
export async function startDependency(): Promise<{ readonly url: string; goAway(isAway: boolean): void; close(): Promise<void> }> {
  let away = false;
  const server = await serveHttp((_request, response) => response.writeHead(away ? 503 : 200).end());
  return { url: server.url, goAway: (isAway) => void (away = isAway), close: () => server.close() };
}
