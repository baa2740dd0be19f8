import { batch, computed, signal, type Signal } from "@preact/signals";
import type { Changes, FleetMessage } from "../api/fleet-message.ts";
import type { TargetStatus } from "../core/status.ts";
import type { DaemonStatus } from "../daemon/status.ts";
import { followStream } from "./event-stream.ts";
import { addLines, fillLog, type LogLine } from "./lines.ts";
import { sameWhile } from "./signals.ts";
import { TONES, toneOf, worse, type Tone } from "./tone.ts";

/** A target as shown: when its process began is remembered, so that its uptime grows by itself. */
export interface Shown extends TargetStatus {
  readonly startedAtMs: number | null;
  readonly tone: Tone;
  /** Of a worker. */
  readonly groupId: string;
}

type Mutable<Of> = { -readonly [Name in keyof Of]: Of[Name] };

export const link = signal<"opening" | "live" | "lost">("opening");
/** When something was heard last, on this page's own clock. */
export const heardAtMs = signal(performance.now());
export const nowMs = signal(Date.now());
export const rest = signal<Omit<DaemonStatus, "targets"> | null>(null);
/** Written anew in place with each turn: a thousand new objects every two seconds are much to clear away. */
const known = new Map<string, Mutable<Shown>>();
/** Of each target that is shown, a copy: what does not change is not drawn again, and who is not shown costs nothing. */
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
      const known = members.get(target.groupId);
      if (known === undefined) members.set(target.groupId, [target]);
      else known.push(target);
    }
  }
  const found = heads.map((group): Group => {
    const own = members.get(group.id) ?? [];
    return { group, members: own, tone: own.reduce<Tone>((worst, { tone }) => worse(worst, tone), group.tone) };
  });
  return found.toSorted((one, other) => rankOf(one) - rankOf(other));
});

export const groupIds = sameWhile(() => groups.value.map(({ group }) => group.id));
const groupsById = computed(() => new Map(groups.value.map((each) => [each.group.id, each])));

export function groupOf(id: string): Group | undefined {
  return groupsById.value.get(id);
}

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
    for (const changes of message.changed) takeChanges(changes);
    round.value += 1;
  });
}

function takeWhole({ targets, ...others }: DaemonStatus): void {
  const ids = new Set(targets.map(({ id }) => id));
  for (const id of known.keys()) if (!ids.has(id)) forget(id);
  for (const target of targets) shown({ ...target, ...ownOf(target.id) }, target.uptime_ms);
  rest.value = others;
  round.value += 1;
}

function forget(id: string): void {
  known.delete(id);
  const row = rows.get(id);
  if (row !== undefined) row.value = undefined;
}

function takeChanges({ fields, targets }: Changes): void {
  const paths = fields.map((name) => name.split("."));
  const uptime = fields.indexOf("uptime_ms");
  for (const [id, ...values] of targets) {
    const target = known.get(id) ?? ({ id, success: {}, ...ownOf(id) } as unknown as Mutable<Shown>); // a new one is told whole
    paths.forEach((path, index) => setAt(target, path, values[index]));
    shown(target, uptime < 0 ? undefined : (values[uptime] as number | null));
  }
}

/** What this page adds. */
function ownOf(id: string): Pick<Shown, "startedAtMs" | "tone" | "groupId"> {
  return { startedAtMs: null, tone: "well", groupId: id.slice(0, id.lastIndexOf(":")) };
}

/** Writes into objects of this page's own. */
function setAt(target: object, path: readonly string[], value: unknown): void {
  let inner = target as Record<string, unknown>;
  const last = path.length - 1;
  for (let depth = 0; depth < last; depth += 1) inner = (inner[path[depth] ?? ""] ??= {}) as Record<string, unknown>;
  inner[path[last] ?? ""] = value;
}

/** An uptime is told when it is another process's, or the first that is heard. */
function shown(target: Mutable<Shown>, uptimeMs: number | null | undefined): void {
  if (uptimeMs !== undefined) target.startedAtMs = uptimeMs === null ? null : Date.now() - uptimeMs;
  target.tone = toneOf(target);
  known.set(target.id, target);
  const row = rows.get(target.id);
  if (row !== undefined) row.value = { ...target };
}
