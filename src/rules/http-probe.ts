import { z } from "zod";
import type { Judgement, RuleVerdict, TargetView } from "../core/judgement.ts";
import { formatDuration, type StatusRange } from "../core/quantities.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { expandForWorker } from "../core/worker-template.ts";
import { inWords, plural } from "../core/words.ts";
import { adviseProbe } from "./http-probe-advice.ts";
import { duration, failuresOf, statusRanges, workerUrl } from "./param-schemas.ts";
import { defineRule, type Bound } from "./rule.ts";

/** As `sensors/http-probe` reads them too: durations in ms, `expect` as ranges of status codes. */
export interface HttpProbeParams {
  readonly url: string;
  readonly every: number;
  readonly timeout: number;
  readonly failures: { readonly bad: number; readonly of: number };
  readonly expect: readonly StatusRange[];
  readonly startup: number;
}

interface Memory {
  readonly epochAtMs: number;
  /** The last `failures.of` answers that count, oldest first. */
  ring: boolean[];
  hasAnswered: boolean;
  lastAtMs: number | null;
  lastDetail: string;
  /** When the ring first held too many failures; null = it does not. */
  sickSinceMs: number | null;
  count: number;
}

const GOOD_IN_A_ROW = 3; // what a recovery takes: one good answer may come from a process about to hang again
const STALE_AFTER_PROBES = 3;
const STALE_MS_MIN = 60_000; // slow turns of healer itself are not a reason to forget

/** Too many of the last answers of a worker's HTTP address were bad. A probe that could not be sent is not an answer. */
export const httpProbe = defineRule<HttpProbeParams, Memory>({
  name: "http-probe",
  summary: "too many of the last answers of url were bad: wrong status, none in time, or no connection",
  params: z.strictObject({
    url: workerUrl(),
    every: duration().prefault("10s"),
    timeout: duration({ minMs: 50, maxMs: 300_000 }).prefault("2s"),
    failures: failuresOf().prefault("3 of 5"),
    expect: statusRanges().prefault("200-399"),
    startup: duration({ minMs: 0 }).prefault("5m"),
  }),
  needs: ["probe"],
  scope: "worker",
  actsInGrace: false,
  action: null,
  fresh: (epoch) => ({ epochAtMs: epoch.atMs, ring: [], hasAnswered: false, lastAtMs: null, lastDetail: "", sickSinceMs: null, count: 0 }),

  observe(memory, observation, view, { params, key }) {
    if (observation.kind !== "probe" || observation.rule !== key) return;
    memory.lastAtMs = observation.atMs;
    memory.lastDetail = observation.detail;
    memory.hasAnswered ||= observation.ok;
    if (!observation.ok && isStartingUp(memory, view, { params, atMs: observation.atMs })) return;
    memory.count++;
    memory.ring.push(observation.ok);
    if (memory.ring.length > params.failures.of) memory.ring.shift();
    memory.sickSinceMs = badOnes(memory.ring) >= params.failures.bad ? (memory.sickSinceMs ?? observation.atMs) : null;
  },

  judge,

  verdict(memory, view, bound): RuleVerdict {
    if (judge(memory, view, bound).state === "sick") return "failed";
    const last = memory.ring.slice(-GOOD_IN_A_ROW);
    return last.length === GOOD_IN_A_ROW && badOnes(last) === 0 ? "recovered" : "undecided";
  },

  describe(memory, view, judgement, { params }) {
    const url = shownUrl(params.url, view.row);
    if (memory.lastAtMs === null) return `${url}: not probed yet`;
    if (isStale(memory, view, params)) return `${url}: not probed for ${inWords(view.nowMs - memory.lastAtMs)}`;
    if (memory.ring.length === 0) return `${url}: ${memory.lastDetail}; starting up, failures do not count yet`;
    const allowed = judgement.state === "sick" ? "" : `; ${params.failures.bad} of ${params.failures.of} would be too many`;
    return `${url}: ${badOnes(memory.ring)} of the last ${memory.ring.length} probes failed [${starred(memory.ring)}], last: ${memory.lastDetail}${allowed}`;
  },

  flip(memory, view, judgement, { params }) {
    const { bad, of } = params.failures;
    if (memory.lastAtMs === null || isStale(memory, view, params)) return "needs a probe";
    if (judgement.state === "sick") {
      const good = probesUntil(memory.ring, { ok: true, of, isEnough: (failed) => failed < bad });
      return `clears after ${plural(good, "good probe")} (${inWords(good * params.every)})`;
    }
    const more = probesUntil(memory.ring, { ok: false, of, isEnough: (failed) => failed >= bad });
    const startupMs = (view.startedAtMs ?? memory.epochAtMs) + params.startup - view.nowMs;
    const starts = memory.ring.length === 0 ? `once it has answered, or in ${inWords(startupMs)}, ` : "";
    return `${starts}would heal if the next ${more === 1 ? "probe fails" : `${more} probes fail`} (${inWords(more * params.every)})`;
  },

  timing({ params: { every, timeout, failures } }) {
    const paceMs = Math.max(every, timeout); // no probe begins before the last has ended
    const words = `${plural(failures.bad, "bad probe")}, one every ${formatDuration(paceMs)}; refused at once, or silent for ${formatDuration(timeout)}`;
    const [bestMs, worstMs] = [(failures.bad - 1) * paceMs, failures.bad * paceMs + timeout];
    return { bestMs, worstMs, proofMs: GOOD_IN_A_ROW * paceMs, words };
  },

  advise: ({ params }, scene) => adviseProbe(params, scene),
});

