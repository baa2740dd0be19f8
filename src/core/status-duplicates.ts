import type { CopyOwner } from "./copy.ts";
import { groupFactsOf } from "./group-facts.ts";
import type { State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { mayEnd, planTrim } from "./trim-plan.ts";
import type { WorkerRow } from "./worker-row.ts";

export interface Duplicate {
  readonly owner: CopyOwner;
  readonly pid: number;
  readonly command: string;
  readonly started_at: string;
  /** Whether the configuration counts it as one too many that may be ended. */
  readonly counts: boolean;
}

/** What runs of a group outside PM2, and which of PM2's rows are too many. */
export function duplicatesOf(state: State, target: Target, { knobs }: Strategy): readonly Duplicate[] {
  const facts = groupFactsOf(state, target.id);
  const copies = facts.copies.map(({ copy }): Duplicate => ({
    owner: copy.owner,
    pid: copy.pid,
    command: copy.command,
    started_at: new Date(copy.startedWallMs).toISOString(),
    counts: mayEnd(copy, knobs.trimOutside),
  }));
  if (knobs.maxWorkers === null) return copies;
  const units = planTrim(facts, { keep: knobs.maxWorkers, outside: knobs.trimOutside }, state.nowMs);
  const rows = units.flatMap(({ victims }) => victims.flatMap((member) => (member.kind === "row" ? [member.worker.row] : [])));
  return [...copies, ...rows.map(surplusRow)];
}

function surplusRow({ pid, script, startedWallMs }: WorkerRow): Duplicate {
  return { owner: "pm2", pid: pid ?? 0, command: script, started_at: new Date(startedWallMs ?? 0).toISOString(), counts: true };
}
