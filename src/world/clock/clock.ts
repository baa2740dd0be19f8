import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import { hrtime } from "node:process";

/** The door to time. Three clocks, because no one of them survives everything a host does. */
export interface Clock {
  /** CLOCK_MONOTONIC, ms: never jumps, stops while the host is suspended. Comparable between processes of one boot. */
  monotonicMs(): number;
  /** Time since the host booted, suspends included, ms (10 ms resolution on Linux). */
  bootMs(): number;
  /** Ms since 1970; jumps whenever somebody sets it. */
  wallMs(): number;
  /** Differs after every boot, so that nobody compares monotonic readings of two boots. */
  readonly bootId: string;
}

const BOOT_ID_FILE = "/proc/sys/kernel/random/boot_id";
const NANOSECONDS_PER_MS = 1e6;
const BOOT_INSTANT_ROUNDING_MS = 60_000;

export function systemClock(): Clock {
  const monotonicMs = (): number => Number(hrtime.bigint()) / NANOSECONDS_PER_MS;
  const bootMs = (): number => uptime() * 1000;
  const wallMs = (): number => Date.now();
  return { monotonicMs, bootMs, wallMs, bootId: readBootId() ?? bootInstant(bootMs(), wallMs()) };
}

function readBootId(): string | null {
  try {
    return readFileSync(BOOT_ID_FILE, "utf8").trim();
  } catch {
    return null; // not Linux, or /proc is hidden
  }
}

/**
 * Without a boot id the minute of the boot stands in. When the wall clock was set meanwhile it differs although nothing
 * rebooted; the reader then continues by the wall clock, as after a boot.
 */
function bootInstant(bootMs: number, wallMs: number): string {
  return `booted-${Math.round((wallMs - bootMs) / BOOT_INSTANT_ROUNDING_MS)}`;
}
