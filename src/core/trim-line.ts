import type { Heal } from "./control.ts";
import type { Target } from "./state.ts";
import type { Member } from "./trim-plan.ts";
import { restoreCommand, sayKeep, sayMember } from "./trim-words.ts";
import { say, type Turn } from "./turn.ts";

/** The line an operator looks for: who was ended, why, and what brings it back. `keep`: of a trim, how many may run. */
export function sayEnded(turn: Turn, target: Target, { heal, member, keep }: { heal: Heal; member: Member; keep: number | null }): void {
  const restore = restoreCommand(member);
  const owner = member.kind === "copy" ? member.copy.owner : "pm2";
  const pid = member.kind === "copy" ? member.copy.pid : (member.worker.row.pid ?? 0);
  const why = keep === null ? `it is in the way of ${target.id}, which is down` : sayKeep(keep);
  const how = member.kind === "copy" ? "ended" : "removed from PM2";
  say(turn, target, {
    level: "warn",
    event: "trim",
    reason: `${sayMember(member)} is ${how}: ${why}. To bring it back: ${restore}`,
    heal_id: heal.id,
    ...(member.kind === "row" ? { pm_id: member.worker.row.pmId } : {}),
    pid,
    more: { owner, restore, ...(heal.by === null ? {} : { by: heal.by }) },
  });
}
