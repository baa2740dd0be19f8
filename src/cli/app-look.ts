import type { CopiesSeen, Pm2View } from "../core/observation.ts";
import { failure, success, type Outcome } from "../core/outcome.ts";
import { groupIdOf, targetIdsOf } from "../core/select.ts";
import type { GroupFacts } from "../core/trim-plan.ts";
import { createProcessCopies, type ProcessCopies } from "../sensors/process-copies.ts";
import { pause } from "../world/clock/pause.ts";
import { connectPm2 } from "../world/pm2/connect-pm2.ts";
import type { Pm2 } from "../world/pm2/pm2.ts";
import { namedBy } from "./app-rows.ts";
import type { Refusal } from "./daemon-answers.ts";
import { EXIT } from "./io.ts";
import { openProcesses } from "../world/processes/open-processes.ts";
import type { Processes } from "../world/processes/processes.ts";

const RESTLESS_MS = 10_000; // what PM2 is launching or stopping is looked at again until then
const POLL_MS = 250;

/** What a command without a daemon looks at and acts on. */
export interface World {
  readonly pm2: Pm2;
  readonly processes: Processes;
  readonly copies: ProcessCopies;
  /** Newest list; the sensor compares with it. */
  view: Pm2View | null;
}

export function openWorld(pm2Home: string, realPath: (path: string) => string): World {
  const processes = openProcesses();
  const selfPids = [process.pid, ...processes.snapshot().ancestors(process.pid)];
  const pm2 = connectPm2({ pm2Home, envNames: [] });
  const options = { processes, pm2: () => world.view, pm2Home, realPath, selfPids, maxWorkersOf: () => null, everyMs: POLL_MS };
  const world: World = { pm2, processes, view: null, copies: createProcessCopies({ ...options, wallMs: () => Date.now() }) };
  return world;
}

/** What runs of the app now, or why that cannot be said. Rows between two states are waited for. */
export async function look(world: World, app: string): Promise<Outcome<GroupFacts, Refusal>> {
  const deadlineMs = performance.now() + RESTLESS_MS;
  for (;;) {
    const listed = await world.pm2.list();
    if (!listed.ok) return failure({ code: EXIT.unreachable, text: listed.error.message });
    world.view = listed.value;
    const rows = rowsOf(listed.value, app);
    if (!rows.ok) return failure({ code: EXIT.usage, text: rows.error });
    const isRestless = rows.value.some(({ status }) => status === "launching" || status === "stopping");
    if (!isRestless || performance.now() > deadlineMs) return success(factsOf(rows.value, await copiesOf(world, rows.value)));
    await pause(POLL_MS);
  }
}

/** The first reading takes the whole machine in; from then on one look at what is new is enough. */
async function copiesOf(world: World, rows: Pm2View["rows"]): Promise<CopiesSeen | null> {
  const ids = targetIdsOf(rows);
  const workers = [...ids].map(([row, id]) => ({ id, group: groupIdOf(row), strategy: "", row }));
  const observations = await world.copies.sensor.read({ now: () => Date.now(), workers, signal: new AbortController().signal });
  return observations.find((observation) => observation.kind === "copies") ?? null;
}

function factsOf(rows: Pm2View["rows"], seen: CopiesSeen | null): GroupFacts {
  const ids = targetIdsOf(rows);
  return {
    workers: [...ids].map(([row, id]) => ({ id, row, readyAtMs: row.startedWallMs })),
    copies: (seen?.copies ?? []).map((copy) => ({ copy, startedAtMs: copy.startedWallMs })),
    copiesAtMs: seen?.atMs ?? null,
  };
}

/** PM2's modules are nobody's app. */
function rowsOf(view: Pm2View | null, app: string): Outcome<Pm2View["rows"], string> {
  return namedBy(
    app,
    (view?.rows ?? []).filter(({ isModule }) => !isModule),
  );
}
