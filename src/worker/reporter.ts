import type { LoopDelay } from "./loop-delay.ts";
import type { Tally } from "./tally.ts";

/** Carries the counts to healer and answers whether they arrived. Never throws and never rejects. */
export type Transport = (tally: Tally, what: { readonly closed: boolean }) => Promise<boolean>;

const MESSAGE_MS_MIN = 1000; // between two messages
const RETRY_MS_MAX = 30_000;
const BEAT_MS = 5000;

/**
 * Sends the counts at most once a second, and a heartbeat every five; one message under way at a time, so that nothing
 * queues up where nobody reads. After a failure it waits twice as long, up to half a minute. Its timers keep no process
 * alive.
 */
export class Reporter {
  readonly #tally: Tally;
  readonly #transport: Transport;
  readonly #loopDelay: LoopDelay;
  readonly #beating: NodeJS.Timeout;
  #timer: NodeJS.Timeout | null = null;
  #isUnderWay = false;
  #isDirty = false;
  #isClosed = false;
  #waitMs = MESSAGE_MS_MIN;
  #sentAtMs = Number.NEGATIVE_INFINITY;

  constructor(tally: Tally, transport: Transport, loopDelay: LoopDelay) {
    this.#tally = tally;
    this.#transport = transport;
    this.#loopDelay = loopDelay;
    this.#beating = setInterval(() => this.beat(), BEAT_MS);
    this.#beating.unref();
    this.beat();
  }

  /** The counts have changed; costs a comparison while a message is due already. */
  changed(): void {
    if (this.#isDirty || this.#isClosed) return;
    this.#isDirty = true;
    this.#schedule();
  }

  beat(): void {
    this.#tally.loopDelayMs = this.#loopDelay.read() ?? this.#tally.loopDelayMs;
    this.#tally.beats++;
    this.changed();
  }

  /** The last word goes out at once, whatever the rhythm. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#beating);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#loopDelay.close();
    this.#send();
  }

  #schedule(): void {
    if (this.#timer !== null || this.#isUnderWay || this.#isClosed || !this.#isDirty) return;
    this.#timer = setTimeout(() => this.#send(), Math.max(0, this.#sentAtMs + this.#waitMs - performance.now()));
    this.#timer.unref();
  }

  #send(): void {
    this.#timer = null;
    this.#isUnderWay = true;
    this.#isDirty = false;
    this.#sentAtMs = performance.now();
    void this.#transport(this.#tally, { closed: this.#isClosed }).then((arrived) => {
      this.#isUnderWay = false;
      this.#isDirty ||= !arrived;
      this.#waitMs = arrived ? MESSAGE_MS_MIN : Math.min(RETRY_MS_MAX, 2 * this.#waitMs);
      this.#schedule();
    });
  }
}
