import { monitorEventLoopDelay } from "node:perf_hooks";

export interface LoopDelay {
  /** The 99th percentile since the reading before, ms; null = nothing was measured. */
  read(): number | null;
  close(): void;
}

/**
 * The kernel's timer is asked every 20 ms how late it came: some 240 samples between two heartbeats, so that the 99th
 * percentile leaves one or two long tasks in five seconds out, and sees a loop that is late all the time or half of it.
 */
const RESOLUTION_MS = 20;
const PERCENTILE = 99;
const NS_A_MS = 1e6;

export function openLoopDelay(): LoopDelay {
  try {
    const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    histogram.enable();
    return {
      read() {
        const delayMs = histogram.count === 0 ? null : Math.max(0, histogram.percentile(PERCENTILE) / NS_A_MS - RESOLUTION_MS);
        histogram.reset();
        return delayMs === null ? null : Math.round(delayMs * 10) / 10;
      },
      close: () => void histogram.disable(),
    };
  } catch {
    return { read: () => null, close: () => {} }; // another runtime than Node
  }
}
