import { signal } from "@preact/signals";
import { ask } from "./calls.ts";

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

const LINES_MAX = 3_000;
const DAY_MS = 86_400_000;

export const lines = signal<readonly LogLine[]>([]);

/** The past day, once more each time the stream begins: what was written meanwhile is in it. */
export async function fillLog(): Promise<void> {
  const answer = await ask<{ readonly records: readonly LogLine[] }>(`api/heals?since=${Date.now() - DAY_MS}`);
  if (answer.ok) addLines(answer.value.records);
}

/** In order of time, each once: the stream and the first reading overlap. */
export function addLines(added: readonly LogLine[]): void {
  const byKey = new Map([...lines.peek(), ...added].map((line) => [`${line.ts} ${line.event} ${line.target} ${line.reason}`, line]));
  const sorted = [...byKey.values()].toSorted((one, other) => (one.ts < other.ts ? -1 : one.ts > other.ts ? 1 : 0));
  lines.value = sorted.slice(-LINES_MAX);
}
