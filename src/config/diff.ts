import type { Compiled } from "./compiled.ts";
import type { Setting } from "./settings.ts";

const LINES_MAX = 100; // a line of the heal log, not a document

/** What differs between two configurations in force, one `path: old → new` each. Empty = only comments or order changed. */
export function diffConfigs(before: Compiled, after: Compiled): readonly string[] {
  const old = byPath(before.settings);
  const now = byPath(after.settings);
  const lines = [...new Set([...old.keys(), ...now.keys()])].flatMap((path) => lineOf(path, old.get(path), now.get(path)));
  return lines.length <= LINES_MAX ? lines : [...lines.slice(0, LINES_MAX), `… and ${lines.length - LINES_MAX} more`];
}

function byPath(settings: readonly Setting[]): ReadonlyMap<string, Setting> {
  return new Map(settings.map((setting) => [setting.path, setting]));
}

function lineOf(path: string, old: Setting | undefined, now: Setting | undefined): readonly string[] {
  if (old?.exact === now?.exact) return [];
  const [from, to] = [old?.shown ?? "(not set)", now?.shown ?? "(not set)"];
  return [from === to ? `${path}: changed (${to})` : `${path}: ${from} → ${to}`];
}
