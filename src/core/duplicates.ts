import type { Json } from "./log-record.ts";
import type { Origin } from "./copy.ts";
import { sayCopy, sayOrigin, sayTooMany } from "./copy-words.ts";
import { groupFactsOf } from "./group-facts.ts";
import type { State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";
import { copyKey, rowKey } from "./member-key.ts";
import { ESTABLISHED_MS, mayEnd, planTrim, type GroupCopy, type GroupFacts } from "./trim-plan.ts";
import { restoreCommand } from "./trim-words.ts";
import { say, strategyOf, type Turn } from "./turn.ts";
import type { WorkerRow } from "./worker-row.ts";

const STARTS_KEPT_MAX = 20;
const TOLD_MAX = 1_000;
const LOOKED_WITHIN_MS = 15_000; // the sensor looks every two seconds, and at everything again after ten
const SETTLED_MS = 5_000; // `node worker.js --help` is over by then

/** Tells each worker too many once, with whoever started it, as soon as it is seen; whether it is ended is another matter. */
export function tellDuplicates(turn: Turn): void {
  const { state } = turn;
  const running: string[] = [];
  for (const group of state.targets.values()) {
    if (group.kind !== "group") continue;
    const strategy = strategyOf(state, group);
    if (strategy.knobs.maxWorkers === null && state.copies?.copies.some(({ copy }) => copy.group === group.id) !== true) continue;
    const facts = groupFactsOf(state, group.id);
    running.push(...tellCopies(turn, { group, strategy, facts }), ...tellRows(turn, { group, strategy, facts }));
  }
  // Forgotten only after a fresh look: one that could not be made must not bring every old copy up again.
  const isFresh = state.copies !== null && state.copies.atMs >= state.nowMs - SETTLED_MS;
  const told = isFresh ? running : [...new Set([...state.duplicates.told, ...running])].slice(-TOLD_MAX);
  if (told.length > 0 || state.duplicates.told.length > 0) state.duplicates.told = told;
}

interface Found {
  readonly group: Target;
  readonly strategy: Strategy;
  readonly facts: GroupFacts;
}

/** Answers the keys of those that are told by now. */
function tellCopies(turn: Turn, { group, strategy, facts }: Found): readonly string[] {
  const { state } = turn;
  return facts.copies.flatMap((found) => {
    const key = copyKey(found.copy);
    if (state.duplicates.told.includes(key)) return [key];
    if (state.nowMs - found.startedAtMs < SETTLED_MS) return [];
    tellCopy(turn, { group, strategy, facts }, found);
    return [key];
  });
}

function tellCopy(turn: Turn, { group, strategy, facts }: Found, { copy }: GroupCopy): void {
  const { starts } = turn.state.duplicates;
  const before = starts[group.id] ?? [];
  const context = { pid: copy.pid, startedWallMs: copy.startedWallMs, rows: rowsOf(facts, copy.script), before };
  if (copy.owner === "outside") turn.state.duplicates.starts = { ...starts, [group.id]: withStart(before, copy.startedWallMs) };
  say(turn, group, {
    level: "warn",
    event: "duplicate_found",
    reason: `${sayCopy(copy)}; ${sayOrigin(copy.origin, context)}: \`${copy.command}\`. ${whatBecomesOfIt(copy, strategy)}`,
    pid: copy.pid,
    more: {
      owner: copy.owner,
      origin: originJson(copy.origin, copy.startedWallMs),
      command: copy.command,
      restore: copy.restore,
    },
  });
}

function withStart(before: readonly number[], startedWallMs: number): readonly number[] {
  return [...before, startedWallMs].sort((one, other) => one - other).slice(-STARTS_KEPT_MAX);
}

export function whatBecomesOfIt(copy: GroupCopy["copy"], { knobs, mode }: Strategy): string {
  if (copy.untouchable !== null) return `Reported only: ${copy.untouchable}`;
  if (!mayEnd(copy, knobs.trimOutside)) return `Reported only (trim_outside: ${knobs.trimOutside})`;
  if (knobs.maxWorkers === null) return "Ended only where it keeps a worker of PM2's from running: there is no max_workers";
  return `It counts: more than ${knobs.maxWorkers} are trimmed after they have stood${mode === "observe" ? ", once mode is heal" : ""}`;
}

function tellRows(turn: Turn, { group, strategy, facts }: Found): readonly string[] {
  const { state } = turn;
  const { maxWorkers, trimOutside } = strategy.knobs;
  if (maxWorkers === null) return [];
  const units = planTrim(facts, { keep: maxWorkers, outside: trimOutside }, state.nowMs);
  return units.flatMap(({ script, victims, sinceMs }) =>
    victims.flatMap((member) => {
      if (member.kind !== "row") return [];
      const { row } = member.worker;
      const key = rowKey(row);
      const origin = state.copies?.rows.find(({ pid }) => pid === row.pid)?.origin ?? null;
      if (state.duplicates.told.includes(key)) return [key];
      // A deploy passes, and who has only just come may be the one to keep.
      const isSettled = state.nowMs - member.sinceMs >= ESTABLISHED_MS && state.nowMs - sinceMs >= strategy.knobs.trimAfterMs / 2;
      if (!isSettled || (origin === null && isToBeLookedAt(turn.state, group, member.sinceMs))) return [];
      tellRow(turn, group, { row, origin, rows: rowsOf(facts, script), restore: restoreCommand(member) });
      return [key];
    }),
  );
}

/** The next looks tell where a row comes from. Where none does within a while, it is told without. */
function isToBeLookedAt(state: State, group: Target, sinceMs: number): boolean {
  const countedSinceMs = group.rules.find(({ symptomAtMs }) => symptomAtMs !== null)?.symptomAtMs ?? state.nowMs;
  return state.nowMs - Math.max(sinceMs + ESTABLISHED_MS, group.view.statusSinceMs, countedSinceMs) < LOOKED_WITHIN_MS;
}

function tellRow(
  turn: Turn,
  group: Target,
  found: { row: WorkerRow; origin: Origin | null; rows: readonly WorkerRow[]; restore: string },
): void {
  const { row, origin, rows, restore } = found;
  const startedWallMs = row.startedWallMs ?? turn.state.wallMs;
  const others = rows.filter((other) => other.pmId !== row.pmId);
  const from = origin === null ? "" : `; ${sayOrigin(origin, { pid: row.pid ?? 0, startedWallMs, rows: others, before: [] })}`;
  say(turn, group, {
    level: "warn",
    event: "duplicate_found",
    reason: `${sayTooMany(row, rows.length)}${from}`,
    pm_id: row.pmId,
    ...(row.pid === null ? {} : { pid: row.pid }),
    more: { owner: "pm2", origin: origin === null ? null : originJson(origin, startedWallMs), command: row.script, restore },
  });
}

export function rowsOf(facts: GroupFacts, script: string): readonly WorkerRow[] {
  return facts.workers.flatMap(({ row }) => (row.script === script && row.pid !== null ? [row] : []));
}

/** Snake case, as everything in the log; `started` is the process's own. */
function originJson(origin: Origin, startedWallMs: number): Json {
  const { ancestors, user, login, session, unit, cwd, pwd, marks, output, ports } = origin;
  const parents = ancestors.map(({ pid, command, user: owner, started: since }) => ({ pid, command, user: owner, started: since }));
  return {
    started: new Date(startedWallMs).toISOString(),
    ancestors: parents,
    user,
    login,
    session: { id: session.id, leader: session.leader, terminal: session.terminal },
    unit,
    cwd,
    pwd,
    marks,
    output,
    ports,
  };
}
