import { pressuresNow } from "../core/pressure.ts";
import { explain } from "../core/explain.ts";
import { sayEverybodysWindow } from "../core/maintenance.ts";
import { failure, success } from "../core/outcome.ts";
import { sayPause } from "../core/pause-words.ts";
import { resolveTarget } from "../core/resolve-target.ts";
import type { SealedRecord } from "../core/sealed-record.ts";
import type { State } from "../core/state.ts";
import { statusOf, type TargetStatus } from "../core/status.ts";
import { inWords } from "../core/words.ts";
import type { Engine } from "./engine.ts";
import { queueStatuses } from "./queue-status.ts";
import type { RecentRecords } from "./recent-records.ts";
import type { ControlPlane, DaemonStatus, HostStatus } from "./status.ts";

const BLIND_NEEDS_PERSON_AFTER_MS = 300_000;
const HEALTHY_TURNS = 5;
const HEALTHY_SLACK_MS = 1_000;

/** What does not live in the core's state but belongs into the status. */
export interface DaemonFacts {
  readonly version: string;
  readonly user: string;
  readonly home: string;
  readonly pm2Home: string;
  readonly startedWallMs: number;
  readonly config: () => DaemonStatus["config"];
  readonly shownConfig: ControlPlane["config"];
  readonly curve: ControlPlane["curve"];
  readonly tasks: ControlPlane["tasks"];
  readonly evidence: ControlPlane["evidence"];
  readonly onTurn: ControlPlane["onTurn"];
  readonly url: () => string | null;
  readonly host: () => HostStatus | null;
  /** The newest complete turn, in reducer time. */
  readonly lastTurnAtMs: () => number | null;
  readonly nowMs: () => number;
  /** Why what should be on disk is not: the heal log, `state.json`. */
  readonly diskTroubles: () => readonly string[];
  readonly ingest: ControlPlane["ingest"];
  readonly tryNotifiers: ControlPlane["tryNotifiers"];
}

export function createControlPlane(engine: Engine, records: RecentRecords, facts: DaemonFacts): ControlPlane {
  const { state } = engine;
  return {
    status: () => daemonStatus(state, facts),
    config: facts.shownConfig,
    curve: facts.curve,
    tasks: facts.tasks,
    evidence: facts.evidence,
    onTurn: facts.onTurn,
    explain(text) {
      const found = resolveTarget(state, text);
      return found.ok ? success(explain(state, found.value)) : failure(found.error);
    },
    command: (by, command) => engine.command(by, command),
    ingest: facts.ingest,
    tryNotifiers: facts.tryNotifiers,
    isHealthy() {
      const last = facts.lastTurnAtMs();
      return last !== null && facts.nowMs() - last <= HEALTHY_TURNS * state.policy.intervalMs + HEALTHY_SLACK_MS;
    },
    isReady: () => state.pm2.name === "up",
    recent: (options) => records.since(options),
    onRecord: (listener: (record: SealedRecord) => void) => records.onRecord(listener),
  };
}

function daemonStatus(state: State, facts: DaemonFacts): DaemonStatus {
  const targets = [...state.targets.values()].map((target) => statusOf(state, target));
  const lastTurn = facts.lastTurnAtMs();
  const config = facts.config();
  const blind = [...state.blind].map(([key, { reason, target, sinceMs }]) => {
    const sensor = target === null ? key : key.slice(0, -(target.length + 1));
    return { sensor, target, reason, for_ms: Math.round(facts.nowMs() - sinceMs) };
  });
  return {
    version: facts.version,
    pid: process.pid,
    user: facts.user,
    home: facts.home,
    started_at: iso(facts.startedWallMs),
    url: facts.url(),
    mode: state.policy.mode,
    paused: whyPaused(state),
    interval_ms: state.policy.intervalMs,
    last_turn_at: lastTurn === null ? null : iso(state.wallMs - (state.nowMs - lastTurn)),
    config,
    pm2: pm2Status(state, facts),
    journal_error: state.journalError?.reason ?? null,
    budget: { tokens: state.globals.tokens, max: state.policy.budget.tokens },
    targets,
    queues: queueStatuses(state, facts.nowMs()),
    blind,
    host: facts.host(),
    needs_person: needsPerson({ state, targets, blind, config, diskTroubles: facts.diskTroubles() }),
  };
}

function whyPaused(state: State): string | null {
  const { paused } = state.globals;
  if (paused !== null && !isOver(state)) return sayPause(paused, state.nowMs);
  return sayEverybodysWindow(state);
}

function isOver(state: State): boolean {
  const untilMs = state.globals.paused?.untilMs ?? null;
  return untilMs !== null && untilMs <= state.nowMs;
}

function pm2Status(state: State, facts: DaemonFacts): DaemonStatus["pm2"] {
  const { pm2 } = state;
  const sinceWallMs = pm2.name === "unknown" ? null : state.wallMs - (state.nowMs - pm2.sinceMs);
  return {
    state: pm2.name,
    home: facts.pm2Home,
    version: pm2.name === "up" ? pm2.version : null,
    reason: pm2.name === "lost" ? pm2.reason : null,
    since: sinceWallMs === null ? null : iso(sinceWallMs),
  };
}

/** Circuit or incident open, the machine short of something, a sensor blind for long, a refused configuration, PM2, the journal or the disk gone. */
function needsPerson(now: {
  state: State;
  targets: readonly TargetStatus[];
  blind: DaemonStatus["blind"];
  config: DaemonStatus["config"];
  diskTroubles: readonly string[];
}): readonly string[] {
  const { state, targets, blind, config } = now;
  const reasons: string[] = [...now.diskTroubles];
  if (state.pm2.name === "lost") reasons.push(`PM2 is not there: ${state.pm2.reason}`);
  if (state.journalError !== null) reasons.push(`the journal cannot be trusted: ${state.journalError.reason}`);
  if (config.rejected !== null) reasons.push(`the edited configuration was refused: ${config.rejected}`);
  for (const { reason } of pressuresNow(state, "host:")) reasons.push(reason);
  for (const target of targets) {
    if (target.circuit_open) reasons.push(`${target.id}: ${target.state}`);
    if (target.incident !== null) reasons.push(`${target.id}: an incident is open (${target.incident})`);
  }
  for (const { sensor, reason, for_ms } of blind) {
    if (for_ms > BLIND_NEEDS_PERSON_AFTER_MS) reasons.push(`${sensor} has been blind for ${inWords(for_ms)}: ${reason}`);
  }
  return reasons;
}

function iso(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
