import { healOf } from "../core/control.ts";
import { explain } from "../core/explain.ts";
import type { State } from "../core/state.ts";
import { workerOf } from "../core/subject.ts";
import type { EvidenceOrder } from "../record/evidence.ts";

/** Of the worker whose process the step that has just been written down will end; null = none that lives. */
export function evidenceOrder(state: State, id: string, healId: string): EvidenceOrder | null {
  const target = state.targets.get(id);
  const heal = target === undefined ? null : healOf(target.control.phase);
  if (target === undefined || heal === null || heal.trim != null) return null; // a trim's line says what it ends
  const worker = workerOf(state, target, heal);
  if (worker?.row?.pid == null) return null;
  const { row, runningTasks } = worker;
  const { evidence: why, action } = heal;
  return { healId, target: worker.id, why, action, row, runningTasks, explain: explain(state, target), wallMs: state.wallMs };
}
