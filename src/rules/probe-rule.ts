import type { z } from "zod";
import type { BoundRule, Judgement, TargetView } from "../core/judgement.ts";
import type { Observation } from "../core/observation.ts";
import { formatDuration } from "../core/quantities.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { inWords, plural } from "../core/words.ts";
import {
  badOnes,
  freshProbeMemory,
  GOOD_IN_A_ROW,
  isStale,
  judgeProbe,
  observeProbe,
  probesUntil,
  probeVerdict,
  starred,
  type ProbeMemory,
  type ProbePace,
} from "./probe-ring.ts";
import { defineRule, type Rule, type RuleAdvice, type RuleTiming, type Scene } from "./rule.ts";

/** What one kind of probe adds to the ring that all of them share. */
export interface ProbeDefinition<Params extends ProbePace> {
  readonly name: string;
  readonly summary: string;
  readonly params: z.ZodType<Params>;
  readonly secrets?: readonly (keyof Params & string)[];
  /** What is asked, for this worker where there is one, without secrets: "http://127.0.0.1:3000/health". */
  subject(params: Params, row: WorkerRow | null): string;
  /** How a bad probe ends: "refused at once", and "silent for" as long as the timeout. */
  readonly ends: { readonly soonest: string; readonly latest: string };
  advise(params: Params, scene: Scene): readonly RuleAdvice[];
  /** Left out: each worker. */
  scope?(params: Params): BoundRule["scope"];
  readonly secondOpinion?: boolean;
  /** Why a bad probe says nothing after all, in words; null = it counts. */
  provesNothing?(observation: ProbeSeen, view: TargetView, params: Params): string | null;
}

type ProbeSeen = Extract<Observation, { kind: "probe" }>;

/** A rule that calls a worker sick once too many of the last probes were bad. */
export function defineProbe<Params extends ProbePace>(probe: ProbeDefinition<Params>): Rule {
  return defineRule<Params, ProbeMemory>({
    name: probe.name,
    summary: probe.summary,
    params: probe.params,
    secrets: probe.secrets ?? [],
    needs: ["probe"],
    scope: (params) => probe.scope?.(params) ?? "worker",
    actsInGrace: false,
    aboutWork: true,
    secondOpinion: probe.secondOpinion ?? false,
    action: null,
    fresh: freshProbeMemory,
    observe(memory, observation, view, { params, key }) {
      if (observation.kind === "probe" && observation.rule === key) take(probe, memory, observation, { view, params });
    },
    judge: (memory, view, { params }) => judgeProbe(memory, view, params),
    verdict: (memory, view, { params }) => probeVerdict(memory, view, params),
    describe: (memory, view, judgement, { params }) =>
      `${probe.subject(params, view.row)}: ${describe(memory, { view, judgement, pace: params })}`,
    flip: (memory, view, judgement, { params }) => flip(memory, { view, judgement, pace: params }),
    timing: ({ params }) => timing(params, probe.ends),
    advise: ({ params }, scene) => probe.advise(params, scene),
  });
}

function take<Params extends ProbePace>(
  probe: ProbeDefinition<Params>,
  memory: ProbeMemory,
  seen: ProbeSeen,
  { view, params }: { readonly view: TargetView; readonly params: Params },
): void {
  const why = probe.provesNothing?.(seen, view, params) ?? null;
  if (why === null) observeProbe(memory, seen, view, params);
  else memory.doubt = { atMs: seen.atMs, why };
}

interface Look {
  readonly view: TargetView;
  readonly judgement: Judgement;
  readonly pace: ProbePace;
}

function describe(memory: ProbeMemory, { view, judgement, pace }: Look): string {
  const { ring, lastAtMs, lastDetail, doubt } = memory;
  if (doubt != null) return `${doubt.why}, which proves nothing${ring.length === 0 ? "" : `; before that, ${saysRing(ring)}`}`;
  if (lastAtMs === null) return "not probed yet";
  if (isStale(memory, view, pace)) return `not probed for ${inWords(view.nowMs - lastAtMs)}`;
  if (ring.length === 0) return `${lastDetail}; starting up, failures do not count yet`;
  const allowed = judgement.state === "sick" ? "" : `; ${pace.failures.bad} of ${pace.failures.of} would be too many`;
  return `${saysRing(ring)}, last: ${lastDetail}${allowed}`;
}

function saysRing(ring: readonly boolean[]): string {
  return `${badOnes(ring)} of the last ${ring.length} probes failed [${starred(ring)}]`;
}

function flip(memory: ProbeMemory, { view, judgement, pace }: Look): string {
  const { bad, of } = pace.failures;
  if (memory.lastAtMs === null || isStale(memory, view, pace)) return "needs a probe";
  if (judgement.state === "sick") {
    const good = probesUntil(memory.ring, { ok: true, of, isEnough: (failed) => failed < bad });
    return `clears after ${plural(good, "good probe")} (${inWords(good * pace.every)})`;
  }
  const more = probesUntil(memory.ring, { ok: false, of, isEnough: (failed) => failed >= bad });
  const startupMs = (view.startedAtMs ?? memory.epochAtMs) + pace.startup - view.nowMs;
  const starts = memory.ring.length === 0 ? `once it has answered, or in ${inWords(startupMs)}, ` : "";
  return `${starts}would heal if the next ${more === 1 ? "probe fails" : `${more} probes fail`} (${inWords(more * pace.every)})`;
}

function timing({ every, timeout, failures }: ProbePace, { soonest, latest }: ProbeDefinition<ProbePace>["ends"]): RuleTiming {
  const paceMs = Math.max(every, timeout); // no probe begins before the last has ended
  const words = `${plural(failures.bad, "bad probe")}, one every ${formatDuration(paceMs)}; ${soonest}, or ${latest} ${formatDuration(timeout)}`;
  const [bestMs, worstMs] = [(failures.bad - 1) * paceMs, failures.bad * paceMs + timeout];
  return { bestMs, worstMs, proofMs: GOOD_IN_A_ROW * paceMs, words };
}
