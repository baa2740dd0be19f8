import { formatBytes } from "../core/quantities.ts";
import type { RuleAdvice, Scene } from "./rule.ts";

/** What rules about memory say to a limit beside what the machine has and what PM2 does by itself. */

const MB = 1024 * 1024;
const HOST_SHARE = 0.75; // what the workers of a group may take together leaves the rest of the machine room

/** The first worker that PM2 restarts by itself, and at how much. */
export function limitOfPm2(groups: Scene["groups"]): { readonly name: string; readonly bytes: number } | null {
  const limited = [...groups.values()].flat().find(({ maxMemoryRestartBytes }) => maxMemoryRestartBytes !== null);
  const bytes = limited?.maxMemoryRestartBytes ?? null;
  return limited === undefined || bytes === null ? null : { name: limited.name, bytes };
}

export function beyondHost(limit: number, groups: Scene["groups"], hostBytes: number | null): readonly RuleAdvice[] {
  if (hostBytes === null || limit < hostBytes) return [];
  const workers = Math.max(1, ...[...groups.values()].map((rows) => rows.length));
  const share = Math.max(1, Math.floor((hostBytes * HOST_SHARE) / workers / MB));
  const message = `${formatBytes(limit)} is no less than this machine's memory (${formatBytes(hostBytes)}): the kernel ends a worker before this rule speaks`;
  return [{ key: "limit", message, write: `${share}MB` }];
}
