import type { LogSummary } from "../record/summarise-heal-log.ts";
import { plain } from "./terminal.ts";

/** Names as everywhere outside the code: snake_case. */
export function summaryJson(summary: LogSummary): string {
  return JSON.stringify(
    {
      records: summary.records,
      from: summary.fromTs,
      to: summary.toTs,
      would_heals: summary.wouldHeals,
      heals: summary.heals,
      verdicts: summary.verdicts,
      self_recoveries: summary.selfRecoveries,
      holds: summary.holds,
      pages: summary.pages,
    },
    null,
    2,
  );
}

export function summaryText(summary: LogSummary): string {
  const { records, fromTs, toTs } = summary;
  if (fromTs === null || toTs === null) return "no records";
  return [
    `${records} records from ${fromTs} to ${toTs}`,
    `  would-heals      ${summary.wouldHeals}  (heals that observe mode kept healer from)`,
    `  heals            ${summary.heals}${counts(summary.verdicts)}`,
    `  self-recoveries  ${summary.selfRecoveries}  (symptoms that went away without a heal)`,
    `  holds            ${total(summary.holds)}${counts(summary.holds)}`,
    `  pages            ${summary.pages}  (records that wake a person)`,
  ].join("\n");
}

function counts(byName: Readonly<Record<string, number>>): string {
  const parts = Object.entries(byName)
    .toSorted((one, other) => other[1] - one[1])
    .map(([name, count]) => `${plain(name)} ${count}`);
  return parts.length === 0 ? "" : `  (${parts.join(", ")})`;
}

function total(byName: Readonly<Record<string, number>>): number {
  return Object.values(byName).reduce((sum, count) => sum + count, 0);
}
