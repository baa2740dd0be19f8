import { z } from "zod";
import type { Judgement, RuleVerdict, TargetView } from "../core/judgement.ts";
import { filePulse, filePulseTurn, freshPulse, isPulseStale, isStoppedState, type PulseRecord } from "../core/pulse.ts";
import { formatDuration } from "../core/quantities.ts";
import type { TargetId } from "../core/observation.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { inWords } from "../core/words.ts";
import { duration } from "./param-schemas.ts";
import { defineRule, type Bound, type RuleAdvice } from "./rule.ts";
import {
  isLoopDoubtful,
  isWatchedWhileRunning,
  mayBeBlamed,
  patienceMs,
  silenceOf,
  type Silence,
  STEADY_FACTOR,
  STILL_READINGS_MIN,
  type Patience,
} from "./silence.ts";

const GOOD_READINGS = 3; // what a recovery takes

/**
 * The process is there, but the kernel says that it does nothing: it is stopped (`T`), or its main thread has not gone to
 * sleep voluntarily for long. An idle Node worker does that 4–5 times a second (pm2 §10, rule 11), so stillness while
 * burning CPU (`R`) is a loop. In `S` it is a wait, for which only a worker with a steady pulse of its own can be blamed:
 * one that wakes only for work is merely idle. A loop that makes garbage sleeps, waiting for V8's threads: PM2's agent in the
 * worker, silent then, shows it (decision 0026). `D` is the kernel's or the disk's trouble, which a restart would not cure.
 * Other programs than Node may compute for minutes: only being stopped counts, unless `for` says how long is too long.
 */
export const frozen = defineRule<Patience, PulseRecord>({
  name: "frozen",
  summary: "the process is stopped by a signal (15s), or its event loop stands still (90s); for overrides both",
  params: z.strictObject({ for: duration().nullable().default(null) }),
  needs: ["pulse", "loop-turns"],
  scope: "worker",
  actsInGrace: false,
  action: null,
  fresh: freshPulse,

  observe(pulse, observation) {
    if (observation.kind === "pulse") filePulse(pulse, observation);
    else if (observation.kind === "loop-turn") filePulseTurn(pulse, observation);
  },

  judge,

  verdict(pulse, view, bound): RuleVerdict {
    if (judge(pulse, view, bound).state === "sick") return "failed";
    if (pulse.count < GOOD_READINGS || isStoppedState(pulse.state) || pulse.state === "D" || isPulseStale(pulse, view.nowMs))
      return "undecided";
    if (isLoopDoubtful(pulse)) return "undecided";
    if (pulse.hasBeaten && pulse.stillCount < STILL_READINGS_MIN) return "recovered";
    return pulse.state === "R" || mayBeBlamed(pulse, view, bound.params) ? "undecided" : "recovered"; // asleep is all that can be seen of it
  },

  describe(pulse, view, judgement, { params }) {
    const silence = silenceOf(pulse, view, params);
    const who = `process ${pulse.pid}`;
    if (pulse.lastAtMs === null) return "no pulse read yet";
    if (isPulseStale(pulse, view.nowMs)) return `the pulse of ${who} was not read for ${inWords(view.nowMs - pulse.lastAtMs)}`;
    const stillFor = `for ${inWords(view.nowMs - (silence.sinceMs ?? pulse.lastAtMs))} (allowed: ${formatDuration(silence.limitMs)})`;
    if (pulse.state === "D") return `${who} waits inside the kernel (disk or network file system); a restart would not help`;
    if (pulse.state === "Z" || pulse.state === "X") return `${who} has ended but was not collected (zombie) ${stillFor}`;
    if (isStoppedState(pulse.state)) return `${who} is stopped by a signal or a debugger ${stillFor}`;
    if (!pulse.hasBeaten) return `${who} has shown no pulse yet, so its silence means nothing`;
    const doing = pulse.state === "R" ? "burning CPU" : "in a wait";
    if (silence.by === "loop" && silence.readings > 1) return `the event loop of ${who} has not turned ${stillFor}, ${doing}`;
    if (pulse.stillCount === 0) return `${who} has a pulse`;
    const unproven = judgement.state === "unknown" ? "; that may be idleness or honest work" : "";
    return `${who} stands still ${stillFor}, ${doing}${pulse.state === "R" ? ": its event loop is blocked" : ""}${unproven}`;
  },

  flip(pulse, view, judgement, bound) {
    const silence = silenceOf(pulse, view, bound.params);
    if (judgement.state === "sick")
      return `clears with the next sign of life: ${silence.by === "loop" ? "PM2 hears of its event loop" : "the process runs and goes to sleep"} again`;
    if (pulse.lastAtMs === null || isPulseStale(pulse, view.nowMs)) return "needs a reading of its pulse";
    const patience = howMuchLonger(silence, view);
    if (isStoppedState(pulse.state)) return `would heal if it stayed stopped for ${patience}`;
    if (pulse.state === "D") return "needs to come back from the kernel";
    if (!isWatchedWhileRunning(view, bound.params)) return "would heal if a signal stopped it; give for to judge its stillness too";
    if (!pulse.hasBeaten) return "needs to show a pulse first; until then only being stopped counts";
    return silence.isBlamed
      ? `would heal if it stood still for ${patience}`
      : `would heal if it stood still for ${patience} burning CPU; in a wait, after a steady pulse of ${formatDuration(STEADY_FACTOR * patienceMs("S", bound.params))}`;
  },

  timing({ params }) {
    const [bestMs, worstMs] = [patienceMs("T", params), patienceMs("R", params)];
    const words = `stopped by a signal for ${inWords(bestMs)}, burning CPU or hanging for ${inWords(worstMs)}`;
    return { bestMs, worstMs, proofMs: 0, words };
  },

  advise({ params }, { groups }) {
    return [...groups].flatMap(([group, rows]) => {
      const advice = rows.map((row) => adviceFor(group, row, params)).find((each) => each !== null);
      return advice == null ? [] : [{ key: null, ...advice, isNote: true }];
    });
  },
});

