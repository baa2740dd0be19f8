import { z } from "zod";
import { LOG_EVENTS, PAGE_EVENTS, type LogEvent } from "../core/log-record.ts";
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

const VERDICTS = ["heal_verdict:recovered", "heal_verdict:failed", "heal_verdict:inconclusive", "heal_verdict:aborted"] as const;
const selector = z.enum(["pages", "all", ...LOG_EVENTS, ...VERDICTS]);

/** The parameter `on` of every notifier: `pages` (what wakes a person), `all`, event names, `heal_verdict:failed`, or a list. */
export const selection = z
  .union([selector, z.array(selector).min(1)])
  .default("pages")
  .meta({ description: "pages (what wakes a person), all, event names, heal_verdict:failed, or a list of these" });

export type Selection = z.output<typeof selection>;

/** A failure to notify is told only to who names it: in `all` it would answer every lost message with another one. */
export function selects(on: Selection, record: SealedRecord): boolean {
  const wanted: readonly string[] = typeof on === "string" ? [on] : on;
  const pages: readonly LogEvent[] = PAGE_EVENTS;
  const verdict = record.more?.["verdict"];
  return (
    wanted.includes(record.event) ||
    (wanted.includes("all") && record.event !== "notify_failed") ||
    (wanted.includes("pages") && pages.includes(record.event) && !(record.event === "alert" && record.level !== "error")) ||
    (record.event === "heal_verdict" && typeof verdict === "string" && wanted.includes(`heal_verdict:${verdict}`))
  );
}
