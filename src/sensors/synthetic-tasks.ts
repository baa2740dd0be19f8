import type { Observation, TargetId } from "../core/observation.ts";
import { hash32 } from "../core/text-hash.ts";
import { tellsWorkersApart } from "../core/worker-template.ts";
import type { ProbeRule } from "./probe-rounds.ts";
import { createEyesight, type Eyesight, type Sensor, type WatchedWorker } from "./sensor.ts";
import { createTaskDesk, type TaskDesk, type TaskSubject } from "./tasks/task-desk.ts";
import type { DeskNews } from "./tasks/task-news.ts";
import { createTaskServer, TaskParams } from "./tasks/task-server.ts";

const LOOK_EVERY_MS = 1_000; // short readings: nobody's result waits for the slowest task
const READING_MS_MAX = 30_000;
const AT_ONCE_MAX = 16;

/**
 * Puts the rule's task through the queue and looks for its result: for each worker where the task can be told whose it is, else for
 * each group. A server that refuses, is silent or makes no sense is the queue's trouble, and makes the sensor blind.
 */
export function createSyntheticTaskSensor(rule: ProbeRule): Sensor {
  const params = TaskParams.parse(rule.params);
  const name = `${rule.key}:${rule.strategy}`;
  const isPerWorker = tellsWorkersApart([params.url, params.result_url ?? "", JSON.stringify(params.body)]);
  const desks = new Map<TargetId, TaskDesk>();
  const asked: Asked = { rule, eyesight: createEyesight(name), desks };
  const ownOut = (): number => [...desks.values()].reduce((sum, desk) => sum + desk.out(), 0);
  const server = createTaskServer(params);
  return {
    name,
    everyMs: LOOK_EVERY_MS,
    timeoutMs: READING_MS_MAX,
    async read(context) {
      const subjects = subjectsOf(context.workers, { strategy: rule.strategy, isPerWorker });
      const gone = asked.eyesight.looksOnlyAt(new Set(subjects.map(({ id }) => id)), context.now());
      forgetRemoved(desks, context.workers);
      for (const { id } of subjects) {
        if (desks.has(id)) continue;
        const firstAtMs = context.now() + (isPerWorker ? (shareOf(id) * params.every) / 4 : 0);
        desks.set(id, createTaskDesk({ server, pace: params, ownOut, firstAtMs }));
      }
      return [...gone, ...(await visitAll(subjects, asked, context))];
    },
  };
}

/** Who is only down keeps its desk: what it left in the queue may still be there when it is back. */
function forgetRemoved(desks: Map<TargetId, TaskDesk>, workers: readonly WatchedWorker[]): void {
  const listed = new Set(workers.flatMap(({ id, group }) => [id, group]));
  for (const id of [...desks.keys()]) if (!listed.has(id)) desks.delete(id);
}

interface Asked {
  readonly rule: ProbeRule;
  readonly eyesight: Eyesight;
  /** In the order in which they are visited: who was waited for longest comes first. */
  readonly desks: Map<TargetId, TaskDesk>;
}

async function visitAll(
  subjects: readonly TaskSubject[],
  { rule, eyesight, desks }: Asked,
  { now, signal }: { readonly now: () => number; readonly signal: AbortSignal },
): Promise<readonly Observation[]> {
  const byId = new Map(subjects.map((subject) => [subject.id, subject]));
  const waiting = [...desks];
  const observations: Observation[] = [];
  const visitNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && !signal.aborted; next = waiting.shift()) {
      const [id, desk] = next;
      const subject = byId.get(id);
      if (subject === undefined) continue;
      desks.delete(id);
      desks.set(id, desk);
      observations.push(...observed(await desk.visit(subject, { nowMs: now(), signal }), { id, rule, eyesight, atMs: now() }));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE_MAX }, visitNext));
  return observations;
}

function observed(
  news: DeskNews,
  { id, rule, eyesight, atMs }: { readonly id: TargetId; readonly rule: ProbeRule; readonly eyesight: Eyesight; readonly atMs: number },
): readonly Observation[] {
  if (news.kind === "nothing") return [];
  if (news.kind === "blind") return [eyesight.blind(id, atMs, `${rule.key} of ${id}: ${news.reason}`)];
  const sees = eyesight.sees(id, atMs);
  return news.kind === "seen" ? sees : [...sees, { ...news, kind: "probe", target: id, rule: rule.key }];
}

/** Whoever has somebody online: nobody else could take a task. */
function subjectsOf(
  workers: readonly WatchedWorker[],
  { strategy, isPerWorker }: { readonly strategy: string; readonly isPerWorker: boolean },
): readonly TaskSubject[] {
  const online = workers.filter((worker) => worker.strategy === strategy && worker.row.status === "online" && worker.row.pid !== null);
  const subjects = new Map<TargetId, TaskSubject>();
  for (const { id, group, row } of online) {
    const subject = isPerWorker ? id : group;
    const before = subjects.get(subject);
    subjects.set(subject, { id: subject, rows: before === undefined ? [row] : [...before.rows, row] });
  }
  return [...subjects.values()];
}

/** A number from 0 to below 1 that is always the same for the same id. */
function shareOf(id: TargetId): number {
  return hash32(id) / 2 ** 32;
}
