import type { LogRecord } from "../core/log-record.ts";
import type { SealedRecord } from "../core/sealed-record.ts";
import type { Notifier } from "../notifiers/notifier.ts";
import { pause } from "../world/clock/pause.ts";

export interface DeliveryOptions {
  /** Takes the `notify_failed` lines. */
  readonly record: (record: LogRecord) => void;
  readonly monotonicMs: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly limits: OutboxLimits;
}

export interface OutboxLimits {
  /** Messages waiting for one notifier; beyond that the oldest is dropped. */
  readonly waitingMax: number;
  readonly attemptsMax: number;
  readonly sendTimeoutMs: number;
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  /** Losses of one notifier are told once in this time, with their number. */
  readonly reportEveryMs: number;
}

/** The queue of one notifier: in order, one message at a time, retried until it is told, refused or too often failed. */
export class Delivery {
  readonly #notifier: Notifier;
  readonly #options: DeliveryOptions;
  readonly #waiting: SealedRecord[] = [];
  readonly #closing = new AbortController();
  #working: Promise<void> = Promise.resolve();
  #busy = false;
  #lost = { messages: 0, lastError: "" };
  #reportedAtMs = Number.NEGATIVE_INFINITY;

  constructor(notifier: Notifier, options: DeliveryOptions) {
    this.#notifier = notifier;
    this.#options = options;
  }

  get pending(): number {
    return this.#waiting.length;
  }

  offer(record: SealedRecord): void {
    if (this.#closing.signal.aborted || this.#isOwnFailure(record) || !this.#notifier.wants(record)) return;
    this.#waiting.push(record);
    // The message being sent stands first; the one behind it is the oldest that can still be dropped.
    if (this.#waiting.length > this.#options.limits.waitingMax)
      this.#lose(this.#waiting.splice(this.#busy ? 1 : 0, 1)[0], "too many messages are waiting");
    if (!this.#busy) this.#working = this.#work();
  }

  /** Resolves when nothing is pending, or after `waitMs`. */
  async idle(waitMs: number): Promise<void> {
    const enough = new AbortController();
    await Promise.race([this.#working, pause(waitMs, enough.signal)]);
    enough.abort();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#working;
    for (const record of this.#waiting.splice(0)) this.#count(record, "healer stopped");
    this.#report();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    for (let record = this.#waiting[0]; record !== undefined && !this.#closing.signal.aborted; record = this.#waiting[0]) {
      const error = await this.#deliver(record);
      if (this.#closing.signal.aborted && error !== null) break; // stays pending: `close` counts it
      this.#waiting.shift();
      if (error !== null) this.#lose(record, error);
      else if (this.#lost.messages > 0) this.#report();
    }
    this.#busy = false;
  }

  /** Null once it is told; else why not, after the last attempt. */
  async #deliver(record: SealedRecord): Promise<string | null> {
    const { attemptsMax, sendTimeoutMs } = this.#options.limits;
    for (let attempt = 1; ; attempt++) {
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(sendTimeoutMs)]);
      const sent = await this.#notifier.send(record, signal);
      if (sent.ok) return null;
      if (!sent.error.retryable || attempt >= attemptsMax || this.#closing.signal.aborted) return sent.error.message;
      await pause(this.#backoffMs(attempt), this.#closing.signal);
    }
  }

  /** Full jitter over the upper half, so that notifiers that failed together do not come back together. */
  #backoffMs(attempt: number): number {
    const { retryBaseMs, retryMaxMs } = this.#options.limits;
    const fullMs = Math.min(retryMaxMs, retryBaseMs * 2 ** (attempt - 1));
    return fullMs * (0.5 + 0.5 * this.#options.random());
  }

  #lose(record: SealedRecord | undefined, error: string): void {
    if (record === undefined) return;
    this.#count(record, error);
    if (this.#options.monotonicMs() - this.#reportedAtMs >= this.#options.limits.reportEveryMs) this.#report();
  }

  /** The loss of a `notify_failed` message is not reported: two dead notifiers would tell each other for ever. */
  #count(record: SealedRecord, lastError: string): void {
    if (record.event === "notify_failed") return;
    this.#lost = { messages: this.#lost.messages + 1, lastError };
  }

  #report(): void {
    const { messages, lastError } = this.#lost;
    if (messages === 0) return;
    this.#lost = { messages: 0, lastError: "" };
    this.#reportedAtMs = this.#options.monotonicMs();
    const { name } = this.#notifier;
    this.#options.record({
      level: "error",
      event: "notify_failed",
      target: "healer",
      strategy: null,
      reason: `${name}: ${messages} ${messages === 1 ? "message was" : "messages were"} not delivered: ${lastError}`,
      more: { notifier: name, messages, error: lastError },
    });
  }

  #isOwnFailure(record: SealedRecord): boolean {
    return record.event === "notify_failed" && record.more?.["notifier"] === this.#notifier.name;
  }
}
