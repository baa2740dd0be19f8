import type { Clock } from "../../src/world/clock/clock.ts";

/** A clock that stands until told otherwise. */
export interface FakeClock extends Clock {
  bootId: string;
  /** Ordinary time: all three clocks move. */
  advance(ms: number): void;
  /** The host sleeps: the monotonic clock stands. */
  suspend(ms: number): void;
  /** Somebody sets the wall clock. */
  setWall(wallMs: number): void;
  /** A new boot: monotonic and boot clocks start again; the wall clock moves on by `downMs`. */
  reboot(downMs: number): void;
}

export function fakeClock(start: { readonly monotonicMs?: number; readonly wallMs?: number } = {}): FakeClock {
  let monotonicMs = start.monotonicMs ?? 1_000_000;
  let bootMs = monotonicMs;
  let wallMs = start.wallMs ?? Date.UTC(2026, 10, 22);
  let boots = 1;
  return {
    bootId: "boot-1",
    monotonicMs: () => monotonicMs,
    bootMs: () => bootMs,
    wallMs: () => wallMs,
    advance(ms) {
      monotonicMs += ms;
      bootMs += ms;
      wallMs += ms;
    },
    suspend(ms) {
      bootMs += ms;
      wallMs += ms;
    },
    setWall(ms) {
      wallMs = ms;
    },
    reboot(downMs) {
      boots += 1;
      this.bootId = `boot-${boots}`;
      monotonicMs = 5_000;
      bootMs = 5_000;
      wallMs += downMs;
    },
  };
}
