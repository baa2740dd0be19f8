import type { OutsideCopy } from "./copy.ts";
import type { Member } from "./trim-plan.ts";
import type { WorkerRow } from "./worker-row.ts";

/** What identifies a member in the journal, over a restart of healer, and when it is looked at again. */
export function memberKey(member: Member): string {
  if (member.kind === "copy") return copyKey(member.copy);
  return rowKey(member.worker.row);
}

export function rowKey({ pmId, pid, startedWallMs }: Pick<WorkerRow, "pmId" | "pid" | "startedWallMs">): string {
  return `row ${pmId} ${pid} ${startedWallMs}`;
}

export function copyKey({ pid, startTicks }: Pick<OutsideCopy, "pid" | "startTicks">): string {
  return `pid ${pid} ${startTicks}`;
}
