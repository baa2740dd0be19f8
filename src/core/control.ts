import type { ActionStep } from "./event.ts";
import type { TargetId } from "./observation.ts";
import type { TrimLimits } from "./trim-plan.ts";
import type { Incarnation } from "./worker-row.ts";

/**
 * What the journal must never lose about a target: its phase, its streak, its deadlines. Plain JSON; every instant is
 * reducer time, so a deadline survives a restart of the daemon and shifts over a suspend by itself.
 */
export interface Control {
  phase: Phase;
  /** F: failed verdicts since the last recovered one or a reset. */
  failedHeals: number;
  /** k: how often the circuit has opened in a row; paces the cool-down. */
  opens: number;
  /** The last heal ended inconclusive: sick again before a recovered verdict makes it a failed one. */
  unproven: boolean;
  /** Intents of the last 24 h, for the flapping limits. */
  healsAtMs: number[];
  paused: Pause | null;
  lastHeal: LastHeal | null;
  /** A stop of ours that PM2 had not carried out when we gave up waiting; it still may. Left out or null = there is none. */
  lateStop?: LateStop | null;
  /** Grace counts from here when it is later than the worker's own start: a resume, or the machine's suspend. */
  calmFromMs: number;
}

export type Phase =
  | { readonly name: "healthy" }
  /** Leaves for `healthy` when the symptom goes, for `intent` when it is sustained and every guard passes. */
  /** `contain`: the row must be stopped now: a hold-down's trial failed, or the circuit opens with `on_open: stop`. */
  | { readonly name: "suspect"; readonly sinceMs: number; readonly trial: boolean; readonly contain: Containment | null }
  /** The journal is writing. Leaves when the intent is durable and the world was read again. */
  | { readonly name: "intent"; readonly heal: Heal; readonly step: ActionStep; readonly sinceMs: number }
  | { readonly name: "acting"; readonly heal: Heal; readonly step: ActionStep; readonly deadlineMs: number }
  /** A group heal between two members: the last one must be online for a while. */
  | { readonly name: "rolling"; readonly heal: Heal; readonly sinceMs: number }
  /** A hold-down: stopped by us, started once at `resumeAtMs`. */
  | { readonly name: "held"; readonly heal: Heal; readonly resumeAtMs: number }
  | { readonly name: "verifying"; readonly heal: Heal; readonly sinceMs: number; readonly error: string | null }
  /** Somebody else restarted it: a grace period without a verdict. */
  | { readonly name: "settling"; readonly sinceMs: number }
  | { readonly name: "backoff"; readonly untilMs: number }
  /**
   * Circuit open until the cool-down's trial. `heal`: the hold-down that keeps the row stopped, if that is how it
   * opened. `restartedAtMs`: somebody restarted the worker meanwhile; healthy after its grace, the circuit closes.
   */
  | {
      readonly name: "open";
      readonly untilMs: number;
      readonly why: "failures" | "flapping";
      readonly heal: Heal | null;
      readonly restartedAtMs: number | null;
    };

/** What the stop is about: the rule of the heal that failed, which will also judge the next trial. */
export interface Containment {
  readonly rule: string;
  readonly reason: string;
  /** PM2's `created_at` of the row it is about. Another one: somebody has started it since. Not in a record of 0.1.0. */
  readonly createdWallMs?: number | null;
}

export interface Heal {
  readonly id: string;
  /** Key of the rule that fired; it gives the verdict. "by-hand" for a person's heal. */
  readonly rule: string;
  readonly action: string;
  readonly trial: boolean;
  readonly atMs: number;
  /** When the symptom began; detection and recovery times count from here. */
  readonly symptomAtMs: number;
  readonly pre: PreImage | null;
  readonly evidence: string;
  /** The person who asked for it. */
  readonly by: string | null;
  /** Only for a group heal: who is left, who is being restarted, who is done. */
  readonly roll: Roll | null;
  /** Only for a trim: what was ordered, who is being ended, who has been. */
  readonly trim?: Trim | null;
  /** Only for a replace, from its intent until one of the two is gone. */
  readonly replace?: Replace | null;
  /** When the symptom was first seen gone after the action. */
  readonly clearedAtMs: number | null;
  /** The incident's canary: its failure is the incident's, not the member's. */
  readonly canary: boolean;
}

