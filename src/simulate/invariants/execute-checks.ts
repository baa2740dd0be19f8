import type { Control } from "../../core/control.ts";
import type { Event } from "../../core/event.ts";
import type { JournalRecord } from "../../core/journal-record.ts";
import { mayEnd } from "../../core/trim-plan.ts";
import { strategyOf } from "../../core/turn.ts";
import type { Knobs } from "../../core/strategy.ts";
import { processKey, type Books } from "./books.ts";
import { checkReplace, mayComeTwice } from "./replace-checks.ts";
import { broken, type Execute, type Witness } from "./witness.ts";

const HOUR_MS = 3_600_000;

/** At the moment something is done to a worker. */
export function checkExecute(witness: Witness, books: Books, done: { effect: Execute; event: Event }): void {
  const { effect, event } = done;
  if (event.type !== "durable") broken("I18", `an execution in answer to ${event.type}`);
  checkRecord(witness, books, effect);
  checkWhom(witness, books, effect);
  if (effect.action === "trim") checkTrim(witness, books, effect);
  if (effect.action === "replace") checkReplace(witness, books, effect);
  checkGrace(witness, books, effect);
  books.executed.push({ ...effect, atMs: books.nowMs, generation: generationOf(witness) });
  checkRates(witness, books, effect.target);
}

/** I6 and I7: the intent is on disk, and this step of it was never done before. */
function checkRecord(witness: Witness, books: Books, effect: Execute): void {
  const { healId, step, row } = effect;
  const written = witness.journal.findLast((record) => record.healId === healId);
  const phase = (written?.control as Control | undefined)?.phase;
  if (phase?.name !== "intent" || phase.step !== step) broken("I6", `${healId} ${step} executed, on record is ${phase?.name}`);
  if (!witness.isOnDisk(healId)) broken("I6", `${healId} ${step} executed, and a power cut now would leave no trace of it`);
  const ended = JSON.stringify(effect.ends.map(({ pid }) => pid)); // of a trim a row may stand for its app's limits several times
  const same = books.executed.filter(
    (other) =>
      other.healId === healId &&
      other.step === step &&
      other.row.pmId === row.pmId &&
      other.generation === generationOf(witness) && // a new daemon of PM2's numbers its rows anew
      JSON.stringify(other.ends.map(({ pid }) => pid)) === ended,
  );
  if (same.length > 0 && !mayComeTwice(witness, effect)) broken("I7", `${healId} ${step} executed twice`);
}

function generationOf({ state: { pm2 } }: Witness): string | null {
  return pm2.name === "unknown" ? null : pm2.generation;
}

/** I9: never healer itself, a module of PM2's, whoever is not selected, or whom an operator has stopped. */
function checkWhom(witness: Witness, books: Books, effect: Execute): void {
  const { row, target, action, step, healId } = effect;
  const isSelf = row.pid !== null && witness.selfPids.includes(row.pid);
  if (row.isModule || isSelf || witness.isStranger(row.name)) broken("I9", `${row.name} was touched`);
  // A start finishes what a stop of healer's own began; who stopped it meanwhile as well, nobody can tell. Nor of a row half deleted.
  const isInDoubt =
    step === "start" || (step === "stop" && wasToldToStop(books, effect)) || (step === "remove" && isDeletedAgain(witness, effect));
  if (action !== "trim" && !isInDoubt && witness.isStoppedByOperator(row) && !books.byHand.has(healId))
    broken("guard status", `${target} was stopped by its operator`);
}

/** On record twice: of the first time nobody knows how far it got. */
function isDeletedAgain({ journal }: Witness, { healId }: Execute): boolean {
  const isDelete = ({ note }: JournalRecord): boolean =>
    typeof note === "object" && note !== null && "step" in note && note.step === "remove";
  return journal.filter((record) => record.healId === healId && isDelete(record)).length > 1;
}

/** Or to start, and it did not, by healer in this life of its row: what brings it down again in earnest may have been meant as the end of that. */
function wasToldToStop({ executed }: Books, { target, row: { createdWallMs } }: Execute): boolean {
  const isHalf = ({ action, step }: Execute): boolean => step === "stop" || step === "start" || action === "stop-start";
  return executed.some((other) => other.target === target && other.row.createdWallMs === createdWallMs && isHalf(other));
}

