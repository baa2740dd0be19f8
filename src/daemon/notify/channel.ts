import type { LogRecord } from "../../core/log-record.ts";
import type { SealedRecord } from "../../core/sealed-record.ts";
import type { Message, Notifier } from "../../notifiers/notifier.ts";
import type { OutboxFile } from "../../record/outbox-file.ts";
import { pause } from "../../world/clock/pause.ts";
import { admit } from "./admit.ts";
import { deliver } from "./deliver.ts";
import { LossReport } from "./losses.ts";
import { begin, idsOf, surplus, underWay } from "./outgoing.ts";
import { Pace } from "./pace.ts";

export interface ChannelOptions {
  /** Takes the `notify_failed` lines. */
  readonly record: (record: LogRecord) => void;
  readonly wallMs: () => number;
  /** Of this healer. */
  readonly startedMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly limits: ChannelLimits;
  /** Sending begins then: when whoever sent from this outbox before has stopped. */
  readonly after: Promise<unknown>;
}

export interface ChannelLimits {
  /** What waits beyond these is dropped, the oldest first, pages last. */
  readonly waitingMax: number;
  readonly waitingBytesMax: number;
  readonly ageMaxMs: number;
  readonly sendTimeoutMs: number;
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  /** Losses are told once in this time, with their number. */
  readonly reportEveryMs: number;
}

const LOOK_AGAIN_MS = 60_000; // whatever somebody does to the clock

/** One notifier and what it has still to tell: in order, one message at a time, until it is told, refused or too old. */
export class Channel {
  readonly notifier: Notifier;
  readonly outbox: OutboxFile;
  readonly #options: ChannelOptions;
  readonly #losses: LossReport;
  readonly #pace: Pace;
  readonly #closing = new AbortController();
  #news = new AbortController();
  #working: Promise<void> | null = null;
  #sending: Promise<void> = Promise.resolve();

  constructor(notifier: Notifier, outbox: OutboxFile, options: ChannelOptions) {
    this.notifier = notifier;
    this.outbox = outbox;
    this.#options = options;
    this.#losses = new LossReport(outbox, { ...options, name: notifier.name, everyMs: options.limits.reportEveryMs });
    this.#pace = new Pace(notifier, options.wallMs);
  }

  /** What an earlier channel or healer has left is sent, and reported where it was lost. */
  start(): void {
    this.#working ??= this.#work();
  }

  offer(id: string, record: SealedRecord): void {
    if (this.#closing.signal.aborted || this.#isOwnFailure(record)) return;
    const told = { on: this.notifier.keys.on, startedMs: this.#options.startedMs };
    const entry = admit({ id, record, quiet: this.#pace.isQuiet() }, told, this.outbox.state);
    if (entry === null) return;
    this.outbox.apply({ op: "add", entry });
    for (let left = surplus(this.outbox, this.#options.limits); left !== null; left = surplus(this.outbox, this.#options.limits))
      this.#losses.lose([left], "too many messages are waiting");
    this.#news.abort();
    this.start();
  }

  /** Resolves when nothing is left that may be sent now, or after `waitMs`. */
  async idle(waitMs: number): Promise<void> {
    await pause(0); // what was offered just now is on its way then
    const enough = new AbortController();
    await Promise.race([this.#sending, pause(waitMs, enough.signal)]);
    enough.abort();
  }

  /** Ends sending; what waits stays in the outbox. */
  async stop(): Promise<void> {
    this.#closing.abort();
    this.#news.abort();
    await this.#working;
    this.#losses.report();
  }

  async #work(): Promise<void> {
    await this.#options.after;
    await this.notifier.prepare?.();
    while (!this.#closing.signal.aborted) {
      this.#sending = this.#sendDue();
      await this.#sending;
      if (this.#closing.signal.aborted) return;
      this.#news = new AbortController();
      await pause(Math.min(this.#nextLookMs(), LOOK_AGAIN_MS), this.#news.signal);
    }
  }

  #nextLookMs(): number {
    if (this.#losses.dueInMs() === 0) this.#losses.report();
    const plan = this.#pace.next(this.outbox.state);
    const sendInMs = plan === null ? Infinity : (plan.waitMs ?? 0);
    return Math.min(sendInMs, this.#losses.dueInMs() ?? Infinity);
  }

  /** A send that closing broke off stays in the outbox. */
  async #sendDue(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const message = underWay(this.outbox) ?? this.#next();
      if (message === null) return;
      const isTooOld = (): boolean => message.notices.every(({ record }) => this.#isTooOld(record));
      const error = await deliver(this.notifier, message, { ...this.#options, signal: this.#closing.signal, isTooOld });
      if (error === null) this.#told(message);
      else if (this.#closing.signal.aborted) return;
      else this.#losses.lose(idsOf(message), error);
    }
  }

  #next(): Message | null {
    const notices = [...this.outbox.state.waiting.values()].filter(({ record }) => this.#isTooOld(record));
    this.#losses.lose(idsOf({ notices }), "it could not be told in time");
    const plan = this.#pace.next(this.outbox.state);
    return plan?.send === undefined ? null : begin(this.outbox, plan.send, plan.heading);
  }

  /** Written down before the next one is sent. */
  #told(message: Message): void {
    const atMs = this.#options.wallMs();
    const ids = idsOf(message);
    const urgent = ids.some((id) => this.outbox.state.waiting.get(id)?.urgent === true);
    this.outbox.apply({ op: "sent", ids, atMs, urgent });
    this.#pace.told(message, atMs);
    this.#losses.report(); // it is well again
  }

  #isTooOld({ ts }: SealedRecord): boolean {
    return this.#options.wallMs() - Date.parse(ts) > this.#options.limits.ageMaxMs;
  }

  #isOwnFailure({ event, more }: SealedRecord): boolean {
    return event === "notify_failed" && more?.["notifier"] === this.notifier.name;
  }
}
