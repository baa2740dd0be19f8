import type { SealedRecord } from "../core/sealed-record.ts";
import type { Ailment } from "./ailment.ts";
import type { DemoPlace } from "./demo-place.ts";
import type { HealLogWatch } from "./heal-log-watch.ts";
import type { QueueStats } from "./task-queue.ts";

export interface StoryOptions {
  readonly place: DemoPlace;
  readonly watch: HealLogWatch;
  readonly say: (line: string) => void;
  /** Ctrl-C: the story stops where it is. */
  readonly signal: AbortSignal;
}

const WARM_TASKS = 5;
const WARM_MS = 30_000;
const ACT_MS = 120_000; // usually thirty seconds for a heal (proof, grace period, proof of recovery), eighty for the circuit
const LOOK_AGAIN_MS = 200;
const REQUEST_MS = 2000;

interface Act {
  readonly worker: number;
  readonly ailment: Ailment;
  readonly incurable: boolean;
  readonly opening: readonly string[];
  /** The act is over with the first record of this worker that this holds for. */
  isEnd(record: SealedRecord): boolean;
  ending(seconds: number): string;
}

const recovered = (record: SealedRecord): boolean => record.event === "heal_verdict" && record.more?.["verdict"] === "recovered";

const ACTS: readonly Act[] = [
  {
    worker: 1,
    ailment: "fail",
    incurable: false,
    opening: [
      "Act 1. demo-worker:1 begins to fail four tasks of five. PM2 says `online`, its /health says 200, its memory is fine.",
      "What gives it away is the outcome of its work; healer waits until that is proof and not bad luck.",
    ],
    isEnd: recovered,
    ending: (seconds) => `demo-worker:1 works again, ${seconds} s after it was broken. The heal was watched, and proven to have helped.`,
  },
  {
    worker: 2,
    ailment: "hang",
    incurable: false,
    opening: ["Act 2. The event loop of demo-worker:2 stands still. PM2 goes on saying `online`."],
    isEnd: recovered,
    ending: (seconds) => `demo-worker:2 works again, ${seconds} s after it was broken.`,
  },
  {
    worker: 0,
    ailment: "fail",
    incurable: true,
    opening: [
      "Act 3. demo-worker:0 begins to fail as well, and this time a restart is no cure: say, its credentials have expired.",
      "A supervisor that restarts for ever would hide that. healer tries three times, and then says that it needs a person.",
    ],
    isEnd: (record) => record.event === "circuit_open",
    ending: (seconds) => `After ${seconds} s and three heals that did not help, healer leaves demo-worker:0 alone and tells a person.`,
  },
];

/** Breaks workers and waits for what healer makes of it; false when one of the acts did not end as it should, in time. */
export async function tellStory(options: StoryOptions): Promise<boolean> {
  const { say, place } = options;
  say("Waiting until all three workers have finished a few tasks …");
  const stats = await warmedUp(options);
  if (stats === null) return false;
  say(rates(stats));
  for (const act of ACTS) {
    if (options.signal.aborted || !(await play(act, options))) return false;
  }
  const after = await readStats(place);
  if (after !== null) say(`\n${rates(after)}`);
  return true;
}

async function play(act: Act, { place, watch, say, signal }: StoryOptions): Promise<boolean> {
  say(`\n${act.opening.join("\n")}\n`);
  const startedMs = Date.now();
  const url = `${breakUrl(place, act.worker, act.ailment)}${act.incurable ? "?incurable" : ""}`;
  const broken = await fetch(url, { method: "POST", signal: AbortSignal.timeout(REQUEST_MS) }).catch(() => null);
  if (broken?.status !== 202) return false;
  const isEnd = (record: SealedRecord): boolean =>
    record.target === `demo-worker:${act.worker}` && Date.parse(record.ts) >= startedMs && act.isEnd(record);
  const end = await Promise.race([watch.until(isEnd, ACT_MS), aborted(signal)]);
  if (end === null) return false;
  say(`\n${act.ending(Math.round((Date.parse(end.ts) - startedMs) / 1000))}`);
  return true;
}

export function breakUrl(place: DemoPlace, worker: number, ailment: Ailment): string {
  return `http://127.0.0.1:${place.workerPort + worker}/break/${ailment}`;
}

async function warmedUp({ place, signal }: StoryOptions): Promise<QueueStats | null> {
  const endMs = performance.now() + WARM_MS;
  while (performance.now() < endMs && !signal.aborted) {
    const stats = await readStats(place);
    const workers = Object.values(stats?.workers ?? {});
    if (workers.length >= 3 && workers.every(({ completed }) => completed >= WARM_TASKS)) return stats;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  return null;
}

async function readStats(place: DemoPlace): Promise<QueueStats | null> {
  try {
    const response = await fetch(`http://127.0.0.1:${place.queuePort}/api/stats`, { signal: AbortSignal.timeout(REQUEST_MS) });
    return (await response.json()) as QueueStats; // our own server, of this very version
  } catch {
    return null;
  }
}

function rates(stats: QueueStats): string {
  const lines = Object.entries(stats.workers).map(
    ([name, { completed, failed }]) => `  ${name}: ${completed} tasks done, ${failed} failed`,
  );
  return ["What the queue says:", ...lines].join("\n");
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(null), { once: true }));
}
