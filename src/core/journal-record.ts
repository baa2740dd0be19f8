import type { Json } from "./log-record.ts";
import type { TargetId } from "./observation.ts";

/**
 * What is on disk before anything happens. Every record carries the target's whole control state *after* the decision,
 * so recovery is: newest snapshot, then lay the control states of all later records over it, in order. Nothing has to
 * be re-derived, and a record read twice does no harm.
 */
export interface JournalRecord {
  readonly kind: "intent" | "step" | "outcome" | "control";
  readonly healId: string | null;
  readonly target: TargetId;
  readonly wallMs: number;
  /** Reducer time, comparable across restarts of the daemon through the snapshot's clock anchor. */
  readonly atMs: number;
  /** `Control` of `state.ts` as JSON. */
  readonly control: Json;
  /** Bucket level, heal counter and the like, as JSON; the newest one wins. */
  readonly globals: Json;
  /** For people who read the file: action, verdict, pre-image, evidence. */
  readonly note: Json;
}
