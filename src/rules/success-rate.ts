import { z } from "zod";
import type { Judgement, TargetView } from "../core/judgement.ts";
import {
  addToEvidence,
  DAY_MS,
  foremost,
  freshRateEvidence,
  isElevated,
  isSustained,
  rateProof,
  rateVerdict,
  rolling,
  since,
  standingProof,
  tasksAsOne,
  type RateEvidence,
  type RateProof,
} from "../core/rate-evidence.ts";
import { sayProvenFlip, sayUnprovenFlip } from "../core/rate-flip.ts";
import type { Knobs } from "../core/strategy.ts";
import { wilsonLower, wilsonUpper } from "../core/wilson.ts";
import type { Outcomes } from "../core/window.ts";
import { inWords, plural } from "../core/words.ts";
import { defineRule, type Bound } from "./rule.ts";

/**
 * Recent tasks prove the success rate below `min_success_rate_percent`: two CUSUMs for the quick decline, Wilson bounds on
 * the window and on 24 h for the slow one, held for `advanced.sustain_seconds` (decision-core §1.6). All its numbers
 * are knobs, so that it has no parameters of its own.
 */
export const successRate = defineRule<Record<string, never>, RateEvidence>({
  name: "success-rate",
  summary: "recent tasks prove the success rate below min_success_rate_percent",
  params: z.strictObject({}),
  needs: ["tasks"],
  knobs: ["minSuccessRatePercent", "effectSizePercent", "timeWeightingHalfLifeMs"],
  scope: "tasks",
  actsInGrace: false,
  aboutWork: true,
  action: null,
  fresh: (epoch, bound) => freshRateEvidence(epoch, bound.knobs),
  observe(evidence, observation, view, bound) {
    if (observation.kind === "tasks") addToEvidence(evidence, observation, contextOf(view, bound));
  },
  judge,
  verdict: (evidence, _view, bound) => rateVerdict(evidence, bound.knobs),
  describe,
  flip,
});

type RateBound = Bound<Record<string, never>>;

function contextOf(view: TargetView, bound: RateBound) {
  return { knobs: bound.knobs, windows: view.tasks, nowMs: view.nowMs };
}

function judge(evidence: RateEvidence, view: TargetView, bound: RateBound): Judgement {
  const { knobs } = bound;
  if (view.blind !== null || isIdle(evidence, view, knobs)) return judgementOf("unknown", evidence, { knobs, shown: null });
  const context = contextOf(view, bound);
  const proof = evidence.provenSinceMs === null ? null : standingProof(evidence, context);
  if (proof !== null) {
    const sustained = isSustained(evidence, knobs.sustainMs, view.nowMs) && rateProof(evidence, context) !== null;
    return {
      ...judgementOf("sick", evidence, { knobs, shown: proofOutcomes(proof, evidence, view, bound) }),
      ...(proof === "fast" ? {} : { recently: isElevated(evidence, context) ? "doubtful" : "good" }),
      sustained,
      sinceMs: evidence.provenSinceMs,
    };
  }
  const shown = since(evidence, context, knobs.windowMs);
  const state = isElevated(evidence, context) ? "elevated" : isTooLittle(evidence, knobs) ? "unknown" : "fine";
  const isOutlived = state !== "elevated" && isShortOf(shown, knobs);
  return { ...judgementOf(state, evidence, { knobs, shown }), ...(isOutlived ? { recently: "good" } : {}) };
}

/** A few tasks that look bad prove nothing, but neither do they say that all is well: a symptom is not gone by them. */
function isTooLittle(evidence: RateEvidence, knobs: Knobs): boolean {
  const count = evidence.ok + evidence.failed;
  return count < knobs.minTasks.fast || (count < knobs.minTasks.long && isShortOf(evidence, knobs));
}

function isShortOf({ ok, failed }: Outcomes, { minSuccessRatePercent }: Knobs): boolean {
  return ok * 100 < (ok + failed) * minSuccessRatePercent;
}

/** No task for a whole window: nothing that happened before says how it is now. */
function isIdle(evidence: RateEvidence, view: TargetView, knobs: Knobs): boolean {
  return evidence.lastAtMs === null || view.nowMs - evidence.lastAtMs > knobs.windowMs;
}

function proofOutcomes(proof: RateProof, evidence: RateEvidence, view: TargetView, bound: RateBound): Outcomes {
  if (proof === "fast") return foremost(evidence, contextOf(view, bound));
  return since(evidence, contextOf(view, bound), proof === "window" ? bound.knobs.windowMs : DAY_MS);
}

function judgementOf(
  state: Judgement["state"],
  evidence: RateEvidence,
  options: { readonly knobs: Knobs; readonly shown: Outcomes | null },
): Judgement {
  const { knobs } = options;
  const shown = options.shown === null || options.shown.ok + options.shown.failed === 0 ? null : options.shown;
  return {
    state,
    sustained: false,
    sinceMs: null,
    dead: false,
    value: shown === null ? null : inPercent(shown.ok / (shown.ok + shown.failed)),
    threshold: knobs.minSuccessRatePercent,
    unit: "%",
    n: evidence.ok + evidence.failed,
    low: shown === null ? null : boundOf(wilsonLower, shown, evidence, knobs),
    high: shown === null ? null : boundOf(wilsonUpper, shown, evidence, knobs),
  };
}

/** Of the rate in percent, with tasks that come in bursts counted for what they tell. */
function boundOf(bound: typeof wilsonUpper, { ok, failed }: Outcomes, evidence: RateEvidence, { wilsonZ }: Knobs): number {
  const asOne = tasksAsOne(evidence);
  return inPercent(bound(ok / asOne, (ok + failed) / asOne, wilsonZ));
}

