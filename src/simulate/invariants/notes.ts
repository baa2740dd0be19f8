import type { Event } from "../../core/event.ts";
import type { LogRecord } from "../../core/log-record.ts";
import type { Observation, Pm2View } from "../../core/observation.ts";
import type { State } from "../../core/state.ts";
import type { WorkerRow } from "../../core/worker-row.ts";
import { processKey, type Books } from "./books.ts";
import { broken, type Witness } from "./witness.ts";

/** Of an edit that no healer remembers. */
export const LONG_AGO_MS = -1e15;

export function noteLimits(books: Books, { state }: Witness): void {
  const { tokens, refillMs } = state.policy.budget;
  books.healsPerHourMax = Math.max(books.healsPerHourMax, tokens + 3_600_000 / refillMs);
  for (const { name, knobs } of state.policy.strategies) {
    books.healsPerTargetMax = Math.max(books.healsPerTargetMax, knobs.maxHealsPerHour);
    const least = books.graceMsMin.get(name) ?? Number.POSITIVE_INFINITY;
    if (knobs.gracePeriodMs < least) books.graceMsMin.set(name, knobs.gracePeriodMs);
  }
}

export function noteStrategies(books: Books, { state }: Witness): void {
  for (const { name, fingerprint } of state.policy.strategies) {
    const since = books.strategySince.get(name);
    if (since?.fingerprint === fingerprint) continue;
    const atMs = since?.fingerprint === null ? LONG_AGO_MS : books.nowMs;
    books.strategySince.set(name, { fingerprint, atMs, notedAtMs: books.nowMs });
  }
}

export function noteRows(books: Books, known: WeakSet<WorkerRow>, rows: Iterable<WorkerRow>): void {
  for (const row of rows) {
    if (row.pid === null || known.has(row)) continue;
    known.add(row);
    const key = processKey(row);
    if (!books.seenAtMs.has(key)) books.seenAtMs.set(key, books.nowMs);
  }
}

export function noteWorld(books: Books, witness: Witness, event: Event): void {
  if (event.type === "journal_failed") books.journalHasFailed = true;
  if (event.type === "policy") forgetOldDependencies(books, witness);
  if ("pm2" in event && event.pm2 !== null) noteList(books, event.pm2);
  if (event.type !== "turn") return;
  for (const observation of event.observations) {
    if (observation.kind === "dependency") noteDependency(books, witness, observation);
    if (observation.kind === "running") books.running.set(observation.target, observation.tasks);
    if (observation.kind !== "tasks" || observation.failed === 0) continue;
    const failures = books.failures.get(observation.target) ?? [];
    if (failures.length === 0) books.failures.set(observation.target, failures);
    failures.push({ atMs: observation.atMs, failed: observation.failed });
  }
}

type Answer = Extract<Observation, { kind: "dependency" }>;

function noteDependency(books: Books, witness: Witness, { strategy, ok, atMs }: Answer): void {
  const answers = [...(books.dependencies.get(strategy)?.answers ?? []), ok].slice(-3);
  books.dependencies.set(strategy, { url: dependencyOf(witness, strategy), answers, atMs });
}

/** What a probe said before an edit took it away, or pointed it elsewhere, says nothing of what is probed now. */
function forgetOldDependencies(books: Books, witness: Witness): void {
  for (const [strategy, { url }] of books.dependencies) if (dependencyOf(witness, strategy) !== url) books.dependencies.delete(strategy);
}

function dependencyOf({ state }: Witness, strategy: string): string | null {
  return state.policy.strategies.find(({ name }) => name === strategy)?.dependency ?? null;
}

function noteList(books: Books, pm2: Pm2View | string): void {
  books.isPm2Lost = typeof pm2 === "string";
  if (typeof pm2 === "string") return;
  books.toldRows = pm2.rows;
  for (const row of pm2.rows) {
    const key = processKey(row);
    if (row.status === "online" && row.pid !== null && !books.toldAtMs.has(key)) books.toldAtMs.set(key, books.nowMs);
  }
}

export function noteControls({ before }: Books, targets: State["targets"]): void {
  for (const { id, control } of targets.values()) if (before.get(id) !== control) before.set(id, control);
  if (before.size === targets.size) return;
  for (const id of before.keys()) if (!targets.has(id)) before.delete(id);
}

export function noteSymptoms(books: Books, logs: readonly LogRecord[]): void {
  for (const { event, target, more } of logs) {
    if (event === "symptom") symptomsOf(books, target).rules.add(ruleOf(more));
    if (event === "circuit_half_open") books.trialsAtMs.set(target, [...(books.trialsAtMs.get(target) ?? []).slice(-9), books.nowMs]);
    if (more?.["violation"] !== undefined) broken("watchdog", JSON.stringify(more["violation"]));
  }
  for (const { event, target, more } of logs) {
    if (event !== "symptom_cleared") continue; // after all that began: sick of one thing after the other is sick without a break
    const symptoms = symptomsOf(books, target);
    symptoms.rules.delete(ruleOf(more));
    if (symptoms.rules.size === 0) books.symptoms.delete(target);
  }
}

/** Who is healed first while the others of its group wait, until its verdict. */
export function noteCanaries({ canaries }: Books, logs: readonly LogRecord[]): void {
  for (const { event, target, more } of logs) {
    const canary = more?.["canary"];
    if (event === "incident_canary" && typeof canary === "string") canaries.set(target, canary);
    if (event === "incident_closed") canaries.delete(target);
    if (event === "heal_verdict") for (const [group, healed] of canaries) if (healed === target) canaries.delete(group);
  }
}

function symptomsOf(books: Books, target: string): { readonly sinceMs: number; readonly rules: Set<string> } {
  let symptoms = books.symptoms.get(target);
  if (symptoms === undefined) {
    symptoms = { sinceMs: books.nowMs, rules: new Set() };
    books.symptoms.set(target, symptoms);
  }
  return symptoms;
}

function ruleOf(more: LogRecord["more"]): string {
  return JSON.stringify(more?.["rule"] ?? null);
}
