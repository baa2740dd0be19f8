import { commandHash } from "../../world/processes/command-hash.ts";
import type { ProcessBrief, ProcessGlance } from "../../world/processes/process-facts.ts";
import type { Processes } from "../../world/processes/processes.ts";
import type { FirstSeen, KnownProcess, ProcessSight } from "./known-process.ts";
import { shownCommand } from "./shown-command.ts";

const YOUNG_MS = 10_000; // between fork and exec a process shows the command of its parent; shells and wrappers exec within seconds
const TURNS_OF_A_ROUND = 30; // every known process is glanced at within so many refreshes: a reused pid, a late exec
const TURNS_TO_READ_ALL = 10 * TURNS_OF_A_ROUND; // and read within so many: an exec of something by the same name
const ARGV_CHARACTERS_MAX = 4_096; // what is longer is compared by its hash only
const COMMAND_CHARACTERS_MAX = 200;
const LINE_MAX = 8;
const CLOCK_SET_MS = 1_000;

/**
 * All living processes, each read once and then only while it is young, in its turn of a round, or on demand. Holds
 * nothing of a process that has ended but its place in the lines of its descendants, eight ancestors at most.
 */
export interface ProcessBook extends ProcessSight {
  /** False until the first refresh has been through. */
  readonly complete: boolean;
  /** Grows whenever a process came, went, or became another. */
  readonly changes: number;
  /** Brings the book up to date, a step a process; a step takes about 50 µs. */
  refresh(): Generator<void, void>;
  /** Reads a process again; false = it is gone, another one, or runs something else. */
  confirm(pid: number): boolean;
}

export function createProcessBook(processes: Processes, wallMs: () => number): ProcessBook {
  const pages: Pages = { processes, wallMs, known: new Map(), turn: 0, complete: false, changes: 0 };
  return {
    get changes() {
      return pages.changes;
    },
    get complete() {
      return pages.complete;
    },
    get: (pid) => pages.known.get(pid),
    all: () => pages.known.values(),
    refresh: () => refresh(pages),
    confirm(pid) {
      const before = pages.known.get(pid);
      return before !== undefined && read(pages, pid) === before;
    },
  };
}

interface Pages {
  readonly processes: Processes;
  readonly wallMs: () => number;
  readonly known: Map<number, KnownProcess>;
  turn: number;
  complete: boolean;
  changes: number;
}

function* refresh(pages: Pages): Generator<void, void> {
  const { processes, known } = pages;
  const pids = processes.pids();
  forgetAllBut(pages, new Set(pids));
  const turn = (pages.turn = (pages.turn + 1) % TURNS_TO_READ_ALL);
  const settledBeforeMs = pages.wallMs() - YOUNG_MS;
  const newcomers: KnownProcess[] = [];
  for (const pid of pids) {
    const before = known.get(pid);
    if (before !== undefined && before.startedWallMs < settledBeforeMs && !isDue(before, turn, processes)) continue;
    const now = read(pages, pid);
    if (now !== null && now.startTicks !== before?.startTicks) newcomers.push(now);
    yield;
  }
  // Only now: a parent may have a higher pid than its child.
  for (const process of newcomers) {
    keepLine(process, known);
    yield;
  }
  pages.complete = true;
}

/** Whether it is the turn of a process to be read again, because of its pid or of what a glance at it shows. */
function isDue(before: KnownProcess, turn: number, processes: Processes): boolean {
  if (before.pid % TURNS_OF_A_ROUND !== turn % TURNS_OF_A_ROUND) return false;
  return before.pid % TURNS_TO_READ_ALL === turn || !looksTheSame(before, processes.glance(before.pid));
}

function read(pages: Pages, pid: number): KnownProcess | null {
  const { processes, known } = pages;
  const brief = processes.brief(pid);
  const before = known.get(pid);
  if (brief !== null && before !== undefined && sameLife(before, brief)) return before;
  pages.changes++;
  if (brief === null) known.delete(pid);
  else known.set(pid, knownProcess(brief, before, processes));
  return known.get(pid) ?? null;
}

/** Most of what changes in a life shows in the kernel's own record: the name of a process, too, follows what it runs. */
function looksTheSame(before: KnownProcess, now: ProcessGlance | null): boolean {
  if (now === null || before.startTicks !== now.startTicks || before.name !== now.name) return false;
  return before.parentPid === now.parentPid && before.session === now.session && (before.state === "Z") === (now.state === "Z");
}

/** Whether what is known of the process still holds; of what changes in a life only parent, state and command matter here. */
function sameLife(before: KnownProcess, now: ProcessBrief): boolean {
  return looksTheSame(before, now) && before.uid === now.uid && before.commandHash === commandHash(now.argv);
}

function knownProcess(brief: ProcessBrief, before: KnownProcess | undefined, processes: Processes): KnownProcess {
  const length = brief.argv.reduce((sum, word) => sum + word.length + 1, 0);
  return {
    ...brief,
    argv: length > ARGV_CHARACTERS_MAX ? [] : brief.argv,
    commandHash: commandHash(brief.argv),
    command: brief.argv.length > 0 ? shownCommand(brief.argv, COMMAND_CHARACTERS_MAX) : `[${brief.name}]`,
    startedWallMs: startOf(brief, before, processes),
    line: before?.startTicks === brief.startTicks ? before.line : [],
  };
}

/** The clock's hundredths would make it jitter with every reading; only a clock that was set moves it. */
function startOf({ startTicks }: ProcessBrief, before: KnownProcess | undefined, processes: Processes): number {
  const startedWallMs = processes.startedWallMs(startTicks);
  const stands = before?.startTicks === startTicks && Math.abs(before.startedWallMs - startedWallMs) < CLOCK_SET_MS;
  return stands ? before.startedWallMs : startedWallMs;
}

function forgetAllBut(pages: Pages, living: ReadonlySet<number>): void {
  for (const pid of pages.known.keys()) if (!living.has(pid) && pages.known.delete(pid)) pages.changes++;
}

function keepLine(process: KnownProcess, known: Map<number, KnownProcess>): void {
  const current = known.get(process.pid);
  if (current === undefined || current.startTicks !== process.startTicks) return;
  const line: FirstSeen[] = [];
  for (let parent = known.get(process.parentPid); parent !== undefined && line.length < LINE_MAX; parent = known.get(parent.parentPid)) {
    const { pid, startTicks, uid, name, argv, command, startedWallMs } = parent;
    line.push({ pid, startTicks, uid, name, argv, command, startedWallMs });
  }
  known.set(process.pid, { ...current, line });
}
