import type { Observation, TargetId } from "./observation.ts";
import type { TaskWindows } from "./task-windows.ts";
import type { GroupFacts } from "./trim-plan.ts";
import type { WorkerRow } from "./worker-row.ts";

/**
 * A rule as the core sees it: parameters already bound, memory kept by the core as plain JSON data. `rules/rule.ts`
 * makes it from a rule's own definition. One bound rule serves every target of its strategy; all that differs between
 * targets lives in the memory.
 */
export interface BoundRule {
  /** Unique within the strategy: the rule's name, or `http-probe#2` for the second of a kind. */
  readonly key: string;
  readonly name: string;
  /** Canonical JSON of name and parameters. When an edit changes it, the rule starts a new epoch with fresh memory. */
  readonly fingerprint: string;
  /** Judge each worker; or, with `tasks`, the group as well, where figures are the group's; or the group alone. */
  readonly scope: "worker" | "tasks" | "group";
  /** The rule may act on a worker in its grace period (a crash loop never outlives one). */
  readonly actsInGrace: boolean;
  /** The only right action whatever the ladder says; null = the ladder decides. */
  readonly action: string | null;
  /** Only decide and record (`mode: observe` on the rule). */
  readonly observeOnly: boolean;
  /** Its symptom is work that goes badly, for which the machine may be the cause; else it is about the process itself. */
  readonly aboutWork?: boolean;
  /** While it is sick, no heal of another rule counts as recovered. */
  readonly secondOpinion?: boolean;
  fresh(epoch: Epoch): RuleMemory;
  /** Files one observation. Changes `memory` in place. Observations older than the epoch never arrive here. */
  observe(memory: RuleMemory, observation: Observation, view: TargetView): void;
  judge(memory: RuleMemory, view: TargetView): Judgement;
  /** Whether a heal that this rule fired has helped; asked from the end of grace on, memory is the heal's own epoch. */
  verdict(memory: RuleMemory, view: TargetView): RuleVerdict;
  /** One sentence with the numbers, for the log and `explain`; only called when somebody reads it. */
  describe(memory: RuleMemory, view: TargetView, judgement: Judgement): string;
  /** What would change the judgement: "would heal if 4 more of the next 10 tasks fail". */
  flip(memory: RuleMemory, view: TargetView, judgement: Judgement): string;
}

/** Plain JSON data; each rule knows its own shape. */
export type RuleMemory = unknown;

/** The moment from which evidence counts. A heal, any other start, resume and a changed rule begin a new one. */
export interface Epoch {
  readonly atMs: number;
  /** After our own action: outcomes before this instant are ignored… */
  readonly ignoreTasksUntilMs: number;
  /** …and then as many failures as tasks were running: our own kill is not the worker's failure. */
  readonly forgiveFailures: number;
}

export interface Judgement {
  /**
   * `unknown`: no evidence (blind, too little, never showed a pulse). `elevated`: not proven, but enough to count for
   * correlated trouble. `sick`: the symptom stands.
   */
  readonly state: "fine" | "unknown" | "elevated" | "sick";
  /** The symptom has stood for as long as the rule demands; only then may healer act. */
  readonly sustained: boolean;
  /** Since when the state is `sick`, reducer ms; null otherwise. */
  readonly sinceMs: number | null;
  /** The worker does not live: overrides any verdict, is exempt from unavailability limits. */
  readonly dead: boolean;
  /**
   * What the newest observations alone say where older ones speak against the worker: `good`: nothing any more; `doubtful`:
   * not enough to prove it `sick`. Absent: they say the same.
   */
  readonly recently?: "good" | "doubtful";
  /** Measured value and the threshold it is compared with, in `unit`; null = nothing measured. */
  readonly value: number | null;
  readonly threshold: number | null;
  readonly unit: string;
  /** Observations (tasks, probes, readings) since the epoch. */
  readonly n: number;
  /** Interval round `value`, where the rule has one. */
  readonly low: number | null;
  readonly high: number | null;
}

export type RuleVerdict = "recovered" | "failed" | "undecided";

/** What a rule may look at. Assembled by the core once a target and turn. */
export interface TargetView {
  readonly id: TargetId;
  readonly kind: "worker" | "group";
  readonly nowMs: number;
  /** The worker's row; null for a group and for a worker that is gone. */
  readonly row: WorkerRow | null;
  /** Reducer time at which this incarnation became ready (online); null while it is not. */
  readonly readyAtMs: number | null;
  /** Reducer time at which this incarnation was started, from `pm_uptime`. */
  readonly startedAtMs: number | null;
  readonly epochAtMs: number;
  /** Rolling windows of task outcomes; null before the first outcome. */
  readonly tasks: TaskWindows | null;
  /** The queues the strategy names, latest reading each; empty = none named or never read. */
  readonly queues: readonly QueueFacts[];
  /** A source this target's rules depend on is blind; the reason, or null. */
  readonly blind: string | null;
  /** Instants (reducer ms, ascending, at most 64, of the last hour) of exits nobody commanded. */
  readonly exits: readonly number[];
  /** How long the last life before an unplanned exit was, ms; null = unknown. */
  readonly lastLifeMs: number | null;
  /** Since when the row has had its present status, reducer ms. */
  readonly statusSinceMs: number;
  /** Who runs of this group; null for a worker, and where no rule counts them. */
  readonly group: GroupFacts | null;
}

export interface QueueFacts {
  readonly queue: string;
  readonly atMs: number;
  /** null = the queue does not say. */
  readonly pending: number | null;
  readonly running: number | null;
  readonly totals: { readonly completed: number; readonly failed: number } | null;
  readonly totalsOnly: boolean;
  /** Since when every reading was good: no blindness, and no standstill of healer's own, in between; null = blind now. */
  readonly seenSinceMs: number | null;
  /** By target, since when each reading has told what it finished; null = the queue speaks of everybody at all times. */
  readonly countedSinceMs: Readonly<Record<TargetId, number>> | null;
  /** Last instant at which the queue as a whole finished anything; null = not seen since healer watches. */
  readonly lastFinishedAtMs: number | null;
  /** Since when tasks have been pending without a break; null = none pending. */
  readonly pendingSinceMs: number | null;
}
