import { isInFlight, restartsNobody, type Phase } from "../../core/control.ts";
import type { Event } from "../../core/event.ts";
import type { JournalRecord } from "../../core/journal-record.ts";
import type { Target } from "../../core/state.ts";
import { resolveMaxUnavailable } from "../../core/strategy.ts";
import { strategyOf } from "../../core/turn.ts";
import { checkAge, checkCalendar } from "./time-checks.ts";
import type { Books } from "./books.ts";
import { broken, type Witness } from "./witness.ts";

type Intent = Extract<Phase, { name: "intent" }>;

/** At the moment a heal is decided: is it allowed, and does it rest on evidence of this life? */
export function checkIntent(witness: Witness, books: Books, { record, event }: { record: JournalRecord; event: Event }): void {
  const { state } = witness;
  const target = state.targets.get(record.target);
  if (target === undefined) broken("I9", `an intent about ${record.target}, which is no target`);
  const { phase } = target.control;
  if (isAdopted(target, record)) return;
  if (phase.name !== "intent" || phase.heal.id !== record.healId)
    broken("I1", `an intent of ${record.target} that its phase does not carry`);
  const strategy = strategyOf(state, target);
  if (strategy.mode === "observe") broken("I15", `an intent about ${target.id} in mode observe`);
  if (books.isPm2Lost) broken("guard pm2", `an intent about ${target.id} while PM2 does not answer`);
  const { journalError } = state;
  if (journalError !== null && (journalError.retryAtMs === null || state.nowMs < journalError.retryAtMs))
    broken("I18", `an intent about ${target.id} while the journal cannot be trusted`);
  if (phase.heal.by !== null) books.byHand.add(phase.heal.id);
  const force = forcedBy(event, phase);
  if (force !== null) checkGuards(witness, books, { target, phase, force });
  // What contains a failed heal rests on its verdict, not on new evidence.
  const rule = target.rules.find(({ key }) => key === phase.heal.rule);
  if (rule !== undefined && phase.heal.action !== "hold-down") checkEvidence(witness, books, { target, memory: rule.memory });
  if (phase.step !== "stop") checkOthers(witness, books, { target, phase });
}

/** A stop of healer's that PM2 carried out late: what it began is taken up again, and nothing is done for it. */
function isAdopted({ control: { phase }, row }: Target, { healId }: JournalRecord): boolean {
  // One with a copy in its way is started in the same turn.
  const isHeld = phase.name === "held" || phase.name === "open" || (phase.name === "intent" && phase.step === "start");
  return isHeld && phase.heal?.id === healId && row !== null && row.pid === null;
}

/** The guards that a person has overridden, none for healer's own decisions; null = a trim by hand, which has rules of its own. */
function forcedBy(event: Event, { heal }: Intent): readonly string[] | null {
  if (heal.by === null) return [];
  return event.type === "command" && event.command.name === "heal" ? event.command.force : null;
}

interface Decided {
  readonly target: Target;
  readonly phase: Intent;
  readonly force: readonly string[];
}

function checkGuards(witness: Witness, books: Books, decided: Decided): void {
  const { state } = witness;
  const { target, phase, force } = decided;
  const { heal } = phase;
  const mind = (guard: string, broke: boolean, what: string): void => {
    if (broke && !force.includes(guard)) broken(`guard ${guard}`, `${target.id} ${what}`);
  };
  const pauses = [state.globals.paused, state.targets.get(target.group)?.control.paused ?? null, target.control.paused];
  mind(
    "paused",
    pauses.some((pause) => pause !== null && (pause.untilMs === null || pause.untilMs > state.nowMs)),
    "is paused",
  );
  const before = books.before.get(target.id)?.phase;
  const isStop = heal.action === "hold-down";
  mind("backoff", before?.name === "backoff" && state.nowMs < before.untilMs && !isStop, "is healed before its backoff is over");
  mind("circuit", before?.name === "open" && state.nowMs < before.untilMs && heal.by !== null, "is healed while its circuit is open");
  const isBusyNow = before !== undefined && isInFlight(before) && before.name !== "verifying";
  mind("in-flight", heal.by !== null && isBusyNow, "is in a heal already");
  mind("in-flight", heal.by !== null && before?.name === "verifying", "awaits the verdict on its last heal");
  mind("status", !isStop && !isLeftDown(before) && isPm2sBusiness(target), "is stopped, or PM2 is busy with it");
  mind("drain", isBusy(books, witness, decided), "has tasks in hand");
  if (heal.by === null) checkCalendar(witness, books, { target, heal }); // a person may be quicker than the turn that notices a window
  if (!force.includes("grace")) checkAge(witness, books, { target, heal });
}