export interface PreImage extends Incarnation {
  readonly status: string;
  readonly createdWallMs: number | null;
  readonly restarts: number;
}

export interface Roll {
  readonly waiting: readonly TargetId[];
  readonly current: { readonly target: TargetId; readonly pre: PreImage } | null;
  readonly done: readonly TargetId[];
}

export interface Trim extends TrimLimits {
  /** Of which programs: others under the same name are counted for themselves. */
  readonly scripts: readonly string[];
  /** `memberKey` of those that were too many when it was decided: nobody who came later is ended by it. */
  readonly victims: readonly string[];
  /** The one whose turn it is. */
  readonly current: string | null;
  /** Those whose turn is over. */
  readonly done: readonly string[];
}

/** The worker and its replacement: how the second is known, and which of them is to go. */
export interface Replace {
  /** The `created_at` it was given: by that it is known, also to the next healer and in the next PM2 daemon. */
  readonly stampWallMs: number;
  /** Where PM2 has listed it. */
  readonly successor: { readonly generation: string; readonly pmId: number } | null;
  /** When PM2 had been asked for it; null = not yet. */
  readonly addedAtMs: number | null;
  /** What PM2 said against it. */
  readonly error: string | null;
  /** PM2 has been asked to delete the old one. */
  readonly removing: boolean;
  /** The new one is to go again, and the verdict then; null = the old one is to go. */
  readonly undo: { readonly verdict: "failed" | "aborted"; readonly reason: string } | null;
  /** How often the row that is to go has stayed. */
  readonly tries: number;
}

export interface Pause {
  /** null = for ever. */
  readonly untilMs: number | null;
  /** When a pause for ever is brought to mind next. */
  readonly remindAtMs?: number | null;
  readonly by: string;
  readonly reason: string;
}

export interface LateStop {
  readonly atMs: number;
  /** `created_at` of the process it was meant for. */
  readonly createdWallMs: number | null;
  /** Key of the rule that judged the heal. */
  readonly rule: string;
}

export interface LastHeal {
  readonly id: string;
  readonly atMs: number;
  readonly wallMs: number;
  readonly action: string;
  readonly rule: string;
  readonly verdict: Verdict | null;
}

export type Verdict = "recovered" | "failed" | "inconclusive" | "aborted";

export const LONG_AGO_MS = -1e15; // before any start; an infinity would not survive JSON

export function newControl(): Control {
  return {
    phase: { name: "healthy" },
    failedHeals: 0,
    opens: 0,
    unproven: false,
    healsAtMs: [],
    paused: null,
    lastHeal: null,
    calmFromMs: LONG_AGO_MS,
  };
}

/** The heal a phase carries; null where none is under way. */
export function healOf(phase: Phase): Heal | null {
  return "heal" in phase ? phase.heal : null;
}

/** Between the intent and the verdict. `held` is not in flight: the row is down and nothing is being done to it. */
export function isInFlight(phase: Phase): boolean {
  return phase.name === "intent" || phase.name === "acting" || phase.name === "rolling" || phase.name === "verifying";
}

export function firstStepOf(heal: Heal): ActionStep {
  return heal.replace == null ? "all" : "add";
}

/** A replace with, perhaps, two rows already: whatever ends it, one of them has to go first (`replace.ts`). */
export function hasPair(phase: Phase): boolean {
  const isAsked = phase.name === "acting" || phase.name === "rolling" || (phase.name === "intent" && phase.step !== "add");
  return isAsked && phase.heal.replace != null;
}

/** Ending what is too many, or what crashes for ever, restarts nobody: what limits restarts does not apply to it. */
export function restartsNobody(action: string): boolean {
  return action === "trim";
}

/** Actions whose first half stops the row for longer than PM2 itself needs to restart it. */
export function stopsFirst(heal: Heal): boolean {
  return heal.action === "stop-start" || heal.action === "hold-down";
}
