import { basename } from "node:path";
import type { Pm2View, TargetId } from "../../core/observation.ts";
import type { WorkerRow } from "../../core/worker-row.ts";
import type { WatchedWorker } from "../sensor.ts";
import type { KnownProcess } from "./known-process.ts";

export type Program = Pick<WorkerRow, "script" | "interpreter" | "args">;

/** The rows of one group that run one script: the unit in which copies are counted. */
export interface App {
  readonly group: TargetId;
  readonly script: string;
  readonly name: string;
  readonly namespace: string;
  /** Some strategy looks after it. Others are here because a process may just as well be a copy of theirs. */
  readonly selected: boolean;
  readonly rows: readonly WorkerRow[];
  /** What its rows run; nearly always one. */
  readonly programs: readonly Program[];
}

/** Hashes of the rows' own command lines, where they are no titles, to whose they are: app and pids. */
export type OwnCommands = ReadonlyMap<string, ReadonlyMap<App, readonly number[]>>;

/** The newest rows as apps; a row counts as selected where a watched worker has its pm_id, name and script. */
export function appsOf(pm2: Pm2View, workers: readonly WatchedWorker[]): readonly App[] {
  const watched = new Map(workers.map((worker) => [worker.row.pmId, worker]));
  const found = new Map<string, Omit<App, "programs"> & { readonly rows: WorkerRow[]; readonly programs: Map<string, Program> }>();
  for (const row of pm2.rows) {
    const { script, name, namespace, interpreter, args } = row;
    const worker = watched.get(row.pmId);
    const selected = worker !== undefined && worker.row.name === name && worker.row.script === script;
    const group = selected ? worker.group : namespace === "default" ? name : `${namespace}/${name}`;
    const key = `${selected ? "selected" : "other"}\0${group}\0${script}`;
    const app = found.get(key) ?? { group, script, name, namespace, selected, rows: [], programs: new Map<string, Program>() };
    app.rows.push(row);
    app.programs.set(JSON.stringify([interpreter, args]), { script, interpreter, args });
    found.set(key, app);
  }
  return [...found.values()].map((app) => ({ ...app, programs: [...app.programs.values()] }));
}

/**
 * The apps worth a closer look at a process, of many processes and many apps: one that its environment names, whose
 * script it mentions, or whose row has its command line.
 */
export interface AppIndex {
  candidates(process: KnownProcess): readonly App[];
}

export function indexOf(apps: readonly App[], ownCommands: OwnCommands): AppIndex {
  const byName = new Map<string, App[]>();
  const byFile = new Map<string, App[]>();
  for (const app of apps) {
    const file = basename(app.script);
    put(byName, app.name, app);
    for (const word of new Set([file, file.replace(/\.js$/, "")])) put(byFile, word, app);
  }
  return {
    candidates({ argv, commandHash, marks }) {
      const found = new Set<App>(byName.get(marks?.["name"] ?? ""));
      for (const app of ownCommands.get(commandHash)?.keys() ?? []) found.add(app);
      for (const word of argv) for (const app of byFile.get(word.slice(word.lastIndexOf("/") + 1)) ?? []) found.add(app);
      return [...found];
    },
  };
}

function put(index: Map<string, App[]>, key: string, app: App): void {
  const apps = index.get(key);
  if (apps === undefined) index.set(key, [app]);
  else apps.push(app);
}
