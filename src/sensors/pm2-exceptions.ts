import type { Observation, TargetId } from "../core/observation.ts";
import type { Pm2 } from "../world/pm2/pm2.ts";
import { createEyesight, type Sensor, type WatchedWorker } from "./sensor.ts";

const NAME = "pm2-exceptions";
const TIMEOUT_MS = 5_000; // it waits for nothing
const SPAN_MS = 1_000; // exceptions of a second are told as one
const SPANS_MAX = 100; // between two readings of a turn of a minute
const WORKERS_MAX = 10_000;

export interface ExceptionsOptions {
  readonly pm2: Pick<Pm2, "hearExceptions" | "busSilence">;
  readonly neededFor: (strategy: string) => boolean;
  readonly everyMs: number;
}

interface Span {
  readonly atMs: number;
  count: number;
}

/**
 * Counts the uncaught exceptions PM2's bus tells, from its first reading until it is closed: before and after, the bus skips
 * them unread. Each counts at the instant it was heard, so that those of a process that has been replaced since are its own.
 */
export function createExceptionsSensor({ pm2, neededFor, everyMs }: ExceptionsOptions): Sensor {
  const eyesight = createEyesight(NAME);
  let heard = new Map<number, Span[]>();
  return {
    name: NAME,
    everyMs,
    timeoutMs: TIMEOUT_MS,
    read({ now, workers }) {
      const told = heard;
      heard = new Map();
      pm2.hearExceptions((pmId) => note(heard, pmId, now()));
      const { busSilence } = pm2;
      const atMs = now();
      const found = workers
        .filter(({ strategy }) => neededFor(strategy))
        .flatMap((worker) => observed(worker, told, busSilence === null ? atMs : null));
      const sight = busSilence === null ? eyesight.sees(null, atMs) : [eyesight.blind(null, atMs, busSilence)];
      return Promise.resolve([...sight, ...found]);
    },
    close: () => pm2.hearExceptions(null),
  };
}

function note(heard: Map<number, Span[]>, pmId: number, atMs: number): void {
  const spans = heard.get(pmId) ?? [];
  if (spans.length === 0 && heard.size >= WORKERS_MAX) return;
  const last = spans.at(-1);
  if (last !== undefined && (atMs - last.atMs < SPAN_MS || spans.length >= SPANS_MAX)) last.count++;
  else heard.set(pmId, [...spans, { atMs, count: 1 }]);
}

/** `silentAtMs`: healer listens, so that a worker that PM2 speaks for has thrown nothing else; null = it may have. */
function observed(
  { id, row }: WatchedWorker,
  heard: ReadonlyMap<number, readonly Span[]>,
  silentAtMs: number | null,
): readonly Observation[] {
  const of = (target: TargetId, { atMs, count }: Span): Observation => ({ kind: "exceptions", target, atMs, count });
  const thrown = (heard.get(row.pmId) ?? []).map((span) => of(id, span));
  return silentAtMs !== null && row.tellsExceptions && row.pid !== null ? [...thrown, of(id, { atMs: silentAtMs, count: 0 })] : thrown;
}
