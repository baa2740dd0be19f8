import type { CompiledStrategy } from "../config/compile-strategies.ts";
import type { Observation } from "../core/observation.ts";
import type { Target } from "../core/state.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import type { Fleet } from "./fleet.ts";
import type { SimProcess } from "./sim-process.ts";
import type { AppSpec } from "./world-spec.ts";

const BEATS_PER_S = 5;

interface Seen {
  readonly target: Target;
  readonly row: WorkerRow;
  readonly app: AppSpec;
  readonly process: SimProcess;
  /** Since the look before. */
  readonly ms: number;
  readonly sum: { ok: number; failed: number };
  readonly nowMs: number;
  readonly atMs: number;
}

interface Needs {
  readonly running: boolean;
  /** Rhythm of the probe of what lies upstream. */
  readonly dependencyEveryMs: number | null;
  readonly pulse: boolean;
  readonly memory: boolean;
  /** Key and rhythm of the probe. */
  readonly probe: { readonly rule: string; readonly everyMs: number } | null;
}

/** What healer's sensors would have seen since they looked before: facts about the targets it knows, at reducer time. */
export class SimSensors {
  readonly #fleet: Fleet;
  /** Queues that cannot be read. */
  readonly blind = new Set<string>();
  readonly #wasBlind = new Set<string>();
  readonly #probedAtMs = new Map<string, number>();
  #lookedAtMs: number;
  #needs = new Map<string, Needs>();

  constructor(fleet: Fleet, nowMs: number) {
    this.#fleet = fleet;
    this.#lookedAtMs = nowMs;
  }

  use(strategies: readonly CompiledStrategy[]): void {
    this.#needs = new Map(strategies.map((strategy) => [strategy.name, needsOf(strategy)]));
  }

  /** `nowMs`: virtual time; `atMs`: the same instant as reducer time. */
  look(
    targets: Iterable<Target>,
    at: { readonly nowMs: number; readonly atMs: number },
    processOf: (row: WorkerRow) => SimProcess | undefined,
  ): Observation[] {
    const found: Observation[] = [];
    const ms = at.nowMs - this.#lookedAtMs;
    this.#lookedAtMs = at.nowMs;
    const sums = new Map<string, { ok: number; failed: number }>();
    for (const target of targets) {
      const { row } = target;
      const app = row === null ? undefined : this.#fleet.apps.get(row.name);
      if (row === null || app === undefined) continue;
      const process = processOf(row);
      if (process === undefined) continue;
      const sum = sums.get(app.name) ?? { ok: 0, failed: 0 };
      sums.set(app.name, sum);
      this.#lookAt(found, { target, row, app, process, ms, sum, ...at });
    }
    for (const [name, sum] of sums) this.#readQueue(found, name, sum, at.atMs);
    this.#probeDependencies(found, at);
    return found;
  }

  #lookAt(found: Observation[], seen: Seen): void {
    this.#lookAtTasks(found, seen);
    const { target, row, process, atMs, nowMs } = seen;
    const needs = this.#needs.get(target.strategy);
    if (needs === undefined) return;
    const isFrozen = this.#fleet.isFrozen(row, process, nowMs);
    if (needs.pulse) {
      if (!isFrozen) process.switches += Math.max(1, Math.round((seen.ms / 1000) * BEATS_PER_S));
      const { pid, switches } = process;
      found.push({ kind: "pulse", target: target.id, atMs, pid, state: isFrozen ? "T" : "S", voluntarySwitches: switches });
    }
    if (needs.memory) found.push({ kind: "memory", target: target.id, atMs, bytes: this.#fleet.memoryBytes(row, process, nowMs) });
    if (needs.probe === null || nowMs - (this.#probedAtMs.get(target.id) ?? 0) < needs.probe.everyMs) return;
    this.#probedAtMs.set(target.id, nowMs);
    const ok = !isFrozen && row.status === "online";
    found.push({ kind: "probe", target: target.id, rule: needs.probe.rule, atMs, ok, detail: ok ? "HTTP 200" : "no answer in 2 s" });
  }

  #lookAtTasks(found: Observation[], { target, row, app, process, ms, sum, nowMs, atMs }: Seen): void {
    if (app.figures === null || row.status !== "online") return;
    const { ok, failed } = this.#fleet.work(row, process, { nowMs, ms });
    sum.ok += ok;
    sum.failed += failed;
    if (app.figures !== "worker" || this.blind.has(app.name)) return;
    if (ok + failed > 0) found.push({ kind: "tasks", target: target.id, atMs, ok, failed });
    if (this.#needs.get(target.strategy)?.running === true)
      found.push({ kind: "running", target: target.id, atMs, tasks: this.#fleet.inHand(app) });
  }

  /** Of a strategy `s-APP` what its app needs. */
  #probeDependencies(found: Observation[], { nowMs, atMs }: { readonly nowMs: number; readonly atMs: number }): void {
    for (const [strategy, needs] of this.#needs) {
      if (needs.dependencyEveryMs === null || nowMs - (this.#probedAtMs.get(strategy) ?? 0) < needs.dependencyEveryMs) continue;
      this.#probedAtMs.set(strategy, nowMs);
      const ok = !this.#fleet.isInterrupted(strategy.slice(2), nowMs);
      found.push({ kind: "dependency", strategy, atMs, ok, detail: ok ? "HTTP 200" : "HTTP 503" });
    }
  }

  #readQueue(found: Observation[], name: string, sum: { ok: number; failed: number }, atMs: number): void {
    const figures = this.#fleet.apps.get(name)?.figures ?? null;
    if (figures === null) return;
    const sensor = `queue:q-${name}`;
    if (this.blind.has(name)) {
      this.#wasBlind.add(name);
      found.push({ kind: "blind", sensor, target: null, atMs, reason: "connection refused" });
      return;
    }
    if (this.#wasBlind.delete(name)) found.push({ kind: "sight", sensor, target: null, atMs });
    const finished = sum.ok + sum.failed;
    const totalsOnly = figures === "group";
    // Where little comes in, nothing waits: a stall is to be told from idleness.
    const pending = (this.#fleet.apps.get(name)?.perMinute ?? 0) >= 1 ? 10 : 0;
    found.push({ kind: "queue", queue: `q-${name}`, atMs, pending, running: 0, finished, totalsOnly });
    if (totalsOnly && finished > 0) found.push({ kind: "tasks", target: name, atMs, ...sum });
  }
}

function needsOf({ boundRules, knobs, dependency }: CompiledStrategy): Needs {
  const has = (need: string): boolean => boundRules.some(({ needs }) => (needs as readonly string[]).includes(need));
  const probe = boundRules.find(({ needs }) => needs.includes("probe"));
  return {
    running: knobs.drainMs > 0,
    dependencyEveryMs: dependency?.every ?? null,
    pulse: has("pulse"),
    memory: has("memory"),
    probe: probe === undefined ? null : { rule: probe.key, everyMs: (probe.params as { readonly every: number }).every },
  };
}
