import type { Boots, BootWatch } from "./boot.ts";
import type { Control, Pause } from "./control.ts";
import type { OpenWindow } from "./maintenance.ts";
import type { DependencyFacts } from "./dependency.ts";
import { newHearing, type Hearing } from "./hearing.ts";
import { newMachineFacts, type MachineFacts } from "./machine-facts.ts";
import type { Epoch, Judgement, QueueFacts, RuleMemory, TargetView } from "./judgement.ts";
import type { RestartLedger } from "./restart-ledger.ts";
import type { Suspect } from "./incident-suspect.ts";
import type { PoisonTask } from "./poison.ts";
import type { CopiesSeen, TargetId } from "./observation.ts";
import type { Standing } from "./standing.ts";
import type { Policy } from "./strategy.ts";
import type { GroupCopy } from "./trim-plan.ts";
import type { TaskWindows } from "./task-windows.ts";
import { newWatchdog, type Watchdog } from "./watchdog.ts";
import type { Incarnation, WorkerRow } from "./worker-row.ts";

/**
 * Everything the core knows. It belongs to `step`, which changes it in place: copying the windows of 500 workers each
 * turn would cost more than deciding. Whoever wants a picture takes it with `saveState`, `explain` or `statusOf`.
 */
export interface State {
  policy: Policy;
  readonly self: SelfIdentity;
  /** Seeds the jitter; with the log of events it makes a run reproducible. */
  readonly seed: number;
  nowMs: number;
  wallMs: number;
  pm2: Pm2Standing;
  readonly targets: Map<TargetId, Target>;
  readonly groups: Map<TargetId, Group>;
  /** Controls of targets not seen (yet, or any more): found again under the same id they go on where they stopped. */
  readonly absent: Map<TargetId, AbsentTarget>;
  /** Incidents of groups not seen yet after a restart of the daemon. */
  readonly absentIncidents: Map<TargetId, Incident>;
  readonly queues: Map<string, QueueFacts>;
  /** By strategy, where it has a `dependency_probe` that was answered. */
  readonly dependencies: Map<string, DependencyFacts>;
  readonly machine: MachineFacts;
  /** By queue, the newest last. */
  readonly poison: Map<string, readonly PoisonTask[]>;
  /** The newest complete look at what runs beside PM2's rows; null = none yet. */
  copies: KnownCopies | null;
  /** What has been told of copies: each once, and when those of an app were started. */
  readonly duplicates: DuplicatesTold;
  /** How long starts took, by group. */
  boots: Map<TargetId, Boots>;
  /** What PM2's daemon said of its rows, for attribution alone. */
  readonly hearing: Hearing;
  globals: Globals;
  /** By the name of the strategy; empty before the first list of the very first start. */
  standings: ReadonlyMap<string, Standing>;
  /** Why the journal cannot be trusted; nothing is acted on then. Tried again at `retryAtMs`; null = a person must look first. */
  journalError: { readonly reason: string; readonly retryAtMs: number | null } | null;
  /** Guards the promises that no decision may break. */
  readonly watchdog: Watchdog;
  /** Workers two strategies select; told once each. */
  readonly conflicts: Set<TargetId>;
  /** Sensors that cannot see, by name. */
  readonly blind: Map<string, Blindness>;
}

export interface KnownCopies {
  readonly atMs: number;
  readonly copies: readonly GroupCopy[];
  readonly rows: CopiesSeen["rows"];
}

export interface DuplicatesTold {
  /** Keys of those that run and are told. */
  told: readonly string[];
  /** By group, wall ms of the starts of copies told before, ascending, the newest 20: a timetable shows in them. */
  starts: Readonly<Record<TargetId, readonly number[]>>;
}

export interface SelfIdentity {
  /** healer's own pid and its ancestors': never a target. */
  readonly pids: readonly number[];
}

export type Pm2Standing =
  | { readonly name: "unknown" }
  | { readonly name: "up"; readonly generation: string; readonly version: string; readonly sinceMs: number }
  | { readonly name: "lost"; readonly reason: string; readonly sinceMs: number; readonly generation: string | null };

export interface Globals {
  tokens: number;
  refilledAtMs: number;
  /** Heals ever intended; makes ids unique within a second. */
  healCount: number;
  paused: Pause | null;
  /** Maintenance windows that are open, by strategy; `EVERYBODY` for those of all. Not in a record of 0.1.0. */
  maintenance?: Readonly<Record<string, OpenWindow>>;
}

export interface Blindness {
  readonly sinceMs: number;
  readonly reason: string;
  readonly target: TargetId | null;
  /** Already told, after five minutes, that a person is needed. */
  readonly escalated: boolean;
}

