import { PAGE_EVENTS } from "../core/log-record.ts";
import type { SealedRecord } from "../core/sealed-record.ts";

/** What happened, in counts. */
export interface LogSummary {
  readonly records: number;
  /** Time of the first and last record; null without any. */
  readonly fromTs: string | null;
  readonly toTs: string | null;
  /** Heals that observe mode (or a shadowed strategy) kept healer from. */
  readonly wouldHeals: number;
  readonly heals: number;
  /** By verdict: recovered, failed, inconclusive, aborted. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** Symptoms that went away without a heal: each one speaks against a more eager threshold. */
  readonly selfRecoveries: number;
  /** Holds by guard. */
  readonly holds: Readonly<Record<string, number>>;
  /** Records that wake a person. */
  readonly pages: number;
}

const NAMES_MAX = 50; // verdicts and guards are few; a log somebody else wrote may hold any words

export function summarise(records: Iterable<SealedRecord>): LogSummary {
  const verdicts = new Map<string, number>();
  const holds = new Map<string, number>();
  const counts = { records: 0, wouldHeals: 0, heals: 0, selfRecoveries: 0, pages: 0 };
  let fromTs: string | null = null;
  let toTs: string | null = null;
  for (const record of records) {
    counts.records += 1;
    fromTs ??= record.ts;
    toTs = record.ts;
    if (PAGE_EVENTS.includes(record.event)) counts.pages += 1;
    if (record.event === "would_heal") counts.wouldHeals += 1;
    if (record.event === "heal_intent") counts.heals += 1;
    if (record.event === "heal_verdict") count(verdicts, record.more?.["verdict"]);
    if (record.event === "hold") count(holds, record.more?.["guard"]);
    if (record.event === "symptom_cleared" && record.more?.["healed"] === false) counts.selfRecoveries += 1;
  }
  return { ...counts, fromTs, toTs, verdicts: Object.fromEntries(verdicts), holds: Object.fromEntries(holds) };
}

function count(counts: Map<string, number>, name: unknown): void {
  const known = typeof name === "string" && (counts.has(name) || counts.size < NAMES_MAX) ? name : "other";
  counts.set(known, (counts.get(known) ?? 0) + 1);
}
