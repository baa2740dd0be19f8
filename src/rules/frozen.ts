import { z } from "zod";
import type { Judgement, RuleVerdict, TargetView } from "../core/judgement.ts";
import { filePulse, freshPulse, isPulseStale, isStoppedState, steadyRunMs, type PulseRecord } from "../core/pulse.ts";
import { formatDuration } from "../core/quantities.ts";
import { inWords } from "../core/words.ts";
import { duration } from "./param-schemas.ts";
import { defineRule, type Bound } from "./rule.ts";

interface Params {
  /** null = the default of each kind of stillness. */
  readonly for: number | null;
}

/** SIGSTOP and tracing stop everything at once; 15 s leaves room for a person with a debugger or a core dump. */
const STOPPED_MS = 15_000;
/** A blocked event loop burns CPU or waits for ever; 90 s is beyond any honest synchronous task (decision-core §3). */
const STILL_MS = 90_000;
const STILL_READINGS_MIN = 2;
/** Silence in a wait counts only after a pulse that had not paused for that many times as long. */
const STEADY_FACTOR = 6;
const GOOD_READINGS = 3; // what a recovery takes

/**
 * The process is there, but the kernel says that it does nothing: it is stopped (`T`), or its main thread has not gone to
 * sleep voluntarily for long. An idle Node worker does that 4–5 times a second (pm2 §10, rule 11), so stillness while
 * burning CPU (`R`) is a loop. In `S` it is a wait, for which only a worker with a steady pulse of its own can be blamed:
 * one that wakes only for work is merely idle. `D` is the kernel's or the disk's trouble, which a restart would not cure.
 * Other programs than Node may compute for minutes: only being stopped counts, unless `for` says how long is too long.
 */
export const frozen = defineRule<Params, PulseRecord>({
  name: "frozen",
  summary: "the process is stopped by a signal (15s), or its main thread stands still (90s); for overrides both",
  params: z.strictObject({ for: duration().nullable().default(null) }),
  needs: ["pulse"],
  scope: "worker",
  actsInGrace: false,
  action: null,
  fresh: freshPulse,

  observe(pulse, observation) {
    if (observation.kind === "pulse") filePulse(pulse, observation);
  },

  judge,

  verdict(pulse, view, bound): RuleVerdict {
    if (judge(pulse, view, bound).state === "sick") return "failed";
    if (pulse.count < GOOD_READINGS || isStoppedState(pulse.state) || pulse.state === "D" || isPulseStale(pulse, view.nowMs))
      return "undecided";
    if (pulse.hasBeaten && pulse.stillCount < STILL_READINGS_MIN) return "recovered";
    return pulse.state === "R" || mayBeBlamed(pulse, view, bound) ? "undecided" : "recovered"; // asleep is all that can be seen of it
  },

  describe(pulse, view, judgement, { params }) {
    const who = `process ${pulse.pid}`;
    if (pulse.lastAtMs === null) return "no pulse read yet";
    if (isPulseStale(pulse, view.nowMs)) return `the pulse of ${who} was not read for ${inWords(view.nowMs - pulse.lastAtMs)}`;
    const stillFor = `for ${inWords(view.nowMs - (aliveAtMs(pulse) ?? pulse.lastAtMs))} (allowed: ${formatDuration(patienceMs(pulse.state, params))})`;
    if (pulse.state === "D") return `${who} waits inside the kernel (disk or network file system); a restart would not help`;
    if (pulse.state === "Z" || pulse.state === "X") return `${who} has ended but was not collected (zombie) ${stillFor}`;
    if (isStoppedState(pulse.state)) return `${who} is stopped by a signal or a debugger ${stillFor}`;
    if (!pulse.hasBeaten) return `${who} has shown no pulse yet, so its silence means nothing`;
    if (pulse.stillCount === 0) return `${who} has a pulse`;
    const unproven = judgement.state === "unknown" ? "; that may be idleness or honest work" : "";
    return `${who} stands still ${stillFor}, ${pulse.state === "R" ? "burning CPU: its event loop is blocked" : "in a wait"}${unproven}`;
  },

  flip(pulse, view, judgement, bound) {
    if (judgement.state === "sick") return "clears with the next sign of life: the process runs and goes to sleep again";
    if (pulse.lastAtMs === null || isPulseStale(pulse, view.nowMs)) return "needs a reading of its pulse";
    const patience = howMuchLonger(pulse, view, bound);
    if (isStoppedState(pulse.state)) return `would heal if it stayed stopped for ${patience}`;
    if (pulse.state === "D") return "needs to come back from the kernel";
    if (!isWatchedWhileRunning(view, bound.params)) return "would heal if a signal stopped it; give for to judge its stillness too";
    if (!pulse.hasBeaten) return "needs to show a pulse first; until then only being stopped counts";
    return mayBeBlamed(pulse, view, bound)
      ? `would heal if it stood still for ${patience}`
      : `would heal if it stood still for ${patience} burning CPU; in a wait, after a steady pulse of ${formatDuration(STEADY_FACTOR * patienceMs("S", bound.params))}`;
  },

  timing({ params }) {
    const [bestMs, worstMs] = [patienceMs("T", params), patienceMs("R", params)];
    const words = `stopped by a signal for ${inWords(bestMs)}, burning CPU or hanging for ${inWords(worstMs)}`;
    return { bestMs, worstMs, proofMs: 0, words };
  },

  advise({ params }, { groups }) {
    const other =
      params.for !== null
        ? []
        : [...groups].flatMap(([group, rows]) => rows.filter(({ isNode }) => !isNode).map((row) => ({ group, row })));
    return [...new Map(other.map((one) => [one.group, one.row]))].map(([group, row]) => ({
      key: null,
      message: `${group} runs ${row.interpreter === "none" ? "a program of its own" : row.interpreter}, not Node: only a stop by a signal counts; a hang is never seen unless for says how long is too long`,
      write: "{ rule: frozen, for: 5m }",
      isNote: true,
    }));
  },
});

