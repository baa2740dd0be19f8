import type { z } from "zod";
import type { Outcome } from "../core/outcome.ts";
import type { SealedRecord } from "../core/sealed-record.ts";
import type { ChannelKeys } from "./channel-keys.ts";

/** A record of the heal log on its way to a person. */
export interface Notice {
  /** The same over every try and over restarts of healer, on every channel. */
  readonly id: string;
  readonly record: SealedRecord;
  /** The same for the opening of a trouble and for its end; of what has no end, the id. */
  readonly incidentKey: string;
  /** This says that a trouble is over. */
  readonly resolved: boolean;
}

/** What is sent at once: one notice, or a digest of several. */
export interface Message {
  /** What a receiver tells repeats by: of a single notice its id. */
  readonly id: string;
  /** Oldest first, at least one. */
  readonly notices: readonly Notice[];
  /** Why they come as a digest, a sentence; null = a single notice. */
  readonly heading: string | null;
}

/** The contract of a notifier: tells a person; says whether trying again makes sense. Never delays a heal. */
export interface Notifier {
  /** "webhook:1", or the `name` it was given: in `notify_failed` lines and for `healer notify test`. */
  readonly name: string;
  readonly keys: ChannelKeys;
  /** Takes no digests: each notice is a message of its own, as services that count incidents want it. */
  readonly singly: boolean;
  /** What would cost a moment right when something happens; when healer starts there is time for it. */
  prepare?(): Promise<void>;
  send(message: Message, signal: AbortSignal): Promise<Outcome<null, SendFailure>>;
}

export interface SendFailure {
  readonly message: string;
  readonly retryable: boolean;
}

/** A kind of notifier as the registry holds it. `params` is a strict object that includes `type` and the keys of every channel. */
export interface NotifierKind {
  readonly type: string;
  readonly summary: string;
  readonly params: z.ZodType;
  /** Where it sends to: what waits there belongs to it, wherever in the list it stands. May hold secrets. */
  address(params: unknown): string;
  /** `params` must have come out of this kind's own schema. `number` counts from 1 over the configured notifiers. */
  create(params: unknown, number: number): Notifier;
}
