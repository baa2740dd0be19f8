import type { SealedRecord } from "../core/sealed-record.ts";
import type { Notifier } from "../notifiers/notifier.ts";
import { Delivery, type DeliveryOptions, type OutboxLimits } from "./notify-delivery.ts";

/** Messages on their way to people. Bounded, in memory, one at a time for each notifier; never delays a heal. */
export interface NotifyOutbox {
  /** Takes the record for every notifier that wants it, and returns at once. */
  offer(record: SealedRecord): void;
  /** Messages not delivered yet. */
  readonly pending: number;
  /** Lets what is pending go out, for `waitMs` at most; returns how many are left. */
  flush(waitMs: number): Promise<number>;
  /** Stops sending; what is pending is lost, and said so. */
  close(): Promise<void>;
}

export interface OutboxOptions extends Omit<DeliveryOptions, "limits"> {
  readonly notifiers: readonly Notifier[];
  readonly limits?: Partial<OutboxLimits>;
}

// 12 attempts reach over half an hour of a chat service's outage; 500 messages are some 200 KB, and more than a person reads.
const LIMITS: OutboxLimits = {
  waitingMax: 500,
  attemptsMax: 12,
  sendTimeoutMs: 15_000,
  retryBaseMs: 1_000,
  retryMaxMs: 300_000,
  reportEveryMs: 600_000,
};

export function openOutbox(options: OutboxOptions): NotifyOutbox {
  const limits = { ...LIMITS, ...options.limits };
  const deliveries = options.notifiers.map((notifier) => new Delivery(notifier, { ...options, limits }));
  const pending = (): number => deliveries.reduce((sum, delivery) => sum + delivery.pending, 0);
  return {
    offer(record) {
      for (const delivery of deliveries) delivery.offer(record);
    },
    get pending() {
      return pending();
    },
    async flush(waitMs) {
      await Promise.all(deliveries.map((delivery) => delivery.idle(waitMs)));
      return pending();
    },
    async close() {
      await Promise.all(deliveries.map((delivery) => delivery.close()));
    },
  };
}
