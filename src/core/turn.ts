import type { Effect } from "./effect.ts";
import type { JournalRecord } from "./journal-record.ts";
import type { Json, LogRecord } from "./log-record.ts";
import type { TargetId } from "./observation.ts";
import type { State, Target } from "./state.ts";
import type { Strategy } from "./strategy.ts";

/** What one call of `step` carries through the core: the state and the effects gathered so far, in order. */
export interface Turn {
  readonly state: State;
  readonly effects: Effect[];
  /** Groups of which somebody other than healer has started a worker, by the list of this turn. */
  readonly startedByOthers: Set<TargetId>;
}

export function beginTurn(state: State): Turn {
  return { state, effects: [], startedByOthers: new Set() };
}

export interface Line extends Omit<LogRecord, "target" | "strategy"> {}

/** Writes one line about a target, with everything the heal log wants to know of it filled in. */
export function say(turn: Turn, target: Target, line: Line): void {
  const row = target.row;
  const worker = row === null ? { app: target.group } : { app: row.name, instance: row.instance, pm_id: row.pmId };
  const pid = row === null || row.pid === null ? {} : { pid: row.pid };
  turn.effects.push({ type: "log", record: { target: target.id, strategy: target.strategy, ...worker, ...pid, ...line } });
}

/** A line about healer itself, a queue or a group. */
export function sayOf(turn: Turn, target: string, line: Line): void {
  turn.effects.push({ type: "log", record: { target, strategy: null, ...line } });
}

/** A line about a strategy as a whole. */
export function sayOfStrategy(turn: Turn, name: string, line: Line): void {
  turn.effects.push({ type: "log", record: { target: `strategy:${name}`, strategy: name, ...line } });
}

/** Asks for a record on disk that carries the target's control state as it is now. */
export function journal(
  turn: Turn,
  target: Target,
  options: { kind: JournalRecord["kind"]; healId: string | null; note: Json; ack?: boolean },
): void {
  turn.effects.push({
    type: "journal",
    ack: options.ack ?? false,
    record: {
      kind: options.kind,
      healId: options.healId,
      target: target.id,
      wallMs: turn.state.wallMs,
      atMs: turn.state.nowMs,
      control: asJson(target.control),
      globals: asJson(turn.state.globals),
      note: options.note,
    },
  });
}

/** The strategy in force for a target. Every target has one: targets no strategy selects are dropped by the census. */
export function strategyOf(state: State, target: Target): Strategy {
  const strategy = state.policy.strategies.find((candidate) => candidate.name === target.strategy);
  if (strategy === undefined) throw new Error(`no strategy "${target.strategy}" for target ${target.id}: the census must drop it first`);
  return strategy;
}

/** A copy, so that later changes of the state do not reach into the record. Plain data by construction. */
function asJson(plain: object): Json {
  return JSON.parse(JSON.stringify(plain)) as Json;
}
