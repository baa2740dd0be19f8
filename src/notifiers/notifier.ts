import type { z } from "zod";
import type { Outcome } from "../core/outcome.ts";
import type { SealedRecord } from "../core/sealed-record.ts";

/** The contract of a notifier: tells a person; says whether trying again makes sense. Never delays a heal. */
export interface Notifier {
  /** "webhook:1", for `notify_failed` lines. */
  readonly name: string;
  wants(record: SealedRecord): boolean;
  send(record: SealedRecord, signal: AbortSignal): Promise<Outcome<null, { readonly message: string; readonly retryable: boolean }>>;
}

/** A kind of notifier as the registry holds it. `params` is a strict object that includes `type` and `on`. */
export interface NotifierKind {
  readonly type: string;
  readonly summary: string;
  readonly params: z.ZodType;
  /** `params` must have come out of this kind's own schema. `number` counts from 1 over the configured notifiers. */
  create(params: unknown, number: number): Notifier;
}
