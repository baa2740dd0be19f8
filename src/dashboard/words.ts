import type { WorkerVitals } from "../core/worker-row.ts";

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;
const NUMBERS = new Intl.NumberFormat("en"); // making one takes a hundred times as long as using it
const TIME = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short" });
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
  return count === null ? "n/a" : NUMBERS.format(count);
}

/** Local time, as people on call read it; the heal log itself is UTC. */
export function clockText(iso: string): string {
  const at = new Date(iso);
  return at.toDateString() === new Date().toDateString() ? TIME.format(at) : `${DAY.format(at)} ${TIME.format(at)}`;
}

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

export function numberText(count: number): string {
  return NUMBERS.format(count);
}

export function plural(count: number, word: string): string {
  return `${NUMBERS.format(count)} ${word}${count === 1 ? "" : "s"}`;
}

export function eventText(event: string): string {
  return event.replaceAll("_", " ");
}