function judge(pulse: PulseRecord, view: TargetView, bound: Bound<Params>): Judgement {
  const aliveMs = aliveAtMs(pulse);
  const isKnown = aliveMs !== null && pulse.state !== "D" && !isPulseStale(pulse, view.nowMs);
  const readings = isStoppedState(pulse.state) ? pulse.stoppedCount : pulse.stillCount;
  const stillMs = isKnown && readings > 0 ? view.nowMs - aliveMs : 0;
  const limitMs = patienceMs(pulse.state, bound.params);
  const isLong = readings >= STILL_READINGS_MIN && stillMs >= limitMs;
  const isSick = isLong && mayBeBlamed(pulse, view, bound);
  const saysNothing = !isKnown || isLong || !(pulse.hasBeaten || isStoppedState(pulse.state));
  return {
    state: isSick ? "sick" : saysNothing ? "unknown" : "fine",
    sustained: isSick,
    sinceMs: isSick ? aliveMs : null,
    dead: isSick && pulse.state === "Z",
    value: isKnown ? Math.round(stillMs / 1000) : null,
    threshold: limitMs / 1000,
    unit: "s without a sign of life",
    n: pulse.count,
    low: null,
    high: null,
  };
}

/** "90s", or what is left of it while it stands still already: "1 m 12 s more". */
function howMuchLonger(pulse: PulseRecord, view: TargetView, { params }: Bound<Params>): string {
  const limitMs = patienceMs(pulse.state, params);
  const isStill = (isStoppedState(pulse.state) ? pulse.stoppedCount : pulse.stillCount) > 0;
  const aliveMs = isStill ? aliveAtMs(pulse) : null;
  return aliveMs === null ? formatDuration(limitMs) : `${inWords(limitMs - (view.nowMs - aliveMs))} more`;
}

/** Which silence is the process's own fault. */
function mayBeBlamed(pulse: PulseRecord, view: TargetView, { params }: Bound<Params>): boolean {
  if (isStoppedState(pulse.state)) return true;
  if (!pulse.hasBeaten || !isWatchedWhileRunning(view, params)) return false;
  return pulse.state === "R" || steadyRunMs(pulse) >= STEADY_FACTOR * patienceMs(pulse.state, params);
}

function isWatchedWhileRunning(view: TargetView, params: Params): boolean {
  return params.for !== null || (view.row !== null && view.row.isNode);
}

/** Since when there was no sign of life. */
function aliveAtMs(pulse: PulseRecord): number | null {
  return isStoppedState(pulse.state) ? pulse.notStoppedAtMs : pulse.beatAtMs;
}

function patienceMs(state: string, params: Params): number {
  return params.for ?? (isStoppedState(state) ? STOPPED_MS : STILL_MS);
}
