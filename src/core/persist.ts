import { readBoots, type Boots } from "./boot.ts";
import { healOf, newControl, restartsNobody } from "./control.ts";
import type { Control } from "./control.ts";
import type { DependencyFacts } from "./dependency.ts";
import type { Json } from "./log-record.ts";
import type { TargetId } from "./observation.ts";
import { settledStandings, type Standing } from "./standing.ts";
import type { AbsentTarget, DuplicatesTold, Globals, Incident, Life, State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { readLedger, type RestartLedger } from "./restart-ledger.ts";
import { rulesFor, startEpoch } from "./target.ts";
import { loadTaskWindows, saveTaskWindows } from "./task-windows.ts";
import type { SavedTaskWindows } from "./task-windows.ts";
import type { Incarnation } from "./worker-row.ts";

/** Everything a decision rests on, as JSON, for `state.json`. Rows and queue readings are not saved: they are read anew. */
export interface SavedState {
  readonly globals: Globals;
  readonly targets: Readonly<Record<TargetId, SavedTarget>>;
  readonly incidents: Readonly<Record<TargetId, Incident>>;
  /** Not in a snapshot of 0.1.0. */
  readonly duplicates?: DuplicatesTold;
  /** How long starts took, by group. Not in a snapshot of 0.1.0. */
  readonly boots?: Readonly<Record<TargetId, Boots>>;
  /** By name. Not in a snapshot of 0.1.0. */
  readonly strategies?: Readonly<Record<string, Standing>>;
  /** By strategy. Not in a snapshot of 0.1.0. */
  readonly dependencies?: Readonly<Record<string, DependencyFacts>>;
}

export interface SavedTarget {
  readonly control: Control;
  readonly sinceMs: number;
  /** Of a worker. Not in a snapshot of 0.1.0. */
  readonly ledger?: RestartLedger | null;
  readonly evidence: SavedEvidence | null;
}

interface SavedEvidence {
  readonly incarnation: Incarnation | null;
  readonly epoch: Target["epoch"];
  /** The journal tells of a heal after it. */
  readonly isOutdated?: boolean;
  readonly exits: readonly number[];
  readonly lastLifeMs: number | null;
  readonly life: Life | null;
  readonly runningTasks: number;
  readonly onsetAtMs: number | null;
  /** Not in a snapshot of 0.1.0. */
  readonly othersStartAtMs?: number | null;
  readonly dueSinceMs: number | null;
  readonly said: Target["said"];
  readonly view: { readonly readyAtMs: number | null; readonly startedAtMs: number | null; readonly statusSinceMs: number };
  readonly tasks: SavedTaskWindows | null;
  readonly rules: readonly {
    readonly key: string;
    readonly fingerprint: string;
    readonly memory: Json;
    readonly symptomAtMs: number | null;
    readonly healed: boolean;
  }[];
}

/**
 * Why a value read from disk cannot be a saved state, or null. Somebody may have edited it, or another version written
 * it; what is not recognised is left out as a whole rather than met later, in the middle of a decision.
 */
export function whyNotSavedState(value: unknown): string | null {
  if (!isRecord(value) || !isRecord(value["globals"]) || !isRecord(value["targets"]) || !isRecord(value["incidents"]))
    return "expected globals, targets and incidents";
  const { tokens, refilledAtMs, healCount } = value["globals"];
  if (![tokens, refilledAtMs, healCount].every(Number.isFinite)) return "globals: expected numbers";
  if (!isMaintenance(value["globals"]["maintenance"])) return "globals.maintenance: expected windows that are open";
  const { duplicates } = value;
  if (duplicates !== undefined && !(isRecord(duplicates) && Array.isArray(duplicates["told"]) && isRecord(duplicates["starts"])))
    return "duplicates: expected what was told and when they were started";
  if (!areStandings(value["strategies"])) return "strategies: expected since when each is what it is";
  const { dependencies } = value;
  if (dependencies !== undefined && !(isRecord(dependencies) && Object.values(dependencies).every(isDependencyFacts)))
    return "dependencies: expected the answers of probes";
  for (const [id, target] of Object.entries(value["targets"])) {
    const control = isRecord(target) ? target["control"] : null;
    if (!isControl(control)) return `targets.${id}: expected a phase, a streak and the heals of a day`;
  }
  return null;
}

function isMaintenance(value: unknown): boolean {
  return (
    value === undefined || (isRecord(value) && Object.values(value).every((open) => isRecord(open) && Number.isFinite(open["untilWallMs"])))
  );
}

function areStandings(value: unknown): boolean {
  if (value === undefined) return true;
  const isStanding = (one: unknown): boolean =>
    isRecord(one) &&
    [one["changedAtMs"], one["selectsSinceMs"], one["healsSinceMs"]].every(Number.isFinite) &&
    Array.isArray(one["observed"]);
  return isRecord(value) && Object.values(value).every(isStanding);
}

function isDependencyFacts(value: unknown): boolean {
  return isRecord(value) && Array.isArray(value["answers"]) && Number.isFinite(value["atMs"]);
}

function isControl(value: unknown): boolean {
  if (!isRecord(value) || !isRecord(value["phase"]) || typeof value["phase"]["name"] !== "string") return false;
  return Number.isFinite(value["failedHeals"]) && Number.isFinite(value["opens"]) && Array.isArray(value["healsAtMs"]);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function saveState(state: State): SavedState {
  const targets: Record<TargetId, SavedTarget> = {};
  for (const [id, absent] of state.absent)
    targets[id] = {
      control: absent.control,
      sinceMs: absent.sinceMs,
      ledger: absent.ledger,
      evidence: absent.saved as SavedEvidence | null,
    };
  for (const [id, target] of state.targets) {
    const ledger = target.kind === "worker" ? target.ledger : null;
    targets[id] = { control: target.control, sinceMs: state.nowMs, ledger, evidence: evidenceOf(target) };
  }
  const incidents: Record<TargetId, Incident> = {};
  for (const [id, group] of state.groups) if (group.incident !== null) incidents[id] = group.incident;
  const { globals, duplicates } = state;
  const [boots, strategies] = [Object.fromEntries(state.boots), Object.fromEntries(state.standings)];
  return { globals, targets, incidents, duplicates, boots, strategies, dependencies: Object.fromEntries(state.dependencies) };
}

function evidenceOf(target: Target): SavedEvidence {
  return {
    incarnation: target.incarnation,
    epoch: target.epoch,
    exits: target.exits,
    lastLifeMs: target.view.lastLifeMs,
    life: target.life,
    runningTasks: target.runningTasks,
    onsetAtMs: target.onsetAtMs,
    othersStartAtMs: target.othersStartAtMs,
    dueSinceMs: target.dueSinceMs,
    said: target.said,
    view: { readyAtMs: target.view.readyAtMs, startedAtMs: target.view.startedAtMs, statusSinceMs: target.view.statusSinceMs },
    tasks: target.tasks === null ? null : saveTaskWindows(target.tasks),
    rules: target.rules.map(({ key, fingerprint, memory, symptomAtMs, healed }) => ({
      key,
      fingerprint,
      memory: memory as Json,
      symptomAtMs,
      healed,
    })),
  };
}

/**
 * Lays saved state into a fresh one. Targets wait as absent until PM2's list shows them again. The budget gains at most
 * one token over a restart.
 */
export function loadState(state: State, saved: SavedState): void {
  state.globals = { ...saved.globals, tokens: Math.min(state.policy.budget.tokens, saved.globals.tokens) };
  earnOneAtMost(state);
  if (saved.duplicates !== undefined) Object.assign(state.duplicates, saved.duplicates);
  state.boots = readBoots(saved.boots);
  state.standings = saved.strategies === undefined ? settledStandings(state.policy) : new Map(Object.entries(saved.strategies));
  for (const [name, facts] of Object.entries(saved.dependencies ?? {})) state.dependencies.set(name, facts);
  for (const [id, target] of Object.entries(saved.targets)) {
    state.absent.set(id, {
      control: { ...newControl(), ...target.control },
      sinceMs: target.sinceMs,
      ledger: ledgerIn(state, target),
      saved: target.evidence,
    });
  }
  for (const [id, incident] of Object.entries(saved.incidents)) state.absentIncidents.set(id, incident);
}

/** A snapshot of 0.1.0 has none. */
function ledgerIn(state: State, { ledger }: SavedTarget): RestartLedger | null {
  return ledger == null ? null : readLedger(ledger, state.wallMs);
}

/** However long healer was away, and however often it is restarted. */
function earnOneAtMost(state: State): void {
  state.globals.refilledAtMs = Math.max(state.globals.refilledAtMs, state.nowMs - state.policy.budget.refillMs);
}

/** A journal record newer than the snapshot: its control and globals stand. */
export function overlayRecord(state: State, record: { target: TargetId; control: Control; globals: Globals }): void {
  const saved = (state.absent.get(record.target)?.saved ?? null) as SavedEvidence | null;
  // What the snapshot knew of the process may be from before our own restart of it, which was nobody else's.
  const control = { ...newControl(), ...record.control };
  const ledger = outdated(state.absent.get(record.target)?.ledger ?? null);
  const evidence = saved === null ? null : { ...saved, life: null, isOutdated: isFromBeforeTheLastHeal(saved, control) };
  state.absent.set(record.target, { control, sinceMs: state.nowMs, ledger, saved: evidence });
  forgetLivesOf(state, record.control);
  state.globals = { ...record.globals, tokens: Math.min(state.policy.budget.tokens, record.globals.tokens) };
  earnOneAtMost(state);
}

/** What was counted is from before a heal, whose own restart nobody saw. */
function outdated(ledger: RestartLedger | null): RestartLedger | null {
  return ledger === null ? null : { ...ledger, isOutdated: true };
}

/** The same of the workers that a group heal has restarted: they are other processes since, by our own doing. */
function forgetLivesOf(state: State, control: Control): void {
  const roll = healOf(control.phase)?.roll ?? null;
  if (roll === null) return;
  for (const id of [...roll.done, ...(roll.current === null ? [] : [roll.current.target])]) {
    const absent = state.absent.get(id);
    const saved = (absent?.saved ?? null) as SavedEvidence | null;
    if (absent !== undefined && saved !== null)
      state.absent.set(id, { ...absent, ledger: outdated(absent.ledger), saved: { ...saved, life: null } });
  }
}

/** The process that the evidence kept for an absent target speaks of. */
export function incarnationIn(saved: AbsentTarget["saved"]): Incarnation | null {
  return (saved as SavedEvidence | null)?.incarnation ?? null;
}

/** A target found again. A heal that was between intent and result is looked into before anything else. */
export function restoreTarget(state: State, target: Target, strategy: Strategy, absent: AbsentTarget): void {
  target.control = absent.control;
  if (absent.ledger !== null) target.ledger = { ...absent.ledger };
  const { phase } = absent.control;
  if (phase.name === "intent" || phase.name === "acting") target.recoveringSinceMs = state.nowMs;
  const saved = absent.saved as SavedEvidence | null;
  if (saved === null) return;
  target.remembered = saved.incarnation;
  target.epoch = saved.epoch;
  target.view.epochAtMs = saved.epoch.atMs;
  target.exits = [...saved.exits];
  Object.assign(target.view, saved.view, { lastLifeMs: saved.lastLifeMs });
  Object.assign(target.said, saved.said);
  target.life = saved.life;
  target.runningTasks = saved.runningTasks;
  target.onsetAtMs = saved.onsetAtMs;
  target.othersStartAtMs = saved.othersStartAtMs ?? null;
  target.dueSinceMs = saved.dueSinceMs;
  target.tasks = saved.tasks === null ? null : loadTaskWindows(saved.tasks, state.nowMs);
  restoreRules(target, strategy, saved);
  if (isFromBeforeTheLastHeal(saved, target.control)) startEpoch(state, target, strategy, "other");
}

/**
 * The snapshot may be older than the journal: evidence from before a heal gives no verdict on it, and is no reason for the next
 * (I16). Nor is it after a trim, or a heal that came to nothing, that followed.
 */
function isFromBeforeTheLastHeal({ epoch, isOutdated }: SavedEvidence, { phase, lastHeal }: Control): boolean {
  if (isOutdated === true) return true;
  if (phase.name === "verifying") return epoch.atMs < phase.sinceMs;
  if (lastHeal === null || lastHeal.verdict === null || lastHeal.verdict === "aborted" || restartsNobody(lastHeal.action)) return false;
  return epoch.atMs < lastHeal.atMs;
}

function restoreRules(target: Target, strategy: Strategy, saved: SavedEvidence): void {
  const before = new Map(saved.rules.map((rule) => [rule.key, rule]));
  for (const rule of rulesFor(strategy, target.kind)) {
    const savedRule = before.get(rule.key);
    const ruleState = target.rules.find((candidate) => candidate.key === rule.key);
    if (ruleState === undefined || savedRule === undefined || savedRule.fingerprint !== rule.fingerprint) continue;
    ruleState.memory = completed(savedRule.memory, ruleState.memory as Json);
    ruleState.symptomAtMs = savedRule.symptomAtMs;
    ruleState.healed = savedRule.healed;
  }
}

/** What an older version did not know begins anew. */
function completed(saved: Json, fresh: Json): Json {
  const isObject = (value: Json): value is { readonly [key: string]: Json } =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject(saved) && isObject(fresh) ? { ...fresh, ...saved } : saved;
}
