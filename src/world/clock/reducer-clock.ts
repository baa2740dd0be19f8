import type { Clock } from "./clock.ts";

/**
 * Reducer time: the sum of monotonic deltas, in ms, continued across restarts of the daemon. It never goes backwards,
 * and setting the host's clock does not move it (I13). A suspend stops it, so deadlines shift by the time slept.
 */
export interface ReducerClock {
  /** Reducer time now; any number of times a turn. */
  nowMs(): number;
  wallMs(): number;
  /** The reading that opens a turn; reports what happened to the host since the reading before. */
  read(): ClockReading;
  /** What a later process needs to go on from here; belongs into the snapshot. */
  anchor(): ClockAnchor;
}

export interface ClockReading {
  readonly nowMs: number;
  readonly wallMs: number;
  /** How long the host slept since the previous reading; 0 = not at all. */
  readonly suspendedMs: number;
  /** How far somebody set the wall clock since the previous reading, negative = back; 0 = not at all. */
  readonly wallJumpMs: number;
}

/** One instant on three clocks. */
export interface ClockAnchor {
  readonly bootId: string;
  readonly monotonicMs: number;
  readonly wallMs: number;
  readonly reducerMs: number;
}

interface Instant {
  readonly monotonicMs: number;
  readonly bootMs: number;
  readonly wallMs: number;
}

const SUSPEND_MIN_MS = 2_000; // a resumed laptop slept longer; the 10 ms grain of the boot clock stays far below
const WALL_JUMP_MIN_MS = 2_000; // NTP slews at 0.5 ms a second: a turn never collects 2 s of it
const READ_SPREAD_MAX_MS = 50; // clocks read further apart than this were interrupted and would look like a suspend
const READ_ATTEMPTS = 4;

/**
 * Goes on from `anchor`, or from 0 without one. In the same boot the monotonic clock measured the gap; after a boot only
 * the wall clock can, and a wall clock behind the saved one counts as no time at all. `floorMs` is the newest reducer
 * time on record (the journal may be ahead of the snapshot).
 */
export function startReducerClock(clock: Clock, anchor: ClockAnchor | null, floorMs = 0): ReducerClock {
  const started = readTogether(clock);
  const originMs = Math.max(floorMs, anchor === null ? 0 : continueFrom(anchor, started, clock.bootId));
  let previous = started;

  const nowMs = (): number => originMs + Math.max(0, clock.monotonicMs() - started.monotonicMs);
  return {
    nowMs,
    wallMs: () => clock.wallMs(),
    read() {
      const current = readTogether(clock);
      const reading = compare(previous, current, originMs + Math.max(0, current.monotonicMs - started.monotonicMs));
      previous = current;
      return reading;
    },
    anchor() {
      const { monotonicMs, wallMs } = readTogether(clock);
      return { bootId: clock.bootId, monotonicMs, wallMs, reducerMs: originMs + Math.max(0, monotonicMs - started.monotonicMs) };
    },
  };
}

/** An anchor made from a journal record, where the snapshot is lost: only the wall clock connects the two processes. */
export function anchorWithoutBoot(atMs: number, wallMs: number): ClockAnchor {
  return { bootId: "", monotonicMs: 0, wallMs, reducerMs: atMs };
}

function continueFrom(anchor: ClockAnchor, now: Instant, bootId: string): number {
  const monotonicGapMs = now.monotonicMs - anchor.monotonicMs;
  // A negative gap within one boot is a container restored elsewhere: its monotonic clocks cannot be compared.
  if (anchor.bootId === bootId && monotonicGapMs >= 0) return anchor.reducerMs + monotonicGapMs;
  return anchor.reducerMs + Math.max(0, now.wallMs - anchor.wallMs);
}

function compare(previous: Instant, current: Instant, nowMs: number): ClockReading {
  const monotonicMs = current.monotonicMs - previous.monotonicMs;
  const bootMs = current.bootMs - previous.bootMs;
  const sleptMs = bootMs - monotonicMs;
  const jumpedMs = current.wallMs - previous.wallMs - bootMs;
  return {
    nowMs,
    wallMs: current.wallMs,
    suspendedMs: sleptMs > SUSPEND_MIN_MS ? sleptMs : 0,
    wallJumpMs: Math.abs(jumpedMs) > WALL_JUMP_MIN_MS ? jumpedMs : 0,
  };
}

/** Reads the clocks as one instant; again when the process was stopped between two of them. */
function readTogether(clock: Clock): Instant {
  for (let attempt = 1; ; attempt++) {
    const monotonicMs = clock.monotonicMs();
    const instant = { monotonicMs, bootMs: clock.bootMs(), wallMs: clock.wallMs() };
    if (clock.monotonicMs() - monotonicMs <= READ_SPREAD_MAX_MS || attempt === READ_ATTEMPTS) return instant;
  }
}
