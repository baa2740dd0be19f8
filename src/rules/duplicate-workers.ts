import { z } from "zod";
import type { Judgement, RuleVerdict, TargetView } from "../core/judgement.ts";
import type { Knobs } from "../core/strategy.ts";
import { PROVEN_MS } from "../core/trim.ts";
import { mayEnd, planTrim, type UnitPlan } from "../core/trim-plan.ts";
import { sayMember } from "../core/trim-words.ts";
import { inWords, plural } from "../core/words.ts";
import { defineRule } from "./rule.ts";

const LOOKED_WITHIN_MS = 30_000; // three times what a look may take

type Memory = { readonly epochAtMs: number };

/**
 * More workers of an app run than `max_workers`: rows of PM2, and copies outside it that `trim_outside` names. They must have
 * stood for `trim_after_seconds`: a deploy that doubles its workers for a moment is left alone. All of it is in the list and
 * in what was seen beside it; who goes is decided anew before each end (`core/trim.ts`).
 */
export const duplicateWorkers = defineRule<Record<string, never>, Memory>({
  name: "duplicate-workers",
  summary: "more workers of an app run than max_workers, for trim_after_seconds; comes with max_workers",
  params: z.strictObject({}),
  needs: [],
  knobs: ["maxWorkers", "trimOutside", "trimAfterMs"],
  scope: "group",
  actsInGrace: true, // the youngest of too many is always in its grace period
  action: "trim",
  fresh: (epoch) => ({ epochAtMs: epoch.atMs }),
  observe() {},
  judge: (memory, view, { knobs }) => judge(memory, view, knobs),

  verdict(memory, view, { knobs }): RuleVerdict {
    return judge(memory, view, knobs).state === "fine" ? "recovered" : "failed";
  },

  describe(_memory, view, _judgement, { knobs }) {
    const units = unitsOf(view, knobs);
    const beside = reportedOnly(view, knobs);
    if (units.length === 0) return `${runningWords(view, knobs)}, at most ${knobs.maxWorkers ?? 0} may be${beside}`;
    return `${units.map((unit) => sayUnit(unit, view.nowMs)).join("; ")}${beside}`;
  },

  flip(memory, view, judgement, { knobs }) {
    const units = unitsOf(view, knobs);
    if (units.length === 0) return `would be trimmed if more than ${knobs.maxWorkers ?? 0} ran for ${inWords(knobs.trimAfterMs)}`;
    if (judgement.sustained) return "clears when they are ended";
    const ready = units.filter((unit) => whyNot(unit) === null);
    const [first] = units;
    if (ready.length === 0) return `would be trimmed, but: ${first === undefined ? "" : whyNot(first)}`;
    return `would be trimmed in ${inWords(Math.min(...ready.map((unit) => standsAtMs(unit, memory, view, knobs))) - view.nowMs)}`;
  },

  timing({ knobs: { trimAfterMs } }) {
    const words = `too many for ${inWords(trimAfterMs)} (advanced.trim_after_seconds)`;
    return { bestMs: trimAfterMs, worstMs: trimAfterMs, proofMs: PROVEN_MS, words };
  },
});

function judge(memory: Memory, view: TargetView, knobs: Knobs): Judgement {
  const units = unitsOf(view, knobs);
  const tooMany = units.length > 0;
  const running = units.reduce((sum, { keeps, victims }) => sum + keeps.length + victims.length, 0);
  return {
    state: view.group === null ? "unknown" : !tooMany ? "fine" : isSymptom(units, memory, view, knobs) ? "sick" : "elevated",
    sustained: units.some((unit) => whyNot(unit) === null && view.nowMs >= standsAtMs(unit, memory, view, knobs)),
    sinceMs: tooMany ? Math.min(...units.map(({ sinceMs }) => Math.max(sinceMs, memory.epochAtMs))) : null,
    dead: false,
    value: tooMany ? running : null,
    threshold: knobs.maxWorkers,
    unit: "workers",
    n: view.group?.workers.length ?? 0,
    low: null,
    high: null,
  };
}

/** Told when half of its time is over: a deploy that passes makes no line. */
function isSymptom(units: readonly UnitPlan[], memory: Memory, view: TargetView, knobs: Knobs): boolean {
  return units.some((unit) => view.nowMs >= standsAtMs(unit, memory, view, knobs) - knobs.trimAfterMs / 2);
}

function unitsOf(view: TargetView, knobs: Knobs): readonly UnitPlan[] {
  if (view.group === null || knobs.maxWorkers === null) return [];
  return planTrim(view.group, { keep: knobs.maxWorkers, outside: knobs.trimOutside }, view.nowMs);
}

function whyNot({ unsafe, unsettled }: UnitPlan): string | null {
  return unsafe ?? unsettled;
}

/**
 * An edit that makes them too many does not act on how long they have been there. Before anybody has looked for copies the
 * list may be short of some; where nobody can look, rows alone are too many a little later.
 */
function standsAtMs(unit: UnitPlan, memory: Memory, { group }: TargetView, knobs: Knobs): number {
  const isToBeLooked = knobs.trimOutside !== "none" && group?.copiesAtMs === null;
  return Math.max(unit.sinceMs, memory.epochAtMs) + knobs.trimAfterMs + (isToBeLooked ? LOOKED_WITHIN_MS : 0);
}

function sayUnit(unit: UnitPlan, nowMs: number): string {
  const { keeps, victims, keep, sinceMs } = unit;
  const members = [...keeps, ...victims].map(sayMember).join(", ");
  return `${plural(keeps.length + victims.length, "worker")} where ${keep} may be, for ${inWords(nowMs - sinceMs)}: ${members}; too many: ${victims.map(sayMember).join(", ")}`;
}

function runningWords({ group }: TargetView, { trimOutside }: Knobs): string {
  const rows = (group?.workers ?? []).filter(({ row }) => row.pid !== null).length;
  const running = rows + (group?.copies ?? []).filter(({ copy }) => mayEnd(copy, trimOutside)).length;
  return `${plural(running, "worker")} ${running === 1 ? "runs" : "run"}`;
}

/** Copies that `trim_outside` does not speak of are neither counted nor ended, but told. */
function reportedOnly({ group }: TargetView, { trimOutside }: Knobs): string {
  const reported = (group?.copies ?? []).filter(({ copy }) => !mayEnd(copy, trimOutside)).length;
  if (reported === 0) return "";
  return `; besides ${reported} outside PM2, reported only (trim_outside: ${trimOutside})`;
}
