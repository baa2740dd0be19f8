import type { Observation, Pm2View, TargetId } from "../core/observation.ts";
import type { Processes } from "../world/processes/processes.ts";
import { appsOf, type App } from "./copies/apps.ts";
import { createDetailsCache, type DetailsCache } from "./copies/details-cache.ts";
import { createFormerRows, type FormerRows } from "./copies/former-rows.ts";
import type { FoundCopy, Scene } from "./copies/picture.ts";
import { createProcessBook, type ProcessBook } from "./copies/process-book.ts";
import { reportCopy, reportRows } from "./copies/report-copies.ts";
import { atOnce, inSlices } from "./copies/slices.ts";
import { findCopies } from "./copies/whose-process.ts";
import type { Sensor, WatchedWorker } from "./sensor.ts";

const NAME = "process-copies";
const TIMEOUT_MS = 10_000; // the first look at thousands of processes shares the machine with everything else
const COPIES_MAX = 200;
const LOOKS_AGAIN_MS = 10_000; // whatever stands still: what drains is over some time, and an edit selects others
const NOTHING = { seen: null, pm2: null, changes: 0 };

export interface ProcessCopiesOptions {
  readonly processes: Processes;
  /** Newest list with ALL rows of PM2 (also unselected ones); null while PM2 is not in sight. */
  readonly pm2: () => Pm2View | null;
  readonly pm2Home: string;
  /** The path without its symbolic links; itself where there is no such thing. */
  readonly realPath: (path: string) => string;
  readonly selfPids: readonly number[];
  /** Most workers a group may have; null = no limit. */
  readonly maxWorkersOf: (group: TargetId) => number | null;
  readonly everyMs: number;
  readonly wallMs: () => number;
}

type CopiesSeen = Extract<Observation, { readonly kind: "copies" }>;

export interface ProcessCopies {
  readonly sensor: Sensor;
  /**
   * One complete look right now, synchronously: before something is ended. null while PM2 is not in sight, or before the
   * first reading has been through all processes.
   */
  lookNow(atMs: number): CopiesSeen | null;
}

/**
 * Processes that run a selected app's program beside PM2's own rows. Every reading is one complete look, or none at all
 * where PM2 is out of sight or the platform shows no processes: no data is no sickness. The first reading looks at all
 * processes of the machine, two milliseconds at a time; later ones at the new ones and a thirtieth of the others, most of which only get a glance.
 */
export function createProcessCopies(options: ProcessCopiesOptions): ProcessCopies {
  const { processes, wallMs } = options;
  const book = createProcessBook(processes, wallMs);
  const eyes = {
    options,
    book,
    details: createDetailsCache(processes, book, wallMs),
    former: createFormerRows(book),
    last: { ...NOTHING },
  };
  let workers: readonly WatchedWorker[] = [];
  return {
    sensor: {
      name: NAME,
      everyMs: options.everyMs,
      timeoutMs: TIMEOUT_MS,
      async read(context) {
        if (!processes.supported) return [];
        workers = context.workers;
        await inSlices(book.refresh(), context.signal);
        if (context.signal.aborted) return [];
        const seen = lastLook(eyes, context.now()) ?? look(eyes, workers, context.now());
        return seen === null ? [] : [seen];
      },
    },
    lookNow(atMs) {
      if (!processes.supported || !book.complete || options.pm2() === null) return null;
      atOnce(book.refresh());
      return look(eyes, workers, atMs);
    },
  };
}

/** What the last look showed, where nothing has come, gone or changed since, in PM2's list or among the processes. */
function lastLook({ options, book, last }: Eyes, atMs: number): CopiesSeen | null {
  if (last.seen === null || last.pm2 !== options.pm2() || last.changes !== book.changes) return null;
  const stands = atMs - last.seen.atMs < LOOKS_AGAIN_MS && last.seen.copies.every(({ pid }) => book.confirm(pid));
  return stands ? { ...last.seen, atMs } : null;
}

interface Eyes {
  readonly last: { seen: CopiesSeen | null; pm2: Pm2View | null; changes: number };
  readonly options: ProcessCopiesOptions;
  readonly book: ProcessBook;
  readonly details: DetailsCache;
  readonly former: FormerRows;
}

function look(eyes: Eyes, workers: readonly WatchedWorker[], atMs: number): CopiesSeen | null {
  const { options, book, details, former } = eyes;
  const pm2 = options.pm2();
  if (pm2 === null || !book.complete) return null;
  const apps = appsOf(pm2, workers);
  former.remember(pm2, apps);
  details.forgetEnded();
  const scene = sceneOf(eyes, pm2, apps);
  const seen: CopiesSeen = {
    kind: "copies",
    atMs,
    copies: confirmedCopies(scene, book)
      .slice(0, COPIES_MAX)
      .map((copy) => reportCopy(copy, scene)),
    rows: reportRows(apps, scene, { maxWorkersOf: options.maxWorkersOf, knows: (pid) => details.knows(pid) }),
  };
  Object.assign(eyes.last, { seen, pm2, changes: book.changes });
  return seen;
}

/** What is about to be said of a process must hold now, not a minute ago. */
function confirmedCopies(scene: Scene, book: ProcessBook): readonly FoundCopy[] {
  const found = findCopies(scene);
  const changed = found.filter(({ process }) => !book.confirm(process.pid));
  return changed.length === 0 ? found : findCopies(scene);
}

function sceneOf({ options, book, details, former }: Eyes, pm2: Pm2View, apps: readonly App[]): Scene {
  return {
    processes: book,
    pm2,
    apps,
    pm2Home: options.pm2Home,
    wallMs: options.wallMs(),
    selfPids: options.selfPids,
    wasRowOf: (process) => former.appOf(process, apps),
    details: (pid) => details.of(pid),
    place: remembering((pid: number) => options.processes.place(pid)),
    maySignal: (uid) => options.processes.maySignal(uid),
    realPath: remembering(options.realPath),
  };
}

/** Within one look nothing is asked twice. */
function remembering<Key, Value>(ask: (key: Key) => Value): (key: Key) => Value {
  const answers = new Map<Key, Value>();
  return (key) => {
    const known = answers.get(key) ?? ask(key);
    answers.set(key, known);
    return known;
  };
}
