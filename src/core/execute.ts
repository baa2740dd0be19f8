import type { Phase } from "./control.ts";
import type { EndOrder } from "./effect.ts";
import type { Target } from "./state.ts";
import { withControl } from "./target.ts";
import type { Turn } from "./turn.ts";
import type { WorkerRow } from "./worker-row.ts";

const REPLY_SLACK_MS = 60_000;

/** The intent is on disk: the one step it stands for is done now, and has so long to answer. */
export function execute(
  turn: Turn,
  target: Target,
  { phase, row, ends }: { phase: Extract<Phase, { name: "intent" }>; row: WorkerRow; ends: readonly EndOrder[] },
): void {
  const { heal, step } = phase;
  const endsMs = ends.reduce((sum, { waitMs }) => sum + waitMs, 0);
  const deadlineMs = turn.state.nowMs + 4 * row.killTimeoutMs + row.listenTimeoutMs + endsMs + REPLY_SLACK_MS;
  withControl(target, { phase: { name: "acting", heal, step, deadlineMs } });
  const created = step === "add" && heal.replace != null ? { createdWallMs: heal.replace.stampWallMs } : {};
  turn.effects.push({ type: "execute", target: target.id, healId: heal.id, action: heal.action, step, row, ends, ...created });
}
