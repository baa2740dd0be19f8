import type { SealedRecord } from "../../core/sealed-record.ts";
import type { Message, Notifier } from "../../notifiers/notifier.ts";
import { quietEnd } from "../../notifiers/quiet-hours.ts";
import type { OutboxState } from "../../record/outbox-state.ts";
import { nextMessage, type Plan } from "./plan.ts";

const KINDS_MAX = 1_000;

/** When what is sent: what a channel's keys say, and when it last spoke of what. */
export class Pace {
  readonly #notifier: Notifier;
  readonly #wallMs: () => number;
  readonly #quietEnd: (wallMs: number) => number | null;
  readonly #lastSent = new Map<string, number>();

  constructor(notifier: Notifier, wallMs: () => number) {
    this.#notifier = notifier;
    this.#wallMs = wallMs;
    const quiet = notifier.keys.quiet_hours;
    this.#quietEnd = quiet === undefined ? () => null : quietEnd(quiet);
  }

  isQuiet(): boolean {
    return this.#quietEnd(this.#wallMs()) !== null;
  }

  next(state: OutboxState): Plan | null {
    const { keys, singly } = this.#notifier;
    const nowMs = this.#wallMs();
    return nextMessage(state, {
      nowMs,
      quietEndMs: this.#quietEnd(nowMs),
      quietExceptPages: keys.quiet_hours?.except === "pages",
      groupMs: keys.group,
      maxPerHour: keys.max_per_hour,
      singly,
      lastSentMs: ({ record }) => this.#lastSent.get(kindOf(record)) ?? null,
    });
  }

  told({ notices }: Message, atMs: number): void {
    if (this.#lastSent.size > KINDS_MAX) this.#lastSent.clear();
    for (const { record } of notices) this.#lastSent.set(kindOf(record), atMs);
  }
}

function kindOf({ event, target }: SealedRecord): string {
  return `${event} ${target}`;
}
