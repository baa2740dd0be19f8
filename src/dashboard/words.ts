import type { WorkerVitals } from "../core/worker-row.ts";

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;
const STEPS = ["B", "KB", "MB", "GB", "TB"];

/** "14 s", "3 m", "2 h 5 m", "4 d": as much as one glance takes. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < MINUTE_S) return `${seconds} s`;
  if (seconds < HOUR_S) return `${Math.floor(seconds / MINUTE_S)} m`;
  if (seconds < DAY_S) return `${Math.floor(seconds / HOUR_S)} h ${Math.floor((seconds % HOUR_S) / MINUTE_S)} m`;
  return `${Math.floor(seconds / DAY_S)} d ${Math.floor((seconds % DAY_S) / HOUR_S)} h`;
}

export function bytesText(bytes: number | null): string {
  if (bytes === null) return "n/a";
  const step = Math.min(STEPS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** step;
  return `${value >= 100 || step === 0 ? Math.round(value) : value.toFixed(1)} ${STEPS[step]}`;
}

export function percentText(share: number | null): string {
  if (share === null) return "n/a";
  const percent = 100 * share;
  return `${percent > 99 && percent < 100 ? percent.toFixed(1) : Math.round(percent)} %`;
}

export function countText(count: number | null): string {
  return count === null ? "n/a" : count.toLocaleString("en");
}

/** Local time, as people on call read it; the heal log itself is UTC. */
export function clockText(iso: string, seconds = true): string {
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date().toDateString();
  const time = at.toLocaleTimeString("en-GB", seconds ? {} : { hour: "2-digit", minute: "2-digit" });
  return isToday ? time : `${at.toLocaleDateString("en-GB", { day: "2-digit", month: "short" })} ${time}`;
}

/** "Node as PM2 had it at 14:02:11: heap 480.1 of 512.0 MiB (94 %), event loop latency 3.0 ms, 12 handles, 0 requests" */
export function vitalsText({ readWallMs, heapUsedMib, heapTotalMib, loopLatencyMs, handles, requests }: WorkerVitals): string {
  const share = heapUsedMib === null || !heapTotalMib ? null : heapUsedMib / heapTotalMib;
  const heap = [heapUsedMib?.toFixed(1), ...(share === null ? [] : ["of", heapTotalMib?.toFixed(1)]), "MiB"].join(" ");
  const figures = [
    ...(heapUsedMib === null ? [] : [`heap ${heap}${share === null ? "" : ` (${percentText(share)})`}`]),
    ...(loopLatencyMs === null ? [] : [`event loop latency ${loopLatencyMs.toFixed(1)} ms`]),
    ...(handles === null ? [] : [plural(handles, "handle")]),
    ...(requests === null ? [] : [plural(requests, "request")]),
  ];
  return `Node as PM2 had it at ${clockText(new Date(readWallMs).toISOString())}: ${figures.join(", ")}`;
}

export function plural(count: number, word: string): string {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}

export function eventText(event: string): string {
  return event.replaceAll("_", " ");
}