/** Who starts a program and waits for it: PM2 and the kernel show healer the one that waits. */
const STARTER = /^(npm|npx|pnpm|yarn)(-cli)?(\.c?js)?$/;

function adviceFor(
  group: TargetId,
  { script, isNode, interpreter }: WorkerRow,
  params: Patience,
): Pick<RuleAdvice, "message" | "write"> | null {
  const [, starter] = STARTER.exec(script.slice(script.lastIndexOf("/") + 1)) ?? [];
  if (starter !== undefined)
    return {
      message: `${group} is started through ${starter}: frozen sees ${starter} alone, and no hang of the program behind it; let PM2 start that program itself, or probe it`,
      write: '{ rule: http-probe, url: "http://127.0.0.1:{env.PORT}/health" }',
    };
  if (isNode || params.for !== null) return null;
  const program = interpreter === "none" ? "a program of its own" : interpreter;
  return {
    message: `${group} runs ${program}, not Node: only a stop by a signal counts; a hang is never seen unless for says how long is too long`,
    write: "{ rule: frozen, for: 5m }",
  };
}

function judge(pulse: PulseRecord, view: TargetView, { params }: Bound<Patience>): Judgement {
  const { sinceMs, readings, readingsMin, limitMs, isBlamed } = silenceOf(pulse, view, params);
  const isKnown = sinceMs !== null && pulse.state !== "D" && !isPulseStale(pulse, view.nowMs);
  const stillMs = isKnown && readings > 0 ? view.nowMs - sinceMs : 0;
  const isLong = readings >= readingsMin && stillMs >= limitMs;
  const isSick = isLong && isBlamed;
  const saysNothing = !isKnown || isLong || !(pulse.hasBeaten || isStoppedState(pulse.state));
  return {
    state: isSick ? "sick" : saysNothing ? "unknown" : "fine",
    sustained: isSick,
    sinceMs: isSick ? sinceMs : null,
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
function howMuchLonger({ sinceMs, readings, limitMs }: Silence, view: TargetView): string {
  return readings === 0 || sinceMs === null ? formatDuration(limitMs) : `${inWords(limitMs - (view.nowMs - sinceMs))} more`;
}
