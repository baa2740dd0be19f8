import { dependencyTrouble } from "./dependency.ts";
import { isElevated, membersOf } from "./members.ts";
import type { Group, State, Target } from "./state.ts";
import { strategyOf } from "./turn.ts";
import { inWords, plural } from "./words.ts";

/** What several workers going bad together points at; a word for those who look, nothing is decided by it. */
export type Suspect = "deploy" | "upstream" | "unknown";

export interface Suspicion {
  readonly suspect: Suspect;
  /** Goes after "3 of 5 workers went bad together (…)" and says what the suspicion rests on. */
  readonly because: string;
  /** What is waited for because of it, if it is not the canary. */
  readonly waits: string | null;
  /** Time since any worker of the group was last started, by anybody; null = no start is known. */
  readonly afterRestartMs: number | null;
}

const AFTER_RESTART_MS = 900_000; // what a deploy broke shows within a grace period and a few minutes of tasks
const SECONDS_APART_MS = 30_000; // two proofs of one cause are as far apart as a few tasks
const OF_ONE_AGE_MS = 60_000; // workers started together may fail together for a reason of their own: a token, a leak

/**
 * `deploy`: most of those who went bad had been started or restarted by somebody else shortly before. `upstream`: what
 * they depend on does not answer, or another group of the same queue went bad as well, or workers of different age went
 * bad within seconds. Else `unknown`.
 */
export function suspicionOf(state: State, group: Group, wentBad: readonly Target[]): Suspicion {
  const afterRestartMs = sinceLastStart(state, membersOf(state, group));
  const {
    suspect,
    because,
    waits = null,
  } = dependencyDown(state, wentBad) ?? deployed(wentBad) ?? queueShared(state, group, wentBad) ?? atOnce(wentBad) ?? NOTHING_KNOWN;
  return { suspect, because, waits, afterRestartMs };
}

type Reason = Pick<Suspicion, "suspect" | "because"> & { readonly waits?: string };

const NOTHING_KNOWN: Reason = { suspect: "unknown", because: ": the cause is probably not in them" };

function sinceLastStart({ nowMs }: State, members: readonly Target[]): number | null {
  const startsAtMs = members.map(({ view }) => view.startedAtMs).filter((atMs) => atMs !== null);
  return startsAtMs.length === 0 ? null : Math.max(0, nowMs - Math.max(...startsAtMs));
}

function dependencyDown(state: State, [first]: readonly Target[]): Reason | null {
  const trouble = first === undefined ? null : dependencyTrouble(state, strategyOf(state, first));
  if (trouble === null) return null;
  return { suspect: "upstream", because: ` while ${trouble}: suspect upstream`, waits: "nobody is restarted until it answers again" };
}

/** By somebody else: our own restarts are no deploy. */
function deployed(wentBad: readonly Target[]): Reason | null {
  const startedShortlyBefore = wentBad.filter(
    ({ onsetAtMs, othersStartAtMs }) => onsetAtMs !== null && othersStartAtMs !== null && onsetAtMs - othersStartAtMs <= AFTER_RESTART_MS,
  );
  if (startedShortlyBefore.length * 2 <= wentBad.length) return null;
  const lastAtMs = Math.max(...startedShortlyBefore.map(({ othersStartAtMs }) => othersStartAtMs ?? 0));
  const firstOnsetAtMs = Math.min(...startedShortlyBefore.map(({ onsetAtMs }) => onsetAtMs ?? 0));
  const whom = startedShortlyBefore.length === wentBad.length ? "them" : `${startedShortlyBefore.length} of them`;
  const after = inWords(Math.max(0, firstOnsetAtMs - lastAtMs));
  return { suspect: "deploy", because: `, ${after} after somebody started or restarted ${whom}: suspect that deploy` };
}

function queueShared(state: State, group: Group, [first]: readonly Target[]): Reason | null {
  if (first === undefined) return null;
  const { queues, knobs } = strategyOf(state, first);
  for (const other of state.groups.values()) {
    if (other === group) continue;
    const members = membersOf(state, other);
    const [member] = members;
    const shared = member === undefined ? undefined : strategyOf(state, member).queues.find((queue) => queues.includes(queue));
    if (shared === undefined) continue;
    const bad = members.filter((each) => isRecent(state, each, knobs.incident.onsetWindowMs) && isElevated(each)).length;
    if (bad === 0) continue;
    const also = `${plural(bad, "worker")} of ${other.id}, which works on the same queue ${shared}`;
    return { suspect: "upstream", because: `, and so did ${also}: suspect upstream, the cause is probably not in them` };
  }
  return null;
}

function isRecent({ nowMs }: State, { onsetAtMs }: Target, windowMs: number): boolean {
  return onsetAtMs !== null && nowMs - onsetAtMs <= windowMs;
}

function atOnce(wentBad: readonly Target[]): Reason | null {
  const onsets = wentBad.map(({ onsetAtMs }) => onsetAtMs).filter((atMs) => atMs !== null);
  const starts = wentBad.map(({ view }) => view.startedAtMs).filter((atMs) => atMs !== null);
  const apartMs = Math.max(...onsets) - Math.min(...onsets);
  const ageApartMs = Math.max(...starts) - Math.min(...starts);
  if (starts.length < wentBad.length || apartMs > SECONDS_APART_MS || ageApartMs < OF_ONE_AGE_MS) return null;
  const within = apartMs < 1000 ? "at the same moment" : `within ${inWords(apartMs)}`;
  return {
    suspect: "upstream",
    because: ` ${within}, though they were started ${inWords(ageApartMs)} apart: suspect upstream, the cause is probably not in them`,
  };
}
