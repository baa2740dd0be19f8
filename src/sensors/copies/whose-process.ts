import { indexOf, type App } from "./apps.ts";
import { isDaemon, isParentOfWorkers } from "./daemons.ts";
import { pictureOf, type FoundCopy, type Picture, type Scene } from "./picture.ts";
import { ancestorsOf } from "./ancestors.ts";
import type { KnownProcess } from "./known-process.ts";
import { runsAsMarked, runsByCommand } from "./runs-app.ts";
import { whyUntouchable } from "./untouchable.ts";
import type { WorkerRow } from "../../core/worker-row.ts";
import type { ProcessDetails } from "../../world/processes/process-facts.ts";

/** A reload may still be draining a worker that PM2 no longer lists: twice its own limits are not enough under load. */
const DRAIN_MS = 60_000;

/**
 * Every process that runs a selected app's program and is not a row of PM2's, root of its tree only. Pure but for the
 * questions it asks of `scene`, which it asks about few.
 */
export function findCopies(scene: Scene): readonly FoundCopy[] {
  const picture = pictureOf(scene);
  const index = indexOf(scene.apps, picture.ownCommands);
  const found = new Map<number, FoundCopy>();
  for (const process of scene.processes.all()) {
    if (picture.listed.has(process.pid) || picture.spared.has(process.pid)) continue;
    const former = scene.wasRowOf(process);
    const apps = former === null ? index.candidates(process) : [former];
    const copy = apps.length === 0 ? null : copyOf({ process, apps, former }, picture);
    if (copy !== null) found.set(process.pid, copy);
  }
  return [...found.values()].filter(({ process }) => !ancestorsOf(process, scene.processes).some(({ pid }) => found.has(pid)));
}

interface Suspect {
  readonly process: KnownProcess;
  /** What it might run. */
  readonly apps: readonly App[];
  /** The app whose listed row it was earlier. */
  readonly former: App | null;
}

/** null = no copy of a selected app. */
function copyOf({ process, apps: candidates, former }: Suspect, picture: Picture): FoundCopy | null {
  if (process.state === "Z" || process.state === "X" || isDaemon(process)) return null;
  const ancestors = ancestorsOf(process, picture.processes);
  const above = new Set(ancestors.map(({ pid }) => picture.listed.get(pid)?.script));
  const others = candidates.filter(({ script }) => !above.has(script)); // a worker may fork itself
  const marked = others.find((app) => app === former || runsAsMarked(process, app, picture));
  const apps = marked === undefined ? others.filter((app) => runsByCommand(process, app, picture)) : [marked];
  const app = apps.find(({ selected }) => selected);
  if (app === undefined) return null;
  const isMarked = marked !== undefined;
  const { owner, daemon } = ownerOf({ process, ancestors, isMarked }, picture);
  // A daemon's newest child may be a restart that the list does not show yet.
  if (daemon !== null && process.startedWallMs >= picture.pm2.readWallMs) return null;
  if (owner === "orphan" && daemon !== null && !hasDrained(app, picture)) return null;
  if (livesElsewhere(process, app, picture)) return null;
  return { process, app, owner, daemon, untouchable: whyUntouchable({ process, apps, owner, daemon, isMarked }, picture) };
}

interface Lineage {
  readonly process: KnownProcess;
  readonly ancestors: readonly KnownProcess[];
  readonly isMarked: boolean;
}

/** Below our own daemon but also below one of its rows is what a worker of another app started: nobody's row. */
function ownerOf({ process, ancestors, isMarked }: Lineage, picture: Picture): Pick<FoundCopy, "owner" | "daemon"> {
  const at = ancestors.findIndex((ancestor, index) => {
    const child = ancestors[index - 1] ?? process;
    return ancestor.pid === picture.ourDaemon || isDaemon(ancestor) || isParentOfWorkers(ancestor, child, picture.processes, picture);
  });
  const daemon = ancestors[at] ?? null;
  if (daemon === null) return { owner: isMarked ? "orphan" : "outside", daemon };
  if (daemon.pid !== picture.ourDaemon) return { owner: "other_daemon", daemon };
  const belowRow = ancestors.slice(0, at).some(({ pid }) => picture.listed.has(pid));
  return belowRow ? { owner: "outside", daemon: null } : { owner: "orphan", daemon };
}

function hasDrained({ rows }: App, { wallMs }: Picture): boolean {
  const newest = (of: (row: WorkerRow) => number): number => rows.reduce((most, row) => Math.max(most, of(row)), 0);
  const sinceMs = newest((row) => row.startedWallMs ?? 0);
  return wallMs > sinceMs + newest((row) => row.killTimeoutMs) + newest((row) => row.listenTimeoutMs) + DRAIN_MS;
}

/**
 * In a container: other PID or mount namespaces than the app's rows and healer have. Two of those are asked, because
 * systemd gives services mounts of their own. What cannot be read is told by the depth of PID namespaces.
 */
function livesElsewhere(process: KnownProcess, app: App, picture: Picture): boolean {
  const there = picture.details(process.pid);
  if (there === null) return true; // it has just ended
  const pids = [app.rows.find(({ pid }) => pid !== null)?.pid, ...picture.selfPids.slice(0, 1)];
  const here = pids.flatMap((pid) => (pid == null ? [] : (picture.details(pid) ?? [])));
  if (here.length === 0) return false;
  const agrees = (of: (details: ProcessDetails) => string | null): boolean =>
    of(there) === null || here.every((known) => of(known) === null) || here.some((known) => of(known) === of(there));
  return (
    !here.some(({ pidNamespaceDepth }) => pidNamespaceDepth === there.pidNamespaceDepth) ||
    !agrees(({ pidNamespace }) => pidNamespace) ||
    !agrees(({ mountNamespace }) => mountNamespace)
  );
}
