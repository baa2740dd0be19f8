import { batch, computed, signal, type Signal } from "@preact/signals";
import type { FleetMessage } from "../api/fleet-message.ts";
import type { TargetStatus } from "../core/status.ts";
import type { DaemonStatus } from "../daemon/status.ts";
import { ask } from "./calls.ts";
import { followStream } from "./event-stream.ts";
import { TONES, toneOf, worse, type Tone } from "./tone.ts";

/** A line of the heal log, flat. */
export interface LogLine {
  readonly ts: string;
  readonly level: string;
  readonly event: string;
  readonly target: string;
  readonly strategy: string | null;
  readonly reason: string;
  readonly heal_id?: string;
  readonly [name: string]: unknown;
}

/** A target as shown: when its process began is remembered, so that its uptime grows by itself. */
export interface Shown extends TargetStatus {
  readonly startedAtMs: number | null;
  readonly tone: Tone;
}

type Changed = Partial<TargetStatus> & Pick<TargetStatus, "id">;

const LINES_MAX = 3_000;
const DAY_MS = 86_400_000;

export const link = signal<"opening" | "live" | "lost">("opening");
/** When something was heard last, on this page's own clock. */
export const heardAtMs = signal(performance.now());
export const nowMs = signal(Date.now());
export const rest = signal<Omit<DaemonStatus, "targets"> | null>(null);
export const lines = signal<readonly LogLine[]>([]);
const known = new Map<string, Shown>();
/** Of each target that is shown: what does not change is not drawn again, and who is not shown costs nothing. */
const rows = new Map<string, Signal<Shown | undefined>>();
const round = signal(0);

export function targetOf(id: string): Signal<Shown | undefined> {
  const row = rows.get(id) ?? signal(known.get(id));
  rows.set(id, row);
  return row;
}

/** Every target, in healer's order; anew with each turn. */
export const all = computed((): readonly Shown[] => (round.value >= 0 ? [...known.values()] : []));
export const count = computed(() => all.value.length);

export interface Group {
  readonly group: Shown;
  readonly members: readonly Shown[];
  /** The worst of all of them. */
  readonly tone: Tone;
}

/** Every group with its workers, the worst groups first. */
export const groups = computed((): readonly Group[] => {
  const members = new Map<string, Shown[]>();
  const heads: Shown[] = [];
  for (const target of all.value) {
    if (target.kind === "group") heads.push(target);
    else {
      const id = target.id.slice(0, target.id.lastIndexOf(":"));
      const known = members.get(id);
      if (known === undefined) members.set(id, [target]);
      else known.push(target);
    }
  }
  const found = heads.map((group): Group => {
    const own = members.get(group.id) ?? [];
    return { group, members: own, tone: own.reduce<Tone>((worst, { tone }) => worse(worst, tone), group.tone) };
  });
  return found.toSorted((one, other) => rankOf(one) - rankOf(other));
});

/** Whoever is at rest, or well, keeps its place. */
function rankOf({ tone }: Group): number {
  return Math.min(TONES.indexOf(tone), TONES.indexOf("rest"));
}

/** One stream for everything; opened again, it begins with the whole fleet. */
export function goLive(): void {
  setInterval(() => (nowMs.value = Date.now()), 1_000);
  void followStream("api/stream?fleet=1", {
    onOpen: () => void fillLog(),
    onEvent(name, data) {
      if (name === "record") addLines([JSON.parse(data) as LogLine]);
      else if (name === "fleet" || name === "turn") take(JSON.parse(data) as FleetMessage);
    },
    onLost: () => (link.value = "lost"),
  });
}

function take(message: FleetMessage): void {
  batch(() => {
    link.value = "live";
    heardAtMs.value = performance.now();
    if (message.kind === "fleet") return takeWhole(message.status);
    rest.value = message.rest;
    for (const id of message.gone) forget(id);
    for (const change of message.changed) put(change);
    round.value += 1;
  });
}

function takeWhole({ targets, ...others }: DaemonStatus): void {
  const ids = new Set(targets.map(({ id }) => id));
  for (const id of known.keys()) if (!ids.has(id)) forget(id);
  for (const target of targets) put(target);
  rest.value = others;
  round.value += 1;
}

function forget(id: string): void {
  known.delete(id);
  const row = rows.get(id);
  if (row !== undefined) row.value = undefined;
}

/** What is not in the change stays. An uptime stands in it when it is another process's, or the first that is heard. */
function put(change: Changed): void {
  const before = known.get(change.id);
  const { uptime_ms: uptimeMs } = change;
  const startedAtMs = uptimeMs === undefined ? (before?.startedAtMs ?? null) : uptimeMs === null ? null : Date.now() - uptimeMs;
  const shown = { ...before, ...change, startedAtMs, tone: "well" } as Omit<Shown, "tone"> & { tone: Tone };
  shown.tone = toneOf(shown);
  known.set(change.id, shown);
  const row = rows.get(change.id);
  if (row !== undefined) row.value = shown;
}

async function fillLog(): Promise<void> {
  const answer = await ask<{ readonly records: readonly LogLine[] }>(`api/heals?since=${Date.now() - DAY_MS}`);
  if (answer.ok) addLines(answer.value.records);
}

/** In order of time, each once: the stream and the first reading overlap. */
function addLines(added: readonly LogLine[]): void {
  const byKey = new Map([...lines.peek(), ...added].map((line) => [`${line.ts} ${line.event} ${line.target} ${line.reason}`, line]));
  const sorted = [...byKey.values()].toSorted((one, other) => (one.ts < other.ts ? -1 : one.ts > other.ts ? 1 : 0));
  lines.value = sorted.slice(-LINES_MAX);
}
