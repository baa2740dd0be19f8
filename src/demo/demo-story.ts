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
const HEAL_MS = 75_000; // usually thirty seconds: proof, grace period, proof of recovery
const LOOK_AGAIN_MS = 200;
const REQUEST_MS = 2000;

interface Act {
  readonly worker: number;
  readonly ailment: Ailment;
  readonly opening: readonly string[];
}

const ACTS: readonly Act[] = [
  {
    worker: 1,
    ailment: "fail",
    opening: [
      "Act 1. demo-worker:1 begins to fail four tasks of five. PM2 says `online`, its /health says 200, its memory is fine.",
      "What gives it away is the outcome of its work; healer waits until that is proof and not bad luck.",
    ],
  },
  {
    worker: 2,
    ailment: "hang",
    opening: ["Act 2. The event loop of demo-worker:2 stands still. PM2 goes on saying `online`."],
  },
];

/** Breaks workers and waits for their heals; false when one of them did not recover in time. */
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

async function play({ worker, ailment, opening }: Act, { place, watch, say, signal }: StoryOptions): Promise<boolean> {
  say(`\n${opening.join("\n")}\n`);
  const target = `demo-worker:${worker}`;
  const startedMs = Date.now();
  const broken = await fetch(breakUrl(place, worker, ailment), { method: "POST", signal: AbortSignal.timeout(REQUEST_MS) }).catch(
    () => null,
  );
  if (broken?.status !== 202) return false;
  const isVerdict = (record: SealedRecord): boolean =>
    record.target === target &&
    record.event === "heal_verdict" &&
    Date.parse(record.ts) >= startedMs &&
    record.more?.["verdict"] === "recovered";
  const verdict = await Promise.race([watch.until(isVerdict, HEAL_MS), aborted(signal)]);
  if (verdict === null) return false;
  say(
    `\n${target} works again, ${Math.round((Date.parse(verdict.ts) - startedMs) / 1000)} s after it was broken; the heal was watched and proven.`,
  );
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
