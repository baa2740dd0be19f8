import type { HealLine } from "../../test/support/healer.ts";
import { graceOver, instanceOf, nowIso, pause, signalWorker, type Part, type Stage } from "../../test/integration/stage.ts";
import { isAlive } from "../../test/support/process-scan.ts";

/** One way in which a worker goes wrong, and what healer has to make of it. */
export interface Fault {
  /** As the table names it. */
  readonly name: string;
  readonly part: Part;
  /** Makes the last instance of the app sick. */
  readonly begin: (stage: Stage, app: string) => Promise<unknown>;
  /** How long what is wrong may need to be mended, ms. */
  readonly patienceMs?: number;
  /** Ends what makes it sick, where no restart does. */
  readonly mend?: (stage: Stage, app: string) => Promise<unknown>;
  /** How many restarts it may take, PM2's own included. */
  readonly restarts: number;
  /** What healer is to do; left out: to heal it. "in vain": to see it and try, although nothing but a person can mend it. "either": to
   * try it or not, within `restarts`. */
  readonly heals?: "never" | "in vain" | "either";
  /** An event that is to be told. */
  readonly tells?: string;
  /** The guard that is to hold the heal back meanwhile. */
  readonly heldBy?: string;
  /** How long all is well before, ms. */
  readonly healthyMs?: number;
  /** What is wrong in the end that the heal log does not say. */
  readonly missed?: () => readonly string[];
  /** On a PM2 and a healer of its own, since it does away with the daemon. */
  readonly ownPm2?: true;
  /** From the fault, ms. */
  readonly goals?: { readonly actMs?: number; readonly clearMs?: number };
}

export interface Played {
  readonly name: string;
  /** From the fault until a line of the heal log, s; null = there is none. */
  readonly detectS: number | null;
  /** The intent is on disk, and PM2 is asked for it in the same instant. */
  readonly actS: number | null;
  /** PM2 has done it: what does not end by itself it gives its `kill_timeout` of 1.6 s. */
  readonly doneS: number | null;
  readonly clearS: number | null;
  readonly recoverS: number | null;
  /** Events of the heal log. */
  readonly told: ReadonlySet<string>;
  /** Guards that held its heal back. */
  readonly heldBy: readonly string[];
  readonly restarts: number;
  readonly needless: number;
  /** Tasks of the sick one, and of the others, that nobody finished. */
  readonly lost: number;
  readonly lostByOthers: number;
  readonly missed: readonly string[];
}

const HEALTHY_MS = 6_000;
const AFTER_MS = 5_000; // long enough for a second, needless heal to show

export async function play(stage: Stage, fault: Fault): Promise<Played> {
  const { app } = fault.part;
  await graceOver(stage, app);
  await pause(fault.healthyMs ?? HEALTHY_MS);
  const before = await stage.rows(app);
  const sick = `${app}-${String(before.length - 1)}`;
  const onset = nowIso();
  await fault.begin(stage, app);
  if (fault.mend !== undefined) await fault.mend(stage, app);
  if (fault.heals !== undefined) await pause(fault.patienceMs ?? 20_000);
  else await stage.waitFor(app, isCured, fault.patienceMs ?? 60_000, onset);
  await pause(AFTER_MS);
  const lines = stage.linesOf(app, onset);
  const after = await stage.rows(app);
  const startsByUs = lines.filter(({ event, ok, step }) => event === "heal_action" && ok === true && step === "start").length;
  const restarts = sumOf(after.map((row) => row.restarts - (before.find(({ pmId }) => pmId === row.pmId)?.restarts ?? 0))) + startsByUs;
  const lost = lostTasks(stage, app);
  const at = (matches: (line: HealLine) => boolean): number | null => secondsTo(lines, onset, matches);
  const played = {
    ...{ name: fault.name, restarts, needless: Math.max(0, restarts - fault.restarts) },
    detectS: at(({ event }) => event === (fault.tells ?? "symptom")),
    actS: at(({ event }) => event === "heal_intent"),
    doneS: at(({ event }) => event === "heal_action"),
    clearS: at(({ event }) => event === "symptom_cleared"),
    recoverS: at(isCured),
    told: new Set(lines.map(({ event }) => event)),
    heldBy: lines.flatMap(({ event, guard }) => (event === "hold" ? [String(guard)] : [])),
    lost: sumOf(lost.map(({ worker, count }) => (worker === sick || isPid(worker) ? count : 0))),
    lostByOthers: sumOf(lost.map(({ worker, count }) => (worker === sick || isPid(worker) ? 0 : count))),
  };
  return { ...played, missed: [...whatIsMissed(fault, played), ...(fault.missed?.() ?? [])] };
}

/** Those of a name that claimed anew, and those of a pid (NAMED_BY of faulty.mjs) that is gone. */
function lostTasks({ stats }: Stage, app: string): readonly { readonly worker: string; readonly count: number }[] {
  const gone = stats.busy(app).filter((worker) => isPid(worker) && !isAlive(Number(worker)));
  return [
    ...Object.entries(stats.lost(app)).map(([worker, count]) => ({ worker, count })),
    ...gone.map((worker) => ({ worker, count: 1 })),
  ];
}

function isPid(worker: string): boolean {
  return /^\d+$/.test(worker);
}

function isCured(line: HealLine): boolean {
  return line.event === "heal_verdict" && line["verdict"] === "recovered";
}

function whatIsMissed(fault: Fault, { recoverS, actS, clearS, needless, lostByOthers, ...played }: Omit<Played, "missed">): string[] {
  const { actMs = Infinity, clearMs = Infinity } = fault.goals ?? {};
  return [
    fault.heals === undefined && recoverS === null ? "not recovered" : null,
    fault.heals === "never" && actS !== null ? "healed" : null,
    fault.heals === "in vain" && actS === null ? "not acted on" : null,
    actMs < (actS ?? 0) * 1000 ? `acted on after more than ${actMs / 1000} s` : null,
    clearMs < (clearS ?? 0) * 1000 ? `cleared after more than ${clearMs / 1000} s` : null,
    played.restarts === 0 && fault.restarts > 0 && fault.heals !== "either" ? "not restarted" : null,
    fault.tells !== undefined && !played.told.has(fault.tells) ? `not told as ${fault.tells}` : null,
    fault.heldBy !== undefined && !played.heldBy.includes(fault.heldBy) ? `not held back by the guard ${fault.heldBy}` : null,
    needless > 0 ? `${needless} needless restarts` : null,
    lostByOthers > 0 ? "healthy workers lost tasks" : null,
  ].filter((miss) => miss !== null);
}

function secondsTo(lines: readonly HealLine[], onset: string, matches: (line: HealLine) => boolean): number | null {
  const line = lines.find(matches);
  return line === undefined ? null : (Date.parse(line.ts) - Date.parse(onset)) / 1000;
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}

/** To the instance with the highest number. */
export function signalLast(signal: NodeJS.Signals): (stage: Stage, app: string) => Promise<number> {
  return async (stage, app) => {
    const instances = (await stage.rows(app)).map(instanceOf);
    return signalWorker(stage, app, signal, Math.max(...instances));
  };
}