function inPercent(share: number): number {
  return Math.round(share * 1000) / 10;
}

/** The proof first, the plain rolling rate beside it: a person must see why 91 % over the hour is still sick. */
function describe(evidence: RateEvidence, view: TargetView, judgement: Judgement, bound: RateBound): string {
  const { knobs } = bound;
  if (view.blind !== null) return `success rate unknown: ${view.blind}`;
  if (evidence.lastAtMs === null) return "no finished task since the evidence began; nothing to judge by";
  if (isIdle(evidence, view, knobs)) return `no finished task for ${inWords(view.nowMs - evidence.lastAtMs)}; an idle worker is not judged`;
  const required = `required: ${knobs.minSuccessRatePercent} %`;
  if (judgement.state === "sick") {
    const held = judgement.sustained ? "" : `; counts once it has stood for ${inWords(knobs.sustainMs)}`;
    return `${proofInWords(evidence, view, bound)}${burstsInWords(evidence)}; ${required}${held}`;
  }
  const suspicion =
    judgement.state === "elevated" ? `; ${runInWords(evidence, view, bound)}: suspicious, not proven${burstsInWords(evidence)}` : "";
  const isDecided = rateVerdict(evidence, knobs) !== "undecided"; // a verdict on a heal needs fewer tasks than a suspicion
  const little =
    judgement.state === "unknown" && !isDecided ? `; ${plural(judgement.n, "task")} since the evidence began, not enough yet` : "";
  return `${sinceStartInWords(evidence, view, bound)}${windowInWords(view, evidence, bound)}; ${required}${suspicion}${little}`;
}

/** After a heal the hour still shows what was before it; what counts is said first. */
function sinceStartInWords(evidence: RateEvidence, view: TargetView, bound: RateBound): string {
  const count = evidence.ok + evidence.failed;
  const shown = view.tasks === null ? evidence : rolling(view.tasks, bound.knobs.windowMs);
  if (shown.ok + shown.failed <= count || view.nowMs - evidence.epochAtMs >= bound.knobs.windowMs) return "";
  return `${plural(count, "task")} since its last start: ${evidence.ok} ok; `;
}

function proofInWords(evidence: RateEvidence, view: TargetView, bound: RateBound): string {
  const context = contextOf(view, bound);
  const proof = standingProof(evidence, context);
  const hour = windowInWords(view, evidence, bound);
  if (proof === "fast") return `${runInWords(evidence, view, bound)}; ${hour}`;
  const proving = since(evidence, context, proof === "day" ? DAY_MS : bound.knobs.windowMs);
  const atMost = `at most ${Math.round(boundOf(wilsonUpper, proving, evidence, bound.knobs))} %`;
  return proof === "day" ? `24 h: ${rateInWords(proving)}, ${atMost}; ${hour}` : `${hour}, ${atMost}`;
}

/** "last 45 tasks: 9 ok, at most 46 %": the stretch of the CUSUM that is nearest to a proof. */
function runInWords(evidence: RateEvidence, view: TargetView, bound: RateBound): string {
  const run = foremost(evidence, contextOf(view, bound));
  const atMost = boundOf(wilsonUpper, run, evidence, bound.knobs);
  const bounded = atMost < bound.knobs.minSuccessRatePercent ? `, at most ${Math.round(atMost)} %` : "";
  return `last ${plural(run.ok + run.failed, "task")}: ${run.ok} ok${bounded}`;
}

const BURSTS_SAID_FROM = 1.5; // below, it changes no number that a person would notice

/** Why it takes more tasks with this worker than with another one. */
function burstsInWords(evidence: RateEvidence): string {
  const asOne = tasksAsOne(evidence);
  return asOne < BURSTS_SAID_FROM ? "" : ` (its failures come in bursts: ${asOne.toFixed(1)} tasks count as one)`;
}

/** "1 h: 91 % (87–94 %, n=600)": the rolling rate as it is displayed, from before the epoch too. */
function windowInWords(view: TargetView, evidence: RateEvidence, bound: RateBound): string {
  const { knobs } = bound;
  const shown = view.tasks === null ? evidence : rolling(view.tasks, knobs.windowMs);
  const weighted = evidence.weighted;
  const recent =
    weighted === null || weighted.n === 0
      ? ""
      : `; weighted to the last ${inWords(weighted.halfLifeMs)}: ${Math.round((100 * weighted.ok) / weighted.n)} %`;
  return `${inWords(knobs.windowMs)}: ${rateInWords(shown)}${recent}`;
}

const SHOWN_Z = 1.96; // the interval people know and `status` shows; decisions use the stricter `wilson_z`

function rateInWords(outcomes: Outcomes): string {
  const count = outcomes.ok + outcomes.failed;
  if (count === 0) return "no finished task";
  const low = Math.round(100 * wilsonLower(outcomes.ok, count, SHOWN_Z));
  const high = Math.round(100 * wilsonUpper(outcomes.ok, count, SHOWN_Z));
  return `${Math.round((100 * outcomes.ok) / count)} % (${low}–${high} %, n=${count})`;
}

function flip(evidence: RateEvidence, view: TargetView, judgement: Judgement, bound: RateBound): string {
  if (view.blind !== null) return "needs the queue to answer again";
  const now = contextOf(view, bound);
  return judgement.state === "sick" ? sayProvenFlip(evidence, now, judgement.sustained) : sayUnprovenFlip(evidence, now);
}
