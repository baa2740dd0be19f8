import type { OutsideCopy } from "./copy.ts";
import { memberKey } from "./member-key.ts";
import type { TargetId } from "./observation.ts";
import type { TrimOutside } from "./strategy.ts";
import { sayMember } from "./trim-words.ts";
import { inWords } from "./words.ts";
import type { WorkerRow } from "./worker-row.ts";

/** What runs of one app: PM2's rows and what runs beside them. */
export interface GroupFacts {
  readonly workers: readonly GroupWorker[];
  readonly copies: readonly GroupCopy[];
  /** When it was last looked for copies, reducer ms; null = never, or too long ago to count on. */
  readonly copiesAtMs: number | null;
}

export interface GroupWorker {
  readonly id: TargetId;
  readonly row: WorkerRow;
  /** Reducer time at which its process became ready; null while it is not. */
  readonly readyAtMs: number | null;
}

export interface GroupCopy {
  readonly copy: OutsideCopy;
  /** Reducer time, stamped when it was first seen: a wall clock that is set later makes nobody older. */
  readonly startedAtMs: number;
}

/** One that runs and counts. `sinceMs`: since when, reducer time. */
export type Member =
  | { readonly kind: "row"; readonly sinceMs: number; readonly worker: GroupWorker }
  | { readonly kind: "copy"; readonly sinceMs: number; readonly copy: OutsideCopy };

export interface TrimLimits {
  readonly keep: number;
  readonly outside: TrimOutside;
}

/** Workers are counted by app and script: two programs under one name are no copies of each other. */
export interface UnitPlan {
  readonly script: string;
  readonly keep: number;
  readonly keeps: readonly Member[];
  /** In the order in which they go; empty = nobody is too many. */
  readonly victims: readonly Member[];
  /** Since when there have been too many without a break, as far as those who live now can tell. */
  readonly sinceMs: number;
  /** Why none of them may be ended now although there are too many; null = they may. */
  readonly unsafe: string | null;
  /** Why it may be others in a moment, so that no trim is begun yet; null = who stays is settled. */
  readonly unsettled: string | null;
}

/** Online for so long before it is one to keep: PM2 says `online` of a process that dies a second later. */
export const ESTABLISHED_MS = 10_000;

/**
 * Who stays and who goes (interface.md §3): the newest stay, that is the highest pm_ids among rows online for 10 s, and
 * PM2's rows before copies outside it; copies go first, then the oldest rows. Copies that `outside` does not name are
 * neither counted nor ended. Every unit with more members than `keep` is in the answer.
 */
export function planTrim(facts: GroupFacts, limits: TrimLimits, nowMs: number): readonly UnitPlan[] {
  const scripts = new Set(facts.workers.map(({ row }) => row.script));
  return [...scripts].map((script) => planUnit(script, facts, limits, nowMs)).filter(({ victims }) => victims.length > 0);
}

function planUnit(script: string, facts: GroupFacts, { keep, outside }: TrimLimits, nowMs: number): UnitPlan {
  const rows = facts.workers.filter(({ row }) => row.script === script && row.status === "online" && row.pid !== null);
  const copies = facts.copies.filter(({ copy }) => copy.script === script && mayEnd(copy, outside));
  const inOrder = [...rows.map(memberOfRow(nowMs)), ...copies.map(memberOfCopy)].sort((one, other) => byPreference(one, other, nowMs));
  const keeps = inOrder.slice(0, keep);
  const victims = inOrder.slice(keep).sort((one, other) => byExpendability(one, other, nowMs));
  const starts = inOrder.map(({ sinceMs }) => sinceMs).sort((one, other) => one - other);
  const sinceMs = starts[keep] ?? nowMs; // since the one that made it too many
  return {
    script,
    keep,
    keeps,
    victims,
    sinceMs,
    unsafe: whyUnsafe({ rows, keeps, keep }, nowMs),
    unsettled: whyUnsettled(victims, nowMs),
  };
}

/** Whether `trim_outside` speaks of this copy at all. Another living daemon's never is ended: it would come back. */
export function mayEnd(copy: OutsideCopy, outside: TrimOutside): boolean {
  if (copy.untouchable !== null || copy.owner === "other_daemon") return false;
  return outside === "all" || (outside === "orphans" && copy.owner === "orphan");
}

/** Of two settings of `trim_outside` the one that ends fewer. */
export function narrower(one: TrimOutside, other: TrimOutside): TrimOutside {
  const widths: readonly TrimOutside[] = ["none", "orphans", "all"];
  return widths.indexOf(one) < widths.indexOf(other) ? one : other;
}

function memberOfRow(nowMs: number): (worker: GroupWorker) => Member {
  return (worker) => ({ kind: "row", sinceMs: worker.readyAtMs ?? nowMs, worker });
}

function memberOfCopy({ copy, startedAtMs }: GroupCopy): Member {
  return { kind: "copy", sinceMs: startedAtMs, copy };
}

/** Whom to keep first: established rows, then young rows, then copies; among equals the newest. */
function byPreference(one: Member, other: Member, nowMs: number): number {
  const rank = preference(one, nowMs) - preference(other, nowMs);
  if (rank !== 0) return rank;
  if (one.kind === "row" && other.kind === "row") return other.worker.row.pmId - one.worker.row.pmId;
  return other.sinceMs - one.sinceMs || (memberKey(one) < memberKey(other) ? 1 : -1); // the same world gives the same order
}

/** Whom to end first: copies, then the oldest rows; a row that has only just come may be the one to keep in a moment. */
function byExpendability(one: Member, other: Member, nowMs: number): number {
  const rank = (member: Member): number => (member.kind === "copy" ? 0 : isEstablished(member, nowMs) ? 1 : 2);
  return rank(one) - rank(other) || -byPreference(one, other, nowMs);
}

function preference(member: Member, nowMs: number): number {
  if (member.kind === "copy") return 2;
  return isEstablished(member, nowMs) ? 0 : 1;
}

function isEstablished(member: Member, nowMs: number): boolean {
  return nowMs - member.sinceMs >= ESTABLISHED_MS;
}

/** What healer does not do by itself; a person's own order is only held to what is online (`keeps` is never short of it). */
function whyUnsafe(unit: { rows: readonly GroupWorker[]; keeps: readonly Member[]; keep: number }, nowMs: number): string | null {
  const configured = Math.max(0, ...unit.rows.map(({ row }) => row.configuredInstances));
  if (configured > unit.keep) return `PM2 is configured to run ${configured} of it, and ${unit.keep} may be: one of the two is a slip`;
  const young = unit.keeps.find((member) => !isEstablished(member, nowMs));
  return young === undefined
    ? null
    : `${sayMember(young)} has only been up for ${inWords(nowMs - young.sinceMs)}, and would be one to keep`;
}

/** A row that comes to be one to keep after the choice was made leaves somebody too many whom the trim may not end. */
function whyUnsettled(victims: readonly Member[], nowMs: number): string | null {
  const young = victims.find((member) => member.kind === "row" && !isEstablished(member, nowMs));
  return young === undefined
    ? null
    : `${sayMember(young)} has only been up for ${inWords(nowMs - young.sinceMs)}, and may be the one to keep`;
}
