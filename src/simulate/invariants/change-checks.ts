import type { Control } from "../../core/control.ts";
import type { Event } from "../../core/event.ts";
import type { LogRecord } from "../../core/log-record.ts";
import type { Target } from "../../core/state.ts";
import { strategyOf } from "../../core/turn.ts";
import type { Books } from "./books.ts";
import { broken, type Witness } from "./witness.ts";

/** I12 and I5: what a step has done to a target's streak and circuit, and whether it said why. */
export function checkChange(
  { state }: Witness,
  books: Books,
  { target, event, logs }: { target: Target; event: Event; logs: readonly LogRecord[] },
): void {
  const { failedHeals } = target.control;
  const threshold = strategyOf(state, target).knobs.consecutiveFailuresThreshold;
  const before = books.before.get(target.id);
  if (before === target.control) return;
  // A threshold that was lowered meanwhile is met by the next verdict.
  if (failedHeals > threshold && failedHeals > (before?.failedHeals ?? failedHeals))
    broken("I12", `the streak of ${target.id} is ${failedHeals}, at most ${threshold}`);
  const told = (name: LogRecord["event"], verdict?: string): boolean =>
    logs.some((log) => log.event === name && log.target === target.id && (verdict === undefined || log.more?.["verdict"] === verdict));
  if (event.type === "command" && told("reset")) books.resetAtMs.set(target.id, books.nowMs);
  if (before === undefined) return;
  const delta = failedHeals - before.failedHeals;
  if (delta > 1 || (delta === 1 && !told("heal_verdict", "failed") && !before.unproven))
    broken("I12", `the streak of ${target.id} grew unexplained`);
  // A threshold that was lowered meanwhile is as far as a streak goes.
  if (delta < 0 && failedHeals !== threshold && !told("heal_verdict", "recovered") && !told("circuit_closed") && !told("reset"))
    broken("I12", `the streak of ${target.id} shrank`);
  checkCircuit(books, { target, before, isExplained: told("circuit_closed") || told("reset") || event.type === "command" });
}

/** I5: an open circuit stays open until its cool-down is over, or says who closed it. */
function checkCircuit(books: Books, { target, before, isExplained }: { target: Target; before: Control; isExplained: boolean }): void {
  const wasOpen = before.phase.name === "open" ? before.phase : null;
  const leftEarly = wasOpen !== null && target.control.phase.name !== "open" && books.nowMs < wasOpen.untilMs;
  if (leftEarly && !isExplained) broken("I5", `the circuit of ${target.id} closed early`);
}
