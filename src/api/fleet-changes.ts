import type { TargetStatus } from "../core/status.ts";

/** A target as it was told. */
export interface Told {
  readonly target: TargetStatus;
  /** Its fields that are objects, as JSON: by the next time the same object may have been written anew in place. */
  readonly objects: Readonly<Record<string, string>>;
}

/** It grows with every turn; whoever shows it adds the time that has passed, from when the process is another one. */
const GROWING = "uptime_ms";
const RATES = ["hour", "day", "weighted"] as const;

export function toldOf(target: TargetStatus): Told {
  const objects: Record<string, string> = {};
  for (const name of Object.keys(target) as (keyof TargetStatus)[]) {
    const value = target[name];
    if (typeof value === "object" && value !== null && name !== "success") objects[name] = JSON.stringify(value);
  }
  return { target, objects };
}

/** By name what has changed, each figure of a success rate by itself: `success.hour.ok`. Of a target not known before all of it. */
export function changesOf(now: Told, before: Told | undefined): ReadonlyMap<string, unknown> {
  const changes = new Map<string, unknown>();
  for (const name of Object.keys(now.target) as (keyof TargetStatus)[]) {
    if (name === "success" || (name === GROWING && now.target.pid === before?.target.pid)) continue;
    if (before === undefined || !isSame(name, now, before)) changes.set(name, now.target[name]);
  }
  for (const name of RATES) addRate(changes, `success.${name}`, now.target.success[name], before?.target.success[name]);
  return changes;
}

function isSame(name: keyof TargetStatus, now: Told, before: Told): boolean {
  const json = now.objects[name];
  return json === before.objects[name] && (json !== undefined || now.target[name] === before.target[name]);
}

function addRate(changes: Map<string, unknown>, path: string, now: object | null | undefined, before: object | null | undefined): void {
  if (now === undefined) return;
  if (now === null) {
    if (before !== null) changes.set(path, null);
    return;
  }
  const [figures, known] = [now, before ?? {}] as Readonly<Record<string, unknown>>[];
  for (const name of Object.keys(now)) if (known?.[name] !== figures?.[name]) changes.set(`${path}.${name}`, figures?.[name]);
}