/** The url as it is asked for this worker; of its environment only numbers (a port) are shown, the rest may be a secret. */
function shownUrl(template: string, row: WorkerRow | null): string {
  if (row === null) return template;
  const numbers = Object.fromEntries(Object.entries(row.env).filter(([, value]) => /^\d{1,5}$/.test(value)));
  const url = expandForWorker(template, { ...row, env: numbers });
  return url.ok ? url.value : template;
}

function judge(memory: Memory, view: TargetView, { params }: Bound<HttpProbeParams>): Judgement {
  const isKnown = memory.ring.length > 0 && !isStale(memory, view, params);
  const isSick = isKnown && memory.sickSinceMs !== null;
  return {
    state: isSick ? "sick" : isKnown ? "fine" : "unknown",
    sustained: isSick,
    sinceMs: isSick ? memory.sickSinceMs : null,
    dead: false,
    value: isKnown ? badOnes(memory.ring) : null,
    threshold: params.failures.bad,
    unit: "failed probes",
    n: memory.count,
    low: null,
    high: null,
  };
}

/** Until its first good answer, or for `startup` after the process began, a worker may refuse without being blamed. */
function isStartingUp(memory: Memory, view: TargetView, options: { params: HttpProbeParams; atMs: number }): boolean {
  return !memory.hasAnswered && options.atMs - (view.startedAtMs ?? memory.epochAtMs) < options.params.startup;
}

function isStale(memory: Memory, view: TargetView, params: HttpProbeParams): boolean {
  const staleMs = Math.max(STALE_MS_MIN, STALE_AFTER_PROBES * params.every + params.timeout);
  return memory.lastAtMs !== null && view.nowMs - memory.lastAtMs > staleMs;
}

function badOnes(ring: readonly boolean[]): number {
  return ring.reduce((bad, ok) => (ok ? bad : bad + 1), 0);
}

/** "ok ok *bad* ok *bad*", oldest first. */
function starred(ring: readonly boolean[]): string {
  return ring.map((ok) => (ok ? "ok" : "*bad*")).join(" ");
}

/** Probes that all end alike until the ring holds enough or few enough failures, while old ones fall out of it. */
function probesUntil(
  ring: readonly boolean[],
  course: { readonly ok: boolean; readonly of: number; readonly isEnough: (bad: number) => boolean },
): number {
  for (let more = 1; more < course.of; more++) {
    const kept = badOnes(ring.slice(Math.max(0, ring.length + more - course.of)));
    if (course.isEnough(course.ok ? kept : kept + more)) return more;
  }
  return course.of;
}
