import { connect, type Socket } from "node:net";
import { isWantedTopic, parseHint } from "./bus-hint.ts";
import type { Pm2Hint } from "./pm2.ts";
import { whyPathTooLong } from "./socket-path.ts";
import { FRAME_BYTES_MAX, FrameReader } from "./wire.ts";

const BACKOFF = { firstMs: 100, factor: 1.5, maxMs: 5000 };
const SETTLED_MS = 5000; // a connection that lasted this long was a good one: the next loss starts at the shortest wait
const LAG = { lookMs: 1000, maxMs: 5000 };

interface Lag {
  readonly lookMs: number;
  readonly maxMs: number;
}

export interface BusSocket {
  readonly connected: boolean;
  close(): void;
}

/**
 * Subscribes to the daemon's bus and stays subscribed, through deaths of the daemon too. The daemon keeps in memory
 * whatever a subscriber does not read, without limit, so this one never pauses, and hangs up when this process has been
 * too busy (or stopped) to read for `lag.maxMs`. There is no replay: `bus-back` means "look again".
 */
export function openBusSocket(path: string, onHint: (hint: Pm2Hint) => void, lag: Lag = LAG): BusSocket {
  const bus = new Bus(path, onHint, lag);
  if (whyPathTooLong(path) === null) bus.open();
  return bus;
}

class Bus implements BusSocket {
  readonly #path: string;
  readonly #onHint: (hint: Pm2Hint) => void;
  readonly #lag: Lag;
  readonly #lagTimer: NodeJS.Timeout;
  #lookedAtMs = performance.now();
  #socket: Socket | null = null;
  #connectedAtMs: number | null = null;
  #waitMs = BACKOFF.firstMs;
  #retryTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(path: string, onHint: (hint: Pm2Hint) => void, lag: Lag) {
    this.#path = path;
    this.#onHint = onHint;
    this.#lag = lag;
    this.#lagTimer = setInterval(() => this.#hangUpIfLagging(), lag.lookMs);
    this.#lagTimer.unref();
  }

  get connected(): boolean {
    return this.#connectedAtMs !== null;
  }

  open(): void {
    const socket = connect(this.#path);
    this.#socket = socket;
    const reader = new FrameReader({ frameBytesMax: FRAME_BYTES_MAX, wants: isWantedTopic, onFrame: (args) => this.#hear(args) });
    socket.on("connect", () => {
      this.#connectedAtMs = performance.now();
      this.#onHint({ kind: "bus-back", pmId: null });
    });
    socket.on("data", (chunk: Buffer) => {
      if (reader.push(chunk) !== null) socket.destroy();
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
    const hint = this.#closed ? null : parseHint(args);
    if (hint !== null) this.#onHint(hint);
  }

  #lose(): void {
    if (this.#closed) return;
    if (this.#connectedAtMs !== null) {
      if (performance.now() - this.#connectedAtMs > SETTLED_MS) this.#waitMs = BACKOFF.firstMs;
      this.#connectedAtMs = null;
      this.#onHint({ kind: "bus-lost", pmId: null });
    }
    this.#retryTimer = setTimeout(() => this.open(), this.#waitMs);
    this.#retryTimer.unref();
    this.#waitMs = Math.min(this.#waitMs * BACKOFF.factor, BACKOFF.maxMs);
  }

  #hangUpIfLagging(): void {
    const nowMs = performance.now();
    const lagMs = nowMs - this.#lookedAtMs - this.#lag.lookMs;
    this.#lookedAtMs = nowMs;
    if (lagMs < this.#lag.maxMs) return;
    this.#waitMs = BACKOFF.maxMs;
    this.#socket?.destroy();
  }
}
