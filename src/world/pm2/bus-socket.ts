import { connect, type Socket } from "node:net";
import { parseException, parseHint, roomFor } from "./bus-hint.ts";
import type { Pm2Hint } from "./pm2.ts";
import { whyPathTooLong } from "./socket-path.ts";
import { FRAME_BYTES_MAX, FrameReader } from "./wire.ts";

const BACKOFF = { firstMs: 100, factor: 1.5, maxMs: 5000 };
const SETTLED_MS = 5000; // a connection that lasted this long was a good one: the next loss starts at the shortest wait
const MIB = 1024 * 1024;
/** Measured (docs/decisions/0019): up to 50 MB/s a reader costs PM2's daemon nothing, at 100 MB/s 80 MB of memory. */
const LIMITS: BusLimits = { lookMs: 1000, lagMsMax: 5000, flood: { bytesMax: 16 * MIB, withinMs: 500, restMs: 60_000 } };

export interface BusLimits {
  readonly lookMs: number;
  /** This process was too busy, or stopped, for so long. */
  readonly lagMsMax: number;
  /** More than `bytesMax` came in `withinMs`: the bus is left alone for `restMs`. */
  readonly flood: { readonly bytesMax: number; readonly withinMs: number; readonly restMs: number };
}

export interface BusSocket {
  readonly connected: boolean;
  /** Why it is not connected; null = it is. */
  readonly silence: string | null;
  /** Who hears of uncaught exceptions, by the worker's pm_id; null = they are skipped unread. */
  hearExceptions(hear: ((pmId: number) => void) | null): void;
  close(): void;
}

/**
 * Subscribes to the daemon's bus and stays subscribed, through deaths of the daemon too. The daemon keeps in memory
 * whatever a subscriber does not read, without limit, so this one never pauses, and hangs up when this process has been
 * too busy (or stopped) to read for `lagMsMax`. It also hangs up in a flood of log lines, all of which the daemon copies for
 * every subscriber: what a hint would tell, a list tells too. There is no replay: `bus-back` means "look again".
 */
export function openBusSocket(path: string, onHint: (hint: Pm2Hint) => void, limits: BusLimits = LIMITS): BusSocket {
  const bus = new Bus(path, onHint, limits);
  if (whyPathTooLong(path) === null) bus.open();
  return bus;
}

class Bus implements BusSocket {
  readonly #path: string;
  readonly #onHint: (hint: Pm2Hint) => void;
  readonly #limits: BusLimits;
  readonly #lagTimer: NodeJS.Timeout;
  #lookedAtMs = performance.now();
  #hearException: ((pmId: number) => void) | null = null;
  #flow = { sinceMs: 0, bytes: 0 };
  #isFlooded = false;
  #socket: Socket | null = null;
  #connectedAtMs: number | null = null;
  #waitMs = BACKOFF.firstMs;
  #retryTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(path: string, onHint: (hint: Pm2Hint) => void, limits: BusLimits) {
    this.#path = path;
    this.#onHint = onHint;
    this.#limits = limits;
    this.#lagTimer = setInterval(() => this.#hangUpIfLagging(), limits.lookMs);
    this.#lagTimer.unref();
  }

  get connected(): boolean {
    return this.#connectedAtMs !== null;
  }

  get silence(): string | null {
    if (this.connected) return null;
    const { bytesMax, withinMs, restMs } = this.#limits.flood;
    const rate = Math.round((bytesMax / withinMs) * (1000 / MIB));
    return this.#isFlooded
      ? `PM2's bus carries more than ${rate} MB/s of log lines and is left alone for ${restMs / 1000} s`
      : "PM2's bus does not answer";
  }

  hearExceptions(hear: ((pmId: number) => void) | null): void {
    this.#hearException = hear;
  }

  open(): void {
    const socket = connect(this.#path);
    this.#socket = socket;
    this.#isFlooded = false;
    const reader = new FrameReader({
      frameBytesMax: FRAME_BYTES_MAX,
      room: (topic) => roomFor(topic, this.#hearException !== null),
      onFrame: (args) => this.#hear(args),
    });
    socket.on("connect", () => {
      this.#connectedAtMs = performance.now();
      this.#flow = { sinceMs: this.#connectedAtMs, bytes: 0 };
      this.#onHint({ kind: "bus-back", pmId: null });
    });
    socket.on("data", (chunk: Buffer) => {
      if (reader.push(chunk) !== null || this.#isFlood(chunk.length)) socket.destroy();
    });
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => this.#lose());
  }

  close(): void {
    this.#closed = true;
    this.#connectedAtMs = null;
    clearInterval(this.#lagTimer);
    clearTimeout(this.#retryTimer);
    this.#socket?.destroy();
  }

  #hear(args: readonly Buffer[]): void {
    if (this.#closed) return;
    const exceptionOf = this.#hearException === null ? null : parseException(args);
    if (exceptionOf !== null) return this.#hearException?.(exceptionOf);
    const hint = parseHint(args);
    if (hint !== null) this.#onHint(hint);
  }

  #lose(): void {
    if (this.#closed) return;
    if (this.#connectedAtMs !== null) {
      if (performance.now() - this.#connectedAtMs > SETTLED_MS) this.#waitMs = BACKOFF.firstMs;
      this.#connectedAtMs = null;
      this.#onHint({ kind: "bus-lost", pmId: null });
    }
    this.#retryTimer = setTimeout(() => this.open(), this.#isFlooded ? this.#limits.flood.restMs : this.#waitMs);
    this.#retryTimer.unref();
    this.#waitMs = Math.min(this.#waitMs * BACKOFF.factor, BACKOFF.maxMs);
  }

  #isFlood(bytes: number): boolean {
    const { bytesMax, withinMs } = this.#limits.flood;
    const nowMs = performance.now();
    if (nowMs - this.#flow.sinceMs > withinMs) this.#flow = { sinceMs: nowMs, bytes: 0 };
    this.#flow.bytes += bytes;
    this.#isFlooded = this.#flow.bytes > bytesMax;
    return this.#isFlooded;
  }

  #hangUpIfLagging(): void {
    const nowMs = performance.now();
    const lagMs = nowMs - this.#lookedAtMs - this.#limits.lookMs;
    this.#lookedAtMs = nowMs;
    if (lagMs < this.#limits.lagMsMax) return;
    this.#waitMs = BACKOFF.maxMs;
    this.#socket?.destroy();
  }
}