/** A start of healer's own has failed. */
function isLeftDown(before: Phase | undefined): boolean {
  return before?.name === "suspect" && before.contain !== null;
}

/** A row that its operator has stopped, or that PM2 is stopping or launching right now. */
function isPm2sBusiness({ kind, row }: Target): boolean {
  if (kind === "group" || row === null) return false;
  return row.status === "stopping" || row.status === "launching" || (row.status === "stopped" && row.pid === null);
}

function isBusy(books: Books, { state }: Witness, { target, phase: { heal } }: Decided): boolean {
  const rule = target.rules.find(({ key }) => key === heal.rule);
  const isAlive = target.row?.pid != null && rule?.judgement.dead !== true;
  if (!isAlive || (books.running.get(target.id) ?? 0) === 0 || heal.action === "hold-down" || heal.action === "trim") return false;
  const symptoms = books.symptoms.get(target.id); // none, or not all, where a healer died before it was on disk that they had gone
  const isToldOf = ({ key }: { readonly key: string }): boolean => symptoms?.rules.has(JSON.stringify(key)) === true;
  if (symptoms === undefined || target.rules.some((each) => each.symptomAtMs !== null && !isToldOf(each))) return false;
  return state.nowMs - symptoms.sinceMs < strategyOf(state, target).knobs.drainMs;
}

/** Steps after which another process is meant. */
const RENEWS: readonly string[] = ["all", "start", "remove"];

/** I16: what speaks against it was seen since its epoch, and counted once. */
function checkEvidence({ journal }: Witness, books: Books, { target, memory }: { target: Target; memory: unknown }): void {
  if (typeof memory !== "object" || memory === null || !("failed" in memory) || !("epochAtMs" in memory)) return;
  const { failed, epochAtMs } = memory as { readonly failed: number; readonly epochAtMs: number };
  const isAborted = (healId: string): boolean => journal.some((record) => record.healId === healId && isAbort(record.note));
  // Of a replacement that was taken away again the old one is left.
  const isUndone = (healId: string): boolean => books.executed.some((executed) => executed.healId === healId && executed.step === "undo");
  const isVain = (healId: string): boolean => isAborted(healId) || isUndone(healId);
  const last = books.executed.findLast(
    (executed) => executed.target === target.id && !isVain(executed.healId) && RENEWS.includes(executed.step) && executed.action !== "trim",
  );
  if (last !== undefined && epochAtMs < last.atMs) broken("I16", `the evidence against ${target.id} is older than its last heal`);
  let told = 0;
  for (const failure of books.failures.get(target.id) ?? []) if (failure.atMs >= epochAtMs) told += failure.failed;
  if (failed > told) broken("I16", `${failed} failures speak against ${target.id}, ${told} were told since its epoch`);
}

function checkOthers({ state }: Witness, books: Books, { target, phase: { heal } }: Omit<Decided, "force">): void {
  if (restartsNobody(heal.action)) return;
  const group = state.groups.get(target.group);
  const others = (group?.members ?? []).map((id) => state.targets.get(id)).filter((member) => member !== undefined && member !== target);
  const healing = others.filter((member) => member !== undefined && isBeingHealed(member.control.phase)).length;
  const limit = resolveMaxUnavailable(strategyOf(state, target).knobs.maxUnavailable, group?.members.length ?? 1);
  if (target.kind === "worker" && healing + 1 > limit) broken("I2", `${healing + 1} of ${target.group} in flight, at most ${limit}`);
  if (target.kind === "group" && healing > 0) broken("I2", `a heal of ${target.id} beside one of its workers`);
  const whole = state.targets.get(target.group);
  if (target.kind === "worker" && whole !== undefined && isInFlight(whole.control.phase))
    broken("guard in-flight", `a heal of ${target.id} beside one of its whole group`);
  const canary = books.canaries.get(target.group) ?? target.id;
  const isAlone = heal.by !== null || canary === target.id || !isInFlight(state.targets.get(canary)?.control.phase ?? NOBODYS);
  const incident = group?.incident ?? null;
  if ((incident !== null && incident.phase !== "generalise" && healing > 0) || !isAlone)
    broken("I11", `a second heal in the incident of ${target.group}`);
}

const NOBODYS: Phase = { name: "healthy" };

function isBeingHealed(phase: Phase): boolean {
  return isInFlight(phase) && "heal" in phase && phase.heal?.action !== "hold-down" && phase.heal?.action !== "trim";
}

/** Nothing was changed by it, as far as anybody can tell: what was seen before still stands. */
function isAbort(note: unknown): boolean {
  return typeof note === "object" && note !== null && "verdict" in note && note.verdict === "aborted";
}
