import type { Control } from "../../src/core/control.ts";
import { commandedOf, type BusEvent } from "./bus-witness.ts";
import type { HealLine } from "./healer.ts";
import type { JournalEntry } from "./journal-tail.ts";

/** What three witnesses saw who do not ask healer: its journal, PM2's bus, the heal log. */
export interface Testimony {
  readonly entries: readonly JournalEntry[];
  readonly events: readonly BusEvent[];
  readonly lines: readonly HealLine[];
  /** pm_id → target. */
  readonly targets: ReadonlyMap<number, string>;
  readonly knobs: { readonly graceMs: number; readonly threshold: number; readonly tokens: number; readonly refillMs: number };
  /** Targets whose last heal may still be under way. */
  readonly unfinished?: readonly string[];
}

interface HealRecord {
  readonly id: string;
  readonly target: string;
  readonly action: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly verdicts: readonly string[];
}

const CLOCK_SLACK_MS = 50; // two processes stamp the same moment
const HEARD_SLACK_MS = 500; // the witness of a stop may be late on a busy machine

/** One sentence for each broken promise; empty = all kept. */
export function brokenPromises(testimony: Testimony): readonly string[] {
  const heals = healsOf(testimony.entries);
  return [
    ...unbrokenSequence(testimony.entries),
    ...oneVerdictEach(testimony, heals),
    ...oneDeedEach(testimony, heals),
    ...graceKept(testimony, heals),
    ...streakKept(testimony),
    ...noTokensMinted(testimony),
    ...logAgrees(testimony, heals),
  ];
}

export function healsOf(entries: readonly JournalEntry[]): readonly HealRecord[] {
  const ids = new Set(entries.flatMap(({ healId }) => healId ?? []));
  return [...ids].map((id) => {
    const own = entries.filter(({ healId }) => healId === id);
    const intent = own.find(({ kind }) => kind === "intent");
    const outcomes = own.filter(({ kind }) => kind === "outcome");
    return {
      id,
      target: own[0]?.target ?? "",
      action: String(intent?.note["action"]),
      fromMs: intent?.wallMs ?? Number.NaN,
      toMs: outcomes.at(-1)?.wallMs ?? Number.POSITIVE_INFINITY,
      verdicts: outcomes.map(({ note }) => String(note["verdict"])),
    };
  });
}

function unbrokenSequence(entries: readonly JournalEntry[]): string[] {
  return entries.flatMap(({ seq }, index) => (seq === index + 1 ? [] : [`record ${index + 1} of the journal has seq ${seq}`])).slice(0, 1);
}

function oneVerdictEach({ entries, unfinished = [] }: Testimony, heals: readonly HealRecord[]): string[] {
  return heals.flatMap((heal) => {
    const { id, target, verdicts } = heal;
    const intents = entries.filter(({ healId, kind }) => healId === id && kind === "intent").length;
    const isLast = heals.findLast((other) => other.target === target) === heal;
    return [
      ...(intents === 1 ? [] : [`${id} (${target}) has ${intents} intents`]),
      ...(verdicts.length === 1 || (verdicts.length === 0 && isLast && unfinished.includes(target))
        ? []
        : [`${id} (${target}) has ${verdicts.length} verdicts`]),
    ];
  });
}

/** Every commanded start belongs to one heal, and no heal has two. Nobody but healer commands anything here. */
function oneDeedEach({ events, targets }: Testimony, heals: readonly HealRecord[]): string[] {
  const done = new Map<string, number>();
  const broken: string[] = [];
  for (const { what, pmId, wallMs } of commandedOf(events)) {
    const target = targets.get(pmId) ?? `pm_id ${pmId}`;
    const heal = heals.find((one) => one.target === target && wallMs >= one.fromMs - CLOCK_SLACK_MS && wallMs <= one.toMs + HEARD_SLACK_MS);
    if (heal === undefined) broken.push(`${target}: a ${what} at ${new Date(wallMs).toISOString()} that no intent covers`);
    else if (heal.action !== "hold-down" || what === "start") count(done, `${heal.id} (${target}, ${heal.action}): ${what}`);
  }
  return [...broken, ...[...done].filter(([, times]) => times > 1).map(([deed, times]) => `${deed} done ${times} times`)];
}

