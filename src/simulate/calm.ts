import type { Control } from "../core/control.ts";
import type { Target } from "../core/state.ts";
import { Violation } from "./invariants/witness.ts";
import { HOME } from "./sim-daemon.ts";
import type { Simulation } from "./simulation.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const CALM_TURN_MS = 30_000;
const CALM_MS_MAX = 48 * HOUR_MS;
const JUDGED_MS_MAX = 8 * HOUR_MS;

/** The faults are over, everybody is well, and a person looks after what is a person's business. */
export function calmDown(world: Simulation): void {
  const { sensors, timeline } = world;
  endAllFaults(world);
  repairHealer(world);
  world.turnMs = CALM_TURN_MS;
  world.compiled = world.load(world.spec.config.replace(/mode: observe/g, "mode: heal"));
  sensors.use(world.compiled.strategies);
  timeline.runUntil(timeline.nowMs + MINUTE_MS);
  resumeAll(world);
  reviveWhatNobodyWatches(world);
  timeline.runUntil(timeline.nowMs + 15 * MINUTE_MS); // what is too many is seen, and trimmed, within that
  const deadlineMs = timeline.nowMs + CALM_MS_MAX;
  while (unwell(world).length > 0) {
    if (timeline.nowMs >= deadlineMs) throw new Violation("I17", `still not well after two calm days: ${unwell(world).join(", ")}`);
    timeline.runUntil(timeline.nowMs + 10 * MINUTE_MS);
  }
  const open = withoutOutcome(world);
  if (open.length > 0 && !world.invariants.books.journalHasFailed) throw new Violation("I8", `no outcome of ${open.join(", ")}`);
}

function endAllFaults(world: Simulation): void {
  const { disk, pm2, fleet, sensors, strays, timeline } = world;
  disk.trouble = { writes: null, syncs: false, reads: false };
  pm2.trouble = { mode: "ok", latencyMs: 200 };
  world.fate.deaths = [];
  world.fate.backMs = 1_000;
  fleet.healAll(world.processes.alive.values());
  sensors.blind.clear();
  strays.clear();
  timeline.runUntil(timeline.nowMs + 25 * MINUTE_MS); // what was planned to come back has
  if (pm2.rows.size === 0) pm2.resurrect(world.spec.apps.map((app) => ({ app, instance: "0" })));
  pm2.lost = null;
}

function resumeAll(world: Simulation): void {
  world.alive(() => {
    world.daemon?.use(world.compiled);
    for (const target of [null, ...(world.daemon?.state.targets.keys() ?? [])])
      world.daemon?.dispatch({ type: "command", id: 1, by: "person", command: { name: "resume", target } });
  });
}

/** What was read off a sick disk waits for a person, who starts healer again, and moves away what cannot be read even then. */
function repairHealer(world: Simulation): void {
  const isStuck = (): boolean => world.daemon?.state.journalError != null;
  if (isStuck()) world.kill();
  world.timeline.runUntil(world.timeline.nowMs + MINUTE_MS);
  if (!isStuck()) return;
  world.disk.empty(HOME.journal);
  world.invariants.journalMovedAway();
  world.kill();
  world.timeline.runUntil(world.timeline.nowMs + MINUTE_MS);
}

/** A worker of an app without autorestart that crashed is its operator's business. */
function reviveWhatNobodyWatches(world: Simulation): void {
  for (const row of world.pm2.rows.values()) {
    if (row.status === "stopped" && !row.autorestart) world.stopped.set(row.pmId, 0);
  }
}

/** Who is down although no operator stopped it, or still in some state other than healthy. */
function unwell(world: Simulation): string[] {
  if (world.daemon === null) return ["healer is dead"];
  const down = [...world.pm2.rows.values()].filter((row) => row.pid === null && !world.stopped.has(row.pmId) && isWatched(world, row.name));
  const targets = [...world.state.targets.values()].filter(({ control, row }) => {
    const isOperators = row !== null && world.stopped.has(row.pmId) && control.phase.name === "open" && control.phase.heal === null;
    return control.phase.name !== "healthy" && !isOperators;
  });
  return [
    ...down.map(({ name, instance, status }) => `${name}:${instance} ${status}`),
    ...targets.map(({ id, control }) => `${id} ${control.phase.name}`),
  ];
}

function isWatched(world: Simulation, name: string): boolean {
  const app = world.fleet.apps.get(name);
  return app !== undefined && !app.isHealer && !app.isModule && !world.isStranger(name);
}

function withoutOutcome({ journal }: Simulation): (string | null)[] {
  const ids = (kind: string): (string | null)[] => journal.filter((record) => record.kind === kind).map(({ healId }) => healId);
  const ended = new Set(ids("outcome"));
  return ids("intent").filter((id) => !ended.has(id));
}

/** I17: in a quiet fleet, a worker that freezes or fails its tasks is healed, and nothing is left of it. */
export function sickenOnce(world: Simulation): void {
  const { timeline, pm2, fleet } = world;
  const victim = [...world.state.targets.values()].find((target) => canBeSeenSick(world, target));
  const process = victim?.row == null ? undefined : pm2.processOf(victim.row);
  if (victim === undefined || process === undefined) return;
  fleet.sicken(process, 0);
  const sinceMs = timeline.nowMs;
  const isOver = (): boolean => {
    if (victim.row !== null && !pm2.rows.has(victim.row.pmId)) return true; // one too many, trimmed
    const lastHeal: Control["lastHeal"] = world.daemon?.state.targets.get(victim.id)?.control.lastHeal ?? null;
    // Where few tasks come in, nobody can say within the time for a verdict that it helped.
    const isWell = lastHeal?.verdict === "recovered" || lastHeal?.verdict === "inconclusive";
    return isWell && world.processes.alive.get(process.pid) !== process;
  };
  let coolDownMs = 0;
  while (!isOver()) {
    coolDownMs ||= coolDownLeftMs(world, victim.id);
    if (timeline.nowMs - sinceMs > JUDGED_MS_MAX + coolDownMs)
      throw new Violation("I17", `${victim.id} fails all its tasks, and is not well after 8 hours, one cool-down not counted`);
    timeline.runUntil(timeline.nowMs + 10 * MINUTE_MS);
  }
}

/** Who was healed too often in the hours before is left alone once, for hours after many such; the trial after that must do. */
function coolDownLeftMs({ daemon }: Simulation, id: string): number {
  const phase = daemon?.state.targets.get(id)?.control.phase;
  return daemon === null || phase?.name !== "open" ? 0 : Math.max(0, phase.untilMs - daemon.state.nowMs);
}

function canBeSeenSick(world: Simulation, { kind, row, control }: Target): boolean {
  if (kind === "group" || row?.pid == null || row.status !== "online" || control.phase.name !== "healthy") return false;
  const app = world.fleet.apps.get(row.name);
  if ([...world.pm2.rows.values()].filter((other) => other.name === row.name && other.instance === row.instance).length > 1) return false;
  return app !== undefined && isWatched(world, row.name) && app.figures === "worker" && app.perMinute >= 1 && app.rate >= 0.95;
}