/** I10: never fewer than may be are left, the oldest row goes, and of copies only what the configuration names. */
function checkTrim(witness: Witness, books: Books, { row, ends, healId, target }: Execute): void {
  const copies = witness.copies ?? [];
  const { maxWorkers, trimOutside } = knobsOf(witness, target);
  const isByHand = books.byHand.has(healId);
  const keep = isByHand ? 1 : (maxWorkers ?? 0);
  const online = books.toldRows.filter((other) => other.name === row.name && other.status === "online" && other.pid !== null);
  for (const copy of copies.filter(({ pid }) => ends.some((end) => end.pid === pid)))
    if (copy.owner === "other_daemon" || copy.untouchable !== null) broken("I9", `${copy.owner} pid ${copy.pid} was ended`);
  for (const { pid, startTicks } of ends)
    if (!copies.some((copy) => copy.pid === pid && copy.startTicks === startTicks)) broken("I10", `pid ${pid} is another by now`);
  if (ends.length > 1) broken("I10", "two are ended at once");
  const counted = copies.filter((copy) => copy.group === row.name && mayEnd(copy, isByHand ? "all" : trimOutside)).length; // an order stands whatever is edited meanwhile
  const left = online.length + counted - 1;
  if (left < keep) broken("I10", `${left} of ${row.name} are left, ${keep} may be`);
  if (ends.length > 0) return;
  // Who was restarted since the trim was decided is another than was meant by it.
  const decidedAtMs = witness.journal.find((record) => record.healId === healId)?.atMs ?? 0;
  const established = online.filter((other) => decidedAtMs - (books.toldAtMs.get(processKey(other)) ?? decidedAtMs) >= 15_000);
  const older = established.find(({ pmId, pid }) => pmId < row.pmId && pid !== row.pid);
  if (older !== undefined && established.length > keep) broken("I10", `pm_id ${row.pmId} removed while ${older.pmId} is older`);
}

/** I3: crash loops are stopped, and workers without a process restarted, also within grace (decision-core §4.5). */
function checkGrace(witness: Witness, books: Books, effect: Execute): void {
  const { action, step, target, healId } = effect;
  if (action === "hold-down" || action === "trim" || step === "start" || books.byHand.has(healId)) return;
  // A stop that PM2 refused has started nothing; one that it has carried out is followed by a start.
  const isStart = (other: Execute): boolean => other.action !== "trim" && other.step !== "stop";
  const last = books.executed.findLast((other) => other.target === target && other.healId !== healId && isStart(other));
  const strategy = witness.state.targets.get(target)?.strategy ?? "";
  const graceMs = books.graceMsMin.get(strategy) ?? 0;
  if (last !== undefined && books.nowMs - last.atMs < graceMs)
    broken("I3", `${target} executed ${books.nowMs - last.atMs} ms after its last execution, grace is ${graceMs} ms`);
}

/** I4: what restarts somebody, counted in heals. */
function checkRates(witness: Witness, books: Books, target: string): void {
  while ((books.executed[0]?.atMs ?? books.nowMs) < books.nowMs - 24 * HOUR_MS) books.executed.shift();
  const recent = books.executed.filter(({ atMs, step, action }) => books.nowMs - atMs < HOUR_MS && step !== "stop" && action !== "trim");
  const heals = new Set(recent.filter(({ healId }) => !books.byHand.has(healId)).map(({ healId }) => healId)).size;
  if (heals > books.healsPerHourMax) broken("I4", `${heals} heals within an hour, at most ${books.healsPerHourMax}`);
  const sinceMs = books.resetAtMs.get(target) ?? 0;
  const own = recent.filter((other) => other.target === target && other.atMs > sinceMs && !books.byHand.has(other.healId));
  // Started once more after each cool-down, and once by a hold-down that opens the circuit for flapping.
  const trials = (books.trialsAtMs.get(target) ?? []).filter((atMs) => books.nowMs - atMs < HOUR_MS).length;
  const most = Math.max(knobsOf(witness, target).maxHealsPerHour, books.healsPerTargetMax) + 1 + trials;
  if (new Set(own.map(({ healId }) => healId)).size > most) broken("I4", `${target} healed more than ${most} times within an hour`);
}

function knobsOf({ state }: Witness, id: string): Knobs {
  const target = state.targets.get(id);
  if (target === undefined) broken("I9", `${id} is no target`);
  return strategyOf(state, target).knobs;
}
