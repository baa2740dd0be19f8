import { z } from "zod";
import { formatDuration } from "../core/quantities.ts";
import { inWords, plural } from "../core/words.ts";
import { duration } from "./param-schemas.ts";
import { defineRule, type RuleAdvice, type Scene } from "./rule.ts";

interface Params {
  readonly for: number;
}

interface Memory {
  /** The newest heartbeat; null = none yet, and silence means nothing. */
  beatAtMs: number | null;
  beats: number;
  /** The newest look, whatever it found, and since when there has been no hole between two looks. */
  lookedAtMs: number | null;
  sinceMs: number;
}

const STALE_MS = 90_000; // lists come every five seconds, or every turn, which may last a minute
const FOR_MS_MIN = 30_000; // a beat every five seconds, a list every five, and fifteen in which PM2 may hang

/**
 * A worker that has shown heartbeats (`pm2-healer/worker`, or `POST /api/heartbeat`) shows none any more. Silence is
 * measured between looks, so that a turn that did not see PM2 adds nothing to it; after a hole in healer's own looking
 * it starts over. Who never sent a heartbeat is never missed, and a worker that said it was closing down is not either.
 */
export const heartbeatMissing = defineRule<Params, Memory>({
  name: "heartbeat-missing",
  summary: "the worker has shown heartbeats, and then none for as long as for",
  params: z.strictObject({ for: duration({ minMs: FOR_MS_MIN }).prefault("60s") }),
  needs: ["heartbeat"],
  scope: "worker",
  actsInGrace: false,
  aboutWork: true,
  action: null,
  fresh: () => ({ beatAtMs: null, beats: 0, lookedAtMs: null, sinceMs: 0 }),

  observe(memory, observation) {
    if (observation.kind === "heartbeat") {
      memory.beatAtMs = observation.atMs;
      memory.beats++;
    } else if (observation.kind === "silence") memory.sinceMs = observation.sinceMs;
    else return;
    memory.lookedAtMs = Math.max(observation.atMs, memory.lookedAtMs ?? 0);
  },

  judge(memory, view, { params }) {
    const isKnown = memory.beatAtMs !== null && memory.lookedAtMs !== null && view.nowMs - memory.lookedAtMs <= STALE_MS;
    const silentMs = isKnown ? silenceMs(memory) : null;
    const isSick = silentMs !== null && silentMs >= params.for;
    return {
      state: isSick ? "sick" : isKnown ? "fine" : "unknown",
      sustained: isSick,
      sinceMs: isSick ? silentFromMs(memory) : null,
      dead: false,
      value: silentMs === null ? null : Math.round(silentMs / 1000),
      threshold: params.for / 1000,
      unit: "s without a heartbeat",
      n: memory.beats,
      low: null,
      high: null,
    };
  },

  describe(memory, view, judgement, { params }) {
    if (memory.beatAtMs === null) return "it has shown no heartbeat, so its silence means nothing";
    if (judgement.state === "unknown") return `nobody has looked for its heartbeat for ${inWords(view.nowMs - (memory.lookedAtMs ?? 0))}`;
    const silence = silenceMs(memory);
    return silence === 0
      ? `it has a heartbeat (${plural(memory.beats, "beat")} seen)`
      : `no heartbeat for ${inWords(silence)} (allowed: ${formatDuration(params.for)})`;
  },

  flip(memory, _view, judgement, { params }) {
    if (judgement.state === "sick") return "clears with the next heartbeat";
    if (memory.beatAtMs === null) return "needs to show a heartbeat first; until then its silence means nothing";
    if (judgement.state === "unknown") return `needs a look at its heartbeats; none for ${formatDuration(params.for)} would heal`;
    return `would heal if it showed none for ${inWords(params.for - silenceMs(memory))} more`;
  },

  timing: ({ params }) => ({ bestMs: params.for, worstMs: params.for, proofMs: 0, words: `no heartbeat for ${inWords(params.for)}` }),

  advise: (_bound, { groups }) => withoutReports(groups),
});

function silentFromMs({ beatAtMs, sinceMs }: Memory): number {
  return Math.max(beatAtMs ?? 0, sinceMs);
}

/** Between looks, not until now: what nobody looked at is no silence. */
function silenceMs(memory: Memory): number {
  return Math.max(0, (memory.lookedAtMs ?? 0) - silentFromMs(memory));
}

function withoutReports(groups: Scene["groups"]): readonly RuleAdvice[] {
  return [...groups]
    .filter(([, rows]) => rows.length > 0 && rows.every(({ report }) => report === null))
    .map(([group]) => ({
      key: null,
      message: `no worker of ${group} uses pm2-healer/worker: one that does not send POST /api/heartbeat either is never missed`,
      write: null,
      isNote: true,
    }));
}