export interface Target {
  readonly id: TargetId;
  readonly kind: "worker" | "group";
  readonly group: TargetId;
  strategy: string;
  control: Control;
  row: WorkerRow | null;
  /** The row that is to take its place, as long as both are there; it is no target of its own. */
  successor: Successor | null;
  incarnation: Incarnation | null;
  /** The incarnation its restored evidence speaks of, until the first list tells whether it still lives. */
  remembered: Incarnation | null;
  epoch: Epoch;
  tasks: TaskWindows | null;
  runningTasks: number;
  exits: number[];
  /** What PM2's restarts of it were for; empty for a group. */
  ledger: RestartLedger;
  /** When healer met it: of starts before that it has seen nothing. */
  readonly metAtMs: number;
  readonly boot: BootWatch;
  /** The process last seen alive: what the next one is compared with, also over a stop or a crash between two readings. */
  life: Life | null;
  /** Since when a heal has been due, were it not for the guards; drain counts from here. */
  dueSinceMs: number | null;
  readonly rules: RuleState[];
  /** The view handed to rules; one object a target, refreshed in place. */
  readonly view: Writable<TargetView>;
  /** Since when this target counts as in trouble for its group; null = it does not. */
  onsetAtMs: number | null;
  /** When somebody else last started or restarted it: an operator, a deploy, PM2 itself; null = not known. */
  othersStartAtMs: number | null;
  /** What has been written once and is not written again until it changes. */
  readonly said: { hold: string | null; wouldHeal: boolean };
  /** The daemon restarted while a heal was between intent and verdict; since when we look what became of it. */
  recoveringSinceMs: number | null;
}

export interface Successor {
  readonly row: WorkerRow;
  /** Reducer ms at which this process was first seen online; null while it is not. */
  readonly onlineSinceMs: number | null;
}

export interface Life extends Incarnation {
  readonly createdWallMs: number | null;
  readonly restarts: number;
}

export interface RuleState {
  readonly key: string;
  fingerprint: string;
  /** Only decides and records (`mode: observe` on the rule). */
  observeOnly: boolean;
  memory: RuleMemory;
  judgement: Judgement;
  /** When `symptom` was written; null = no symptom stands. */
  symptomAtMs: number | null;
  /** A heal of ours acted while this symptom stood. */
  healed: boolean;
}

export interface Group {
  readonly id: TargetId;
  members: TargetId[];
  incident: Incident | null;
}

/** Several workers of a group going bad together (decision-core §2): one canary, and the others wait for its verdict. */
export interface Incident {
  readonly openedAtMs: number;
  /** Half of the group or more (`wide_percent`); an incident that begins narrow may become wide before its first canary. */
  wide: boolean;
  /** Not in a snapshot of 0.1.0. */
  readonly suspect?: Suspect;
  /** Members that are proven bad now, since when so many, and the most there have been. Not in a snapshot of 0.1.0. */
  bad?: number;
  badSinceMs?: number;
  worst?: number;
  phase: "waiting" | "canary" | "generalise" | "open";
  canary: TargetId | null;
  fails: number;
  nextAtMs: number;
  quietSinceMs: number | null;
}

export interface AbsentTarget {
  readonly control: Control;
  readonly sinceMs: number;
  /** The ledger of a worker; null = none is kept. */
  readonly ledger: RestartLedger | null;
  /** Saved evidence, laid into the target when it appears; opaque here (`persist.ts`). */
  readonly saved: unknown;
}

export type Writable<Shape> = { -readonly [Key in keyof Shape]: Shape[Key] };

export const NO_JUDGEMENT: Judgement = {
  state: "unknown",
  sustained: false,
  sinceMs: null,
  dead: false,
  value: null,
  threshold: null,
  unit: "",
  n: 0,
  low: null,
  high: null,
};

/** Before its first list healer knows nobody: what begins or ends for somebody waits for that. */
export function hasSeenPm2({ pm2 }: State): boolean {
  return pm2.name !== "unknown" && pm2.generation !== null;
}

export function createState(options: { policy: Policy; self: SelfIdentity; seed: number; atMs: number; wallMs: number }): State {
  return {
    policy: options.policy,
    self: options.self,
    seed: options.seed,
    nowMs: options.atMs,
    wallMs: options.wallMs,
    pm2: { name: "unknown" },
    targets: new Map(),
    groups: new Map(),
    absent: new Map(),
    absentIncidents: new Map(),
    ...{ queues: new Map(), poison: new Map() },
    dependencies: new Map(),
    ...{ machine: newMachineFacts(), hearing: newHearing(options.atMs) },
    ...{ copies: null, duplicates: { told: [], starts: {} }, boots: new Map() },
    globals: { tokens: options.policy.budget.tokens, refilledAtMs: options.atMs, healCount: 0, paused: null },
    standings: new Map(),
    journalError: null,
    watchdog: newWatchdog(),
    conflicts: new Set(),
    blind: new Map(),
  };
}
