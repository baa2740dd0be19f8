import type { WorkerRow, WorkerVitals } from "../../core/worker-row.ts";
import { isRecord, positiveOrNull, type Fields } from "./pm2-fields.ts";

/**
 * PM2 forgets the figures with each end and each start of a process, but a message of the last one may still arrive then, and no figure
 * says whose it is. The agent tells its first ones after a second and all of them every second from 2.3 s on (measured, PM2 7.0.4), so
 * that what stands there after 5 s is this process's own.
 */
const UP_MS_MIN = 5_000;
const VALUE_MAX = 1e9;
const TEXT_MAX = 24;

type Figures = Omit<WorkerVitals, "readWallMs">;
type Figure = keyof Figures;

/** What PM2's agent in a Node worker puts among its metrics; other names are the worker's own. */
const METRICS: Readonly<Record<Figure, readonly [name: string, unit: string | undefined]>> = {
  heapUsedMib: ["Used Heap Size", "MiB"],
  heapTotalMib: ["Heap Size", "MiB"],
  loopLatencyMs: ["Event Loop Latency", "ms"],
  loopLatencyP95Ms: ["Event Loop Latency p95", "ms"],
  handles: ["Active handles", undefined],
  requests: ["Active requests", undefined],
};

/** `agentFigures` of two lists differ where the agent has told something between: it never tells the same twice. */
export function toldByAgent(fields: Fields, pid: number | null, readWallMs: number): Pick<WorkerRow, "vitals" | "agentFigures"> {
  const figures = pid === null ? null : figuresOf(fields);
  if (figures === null) return { vitals: null, agentFigures: null };
  const startedWallMs = positiveOrNull(fields["pm_uptime"]);
  const isOwn = startedWallMs !== null && readWallMs - startedWallMs >= UP_MS_MIN;
  return { vitals: isOwn ? { readWallMs, ...figures } : null, agentFigures: Object.values(figures).join(" ") };
}

/** Untrusted, since a worker may call metrics of its own the same: a figure in another unit, or that is none, is left out. */
function figuresOf(fields: Fields): Figures | null {
  const metrics = fields["axm_monitor"];
  if (!isRecord(metrics)) return null;
  const figure = (key: Figure): number | null => figureOf(metrics, ...METRICS[key]);
  const [heapUsedMib, heapTotalMib, loopLatencyMs] = [figure("heapUsedMib"), figure("heapTotalMib"), figure("loopLatencyMs")];
  const [loopLatencyP95Ms, handles, requests] = [figure("loopLatencyP95Ms"), figure("handles"), figure("requests")];
  const known = heapUsedMib ?? loopLatencyMs ?? handles ?? requests; // the others say little alone
  return known === null ? null : { heapUsedMib, heapTotalMib, loopLatencyMs, loopLatencyP95Ms, handles, requests };
}

function figureOf(metrics: Fields, name: string, unit: string | undefined): number | null {
  const metric = metrics[name];
  if (!isRecord(metric) || metric["unit"] !== unit) return null;
  const { value } = metric;
  const isText = typeof value === "string" && value !== "" && value.length <= TEXT_MAX;
  const figure = isText ? Number(value) : value;
  return typeof figure === "number" && figure >= 0 && figure <= VALUE_MAX ? figure : null; // NaN compares false
}
