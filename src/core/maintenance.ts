import type { Answer, Candidate } from "./guards.ts";
import { beginAnew, journalPause } from "./pauses.ts";
import { hasSeenPm2 } from "./state.ts";
import type { State, Target } from "./state.ts";
import { sayOf, sayOfStrategy, type Line, type Turn } from "./turn.ts";

/** A time of the calendar that belongs to the operators, bound at load as rules are (decision 0013). */
export interface MaintenanceWindow {
  /** "Sundays 02:00–04:00 Europe/Berlin" */
  readonly label: string;
  /** null = closed at this wall time. Asked once a turn, and answered from memory but for the edges of a window. */
  openAt(wallMs: number): WindowEnd | null;
}

export interface WindowEnd {
  readonly untilWallMs: number;
  /** As the clocks of the window's time zone show it: "2026-11-29 04:00 Europe/Berlin". */
  readonly until: string;
}

/** A window that is open; plain data that the journal keeps, so that its end is not missed over a restart. */
export interface OpenWindow extends WindowEnd {
  readonly label: string;
}

/** Whom the windows at the top of the file belong to; no strategy can have this name. */
const EVERYBODY = "*";

/**
 * Asked each turn: a window behaves as a pause that the calendar gives and takes. Both are told once, and the end begins a
 * grace period and a new epoch, also where the clock was set or the window was edited away: so that a jump of the wall
 * clock can hold a heal back and never bring one about.
 */
export function followMaintenance(turn: Turn): void {
  const { policy, globals } = turn.state;
  if (!hasSeenPm2(turn.state)) return; // an end that fell into healer's absence is for targets
  follow(turn, EVERYBODY, policy.maintenance);
  for (const { name, maintenance } of policy.strategies) follow(turn, name, maintenance);
  for (const scope of Object.keys(globals.maintenance ?? {})) if (isGone(turn.state, scope)) close(turn, scope);
}

function follow(turn: Turn, scope: string, windows: readonly MaintenanceWindow[]): void {
  const { state } = turn;
  const before = windowOf(state, scope);
  if (windows.length === 0 && before === null) return;
  const now = latestOpen(windows, state.wallMs);
  if (now === null) {
    if (before !== null) close(turn, scope);
  } else if (before === null) open(turn, scope, now);
  else if (before.untilWallMs !== now.untilWallMs || before.label !== now.label) remember(state, scope, now);
}

/** Of several that overlap the one that closes last. */
function latestOpen(windows: readonly MaintenanceWindow[], wallMs: number): OpenWindow | null {
  let latest: OpenWindow | null = null;
  for (const window of windows) {
    const end = window.openAt(wallMs);
    if (end !== null && (latest === null || end.untilWallMs > latest.untilWallMs)) latest = { label: window.label, ...end };
  }
  return latest;
}

function open(turn: Turn, scope: string, window: OpenWindow): void {
  remember(turn.state, scope, window);
  for (const target of targetsOf(turn.state, scope)) target.said.hold = null;
  const by = `maintenance window ${window.label}`;
  tell(turn, scope, {
    level: "info",
    event: "paused",
    reason: `${inWordsOf(scope)}: ${by} is open until ${window.until}; until then nothing is healed or trimmed, symptoms are still recorded`,
    more: { by, for_ms: Math.round(window.untilWallMs - turn.state.wallMs) },
  });
  journalPause(turn, null, { paused: inWordsOf(scope), by });
}

function close(turn: Turn, scope: string): void {
  const { state } = turn;
  const window = windowOf(state, scope);
  if (window === null) return;
  const { [scope]: _, ...others } = state.globals.maintenance ?? {};
  state.globals.maintenance = others;
  const by = `maintenance window ${window.label}`;
  const early = window.untilWallMs > state.wallMs || isGone(state, scope);
  const how = early ? `${by} is closed before its time: the configuration or the clock was changed` : `${by} is over`;
  const reason = `${inWordsOf(scope)}: ${how}; a grace period begins`;
  tell(turn, scope, { level: "info", event: "resumed", reason, more: { by } });
  for (const target of targetsOf(state, scope)) beginAnew(turn, target);
  journalPause(turn, null, { resumed: inWordsOf(scope), by });
}

function isGone(state: State, scope: string): boolean {
  return scope !== EVERYBODY && !state.policy.strategies.some(({ name }) => name === scope);
}

function remember(state: State, scope: string, window: OpenWindow): void {
  state.globals.maintenance = { ...state.globals.maintenance, [scope]: window };
}

function targetsOf(state: State, scope: string): readonly Target[] {
  const all = [...state.targets.values()];
  return scope === EVERYBODY ? all : all.filter(({ strategy }) => strategy === scope);
}

function tell(turn: Turn, scope: string, line: Line): void {
  if (scope === EVERYBODY) sayOf(turn, "healer", line);
  else sayOfStrategy(turn, scope, line);
}

function inWordsOf(scope: string): string {
  return scope === EVERYBODY ? "everything" : `strategy ${scope}`;
}

/** Everybody's window or its strategy's own, whichever closes later. */
export function openWindowOf(state: State, { strategy }: Pick<Target, "strategy">): OpenWindow | null {
  if (state.globals.maintenance === undefined) return null;
  const [all, own] = [windowOf(state, EVERYBODY), windowOf(state, strategy)];
  if (all === null || own === null) return all ?? own;
  return own.untilWallMs > all.untilWallMs ? own : all;
}

export function sayEverybodysWindow(state: State): string | null {
  const window = windowOf(state, EVERYBODY);
  return window === null ? null : sayWindow(window);
}

function windowOf({ globals }: State, scope: string): OpenWindow | null {
  const { maintenance } = globals;
  return maintenance !== undefined && Object.hasOwn(maintenance, scope) ? (maintenance[scope] ?? null) : null;
}

/** For a status: null = none is open for it. */
export function sayWindowOf(state: State, target: Target): string | null {
  const window = openWindowOf(state, target);
  return window === null ? null : sayWindow(window);
}

function sayWindow({ label, until }: OpenWindow): string {
  return `maintenance window ${label} is open until ${until}`;
}

/** Right after `paused`: what the calendar says, and what goes on meanwhile. */
export function askMaintenance(state: State, { target }: Candidate): Answer {
  const window = openWindowOf(state, target);
  if (window === null) return null;
  return {
    reason: `${sayWindow(window)}: symptoms are recorded, nothing is healed or trimmed`,
    untilMs: state.nowMs + (window.untilWallMs - state.wallMs),
    flip: "the window closes",
  };
}