/** Nobody is restarted, and no verdict falls, within the grace period of a heal. Crash loops have clocks of their own. */
function graceKept({ events, targets, knobs }: Testimony, heals: readonly HealRecord[]): string[] {
  const broken: string[] = [];
  const before = new Map<string, number>();
  const acted = heals.filter(({ action }) => action !== "hold-down");
  for (const { what, pmId, wallMs } of commandedOf(events)) {
    const target = targets.get(pmId) ?? "";
    const sinceMs = wallMs - (before.get(target) ?? 0);
    if (what === "start") before.set(target, wallMs);
    const heal = acted.find((one) => one.target === target && wallMs >= one.fromMs - CLOCK_SLACK_MS && wallMs <= one.toMs);
    if (heal === undefined) continue;
    if (what === "stop" && sinceMs < knobs.graceMs - CLOCK_SLACK_MS) broken.push(`${heal.id} (${target}) acts ${sinceMs} ms after a start`);
    const judged = heal.verdicts.some((verdict) => verdict === "recovered" || verdict === "failed");
    if (what === "start" && judged && heal.toMs - wallMs < knobs.graceMs - CLOCK_SLACK_MS)
      broken.push(`${heal.id} (${target}) has its verdict ${heal.toMs - wallMs} ms after its start`);
  }
  return broken;
}

/** The streak moves by verdicts and closed circuits, and by nothing else; least of all by a restart of healer. */
function streakKept({ entries, knobs }: Testimony): string[] {
  const before = new Map<string, Control>();
  return entries.flatMap(({ seq, target, kind, note, control }) => {
    const last = before.get(target);
    before.set(target, control);
    const streak = last?.failedHeals ?? 0;
    const charged = Math.min(knobs.threshold, streak + 1);
    const verdict = kind === "outcome" ? note["verdict"] : null;
    const allowed =
      verdict === "failed"
        ? [charged]
        : verdict === "recovered" || note["circuit"] === "closed"
          ? [0]
          : last?.unproven === true && !control.unproven
            ? [streak, charged]
            : [streak];
    return allowed.includes(control.failedHeals)
      ? []
      : [`record ${seq} (${target}): streak ${streak} became ${control.failedHeals} by ${kind} ${JSON.stringify(note)}`];
  });
}

/** Tokens drawn between any two intents are covered by a full bucket and what time brings. */
function noTokensMinted({ entries, knobs }: Testimony): string[] {
  const draws: { readonly atMs: number; readonly tokens: number }[] = [];
  for (const { kind, healId, note, atMs } of entries) {
    const action = entries.find((other) => other.healId === healId && other.kind === "intent")?.note["action"];
    if (action === "hold-down") continue; // never waits for a token
    if (kind === "intent") draws.push({ atMs, tokens: 1 });
    else if (kind === "outcome" && note["verdict"] === "aborted" && !hasActed(entries, healId)) draws.push({ atMs, tokens: -1 });
  }
  for (let from = 0; from < draws.length; from++) {
    let drawn = 0;
    for (let to = from; to < draws.length; to++) {
      drawn += draws[to]!.tokens;
      const spanMs = draws[to]!.atMs - draws[from]!.atMs;
      const allowed = knobs.tokens + Math.floor(spanMs / knobs.refillMs) + 1;
      if (drawn > allowed) return [`${drawn} tokens drawn in ${Math.round(spanMs)} ms, where ${allowed} were to be had`];
    }
  }
  return [];
}

function hasActed(entries: readonly JournalEntry[], healId: string | null): boolean {
  return entries.some((entry) => entry.healId === healId && entry.kind === "step");
}

function logAgrees({ lines, unfinished = [] }: Testimony, heals: readonly HealRecord[]): string[] {
  const journaled = new Set(heals.map(({ id }) => id));
  const judged = new Set(lines.filter(({ event }) => event === "heal_verdict").map(({ heal_id }) => heal_id));
  return [
    ...lines.filter(({ event, heal_id }) => event === "heal_intent" && !journaled.has(heal_id ?? "")).map((line) => orphan(line)),
    ...heals
      .filter(({ id, target }) => !judged.has(id) && !unfinished.includes(target))
      .map(({ id, target }) => `the heal log has no verdict on ${id} (${target})`),
    ...lines
      .filter(({ event }) => event === "external_restart" || event === "alert")
      .map(({ ts, event, target, reason }) => `${ts} ${event} ${target}: ${reason}`),
  ];
}

function orphan({ heal_id, target }: HealLine): string {
  return `the heal log tells of intent ${heal_id ?? "?"} (${target}), the journal does not`;
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
