import type { GpuFact, GpuHolder, GpuOwner } from "../core/gpu.ts";
import type { Observation, Pm2View, TargetId } from "../core/observation.ts";
import type { GpuFailure, Gpus, GpusSeen } from "../world/gpu/gpus.ts";
import { userName } from "../world/accounts/accounts.ts";
import type { Processes } from "../world/processes/processes.ts";
import { shownCommand } from "./copies/shown-command.ts";
import { createEyesight, type Sensor, type WatchedWorker } from "./sensor.ts";

const NAME = "gpus";
const TIMEOUT_MS = 8_000; // the program is killed after five
const COMMAND_MAX = 120;
const GENERATIONS_MAX = 32;
const AGAIN_MS = 600_000; // a driver may be installed
const SLOW_MAX = 2;
const REST_MS = 300_000;

export interface GpuSensorOptions {
  readonly gpus: Gpus;
  readonly processes: Pick<Processes, "glance" | "brief">;
  /** Newest list with all rows of PM2; null while PM2 is not in sight. */
  readonly pm2: () => Pm2View | null;
  /** Some strategy names GPUs, so that it is no normal thing where none is found. */
  readonly isExpected: boolean;
  readonly everyMs: number;
}

/**
 * All GPUs, and who holds their memory. A machine without one is normal, and is asked again every ten minutes. Where the program hangs
 * twice in a row, as it does when a GPU has died, it is left alone for five minutes: each question may leave a process that nothing ends.
 */
export function createGpuSensor(options: GpuSensorOptions): Sensor {
  const eyesight = createEyesight(NAME);
  const patience = createPatience(options.isExpected);
  const blind = (atMs: number): readonly Observation[] => (patience.trouble === null ? [] : [eyesight.blind(null, atMs, patience.trouble)]);
  return {
    name: NAME,
    everyMs: options.everyMs,
    timeoutMs: TIMEOUT_MS,
    async read({ now, signal, workers }) {
      if (now() < patience.notBeforeMs) return blind(now());
      const seen = await options.gpus.read(signal);
      patience.note(seen.ok ? null : seen.error, now());
      if (!seen.ok) return blind(now());
      const gpus = factsOf(seen.value, ownersOf(options, workers));
      return [...eyesight.sees(null, now()), { kind: "gpus", atMs: now(), gpus }];
    },
  };
}

interface Patience {
  /** The program is not asked before. */
  readonly notBeforeMs: number;
  /** Why nothing can be seen that should be; null = nothing is amiss. */
  readonly trouble: string | null;
  note(failure: GpuFailure | null, atMs: number): void;
}

function createPatience(isExpected: boolean): Patience {
  const patience = {
    ...{ notBeforeMs: Number.NEGATIVE_INFINITY, trouble: null as string | null, slow: 0, hasSeen: isExpected },
    note(failure: GpuFailure | null, atMs: number): void {
      patience.slow = failure?.kind === "slow" ? patience.slow + 1 : 0;
      patience.hasSeen ||= failure === null;
      const isNormal = failure === null || (failure.kind === "none" && !patience.hasSeen);
      patience.trouble = isNormal ? null : failure.message;
      if (failure?.kind === "none") patience.notBeforeMs = atMs + (isNormal ? AGAIN_MS : REST_MS);
      if (patience.slow >= SLOW_MAX) patience.notBeforeMs = atMs + REST_MS;
    },
  };
  return patience;
}

function factsOf({ gpus, processes }: GpusSeen, ownerOf: (pid: number) => GpuOwner): readonly GpuFact[] {
  const holdersOf = (uuid: string): readonly GpuHolder[] =>
    (processes ?? []).filter((each) => each.uuid === uuid).map(({ pid, bytes }) => ({ pid, bytes, owner: ownerOf(pid) }));
  return gpus.map((gpu) => ({ ...gpu, holders: holdersOf(gpu.uuid) }));
}

/** Up the parents to a row of PM2. Nobody is called an outsider while PM2's rows are not known. */
function ownersOf({ pm2, processes }: GpuSensorOptions, workers: readonly WatchedWorker[]): (pid: number) => GpuOwner {
  const rows = pm2()?.rows;
  const targets = new Map(workers.flatMap(({ row, id }): [number, TargetId][] => (row.pid === null ? [] : [[row.pid, id]])));
  const listed = new Set(rows?.flatMap(({ pid }) => (pid === null ? [] : [pid])));
  return (pid) => {
    let parent = processes.glance(pid);
    if (rows === undefined || parent === null) return { kind: "unseen" };
    for (let generation = 0; parent !== null && generation < GENERATIONS_MAX; generation++) {
      const target = targets.get(parent.pid);
      if (target !== undefined) return { kind: "worker", target };
      if (listed.has(parent.pid)) return { kind: "pm2" };
      parent = parent.parentPid > 1 ? processes.glance(parent.parentPid) : null;
    }
    const brief = processes.brief(pid);
    if (brief === null) return { kind: "unseen" };
    return { kind: "outside", command: `${shownCommand(brief.argv, COMMAND_MAX) || brief.name}, user ${userName(brief.uid)}` };
  };
}
