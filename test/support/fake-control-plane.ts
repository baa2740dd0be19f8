import type { Command } from "../../src/core/event.ts";
import type { Explanation } from "../../src/core/explain.ts";
import { failure, success, type Outcome } from "../../src/core/outcome.ts";
import type { SealedRecord } from "../../src/core/sealed-record.ts";
import type { TargetStatus } from "../../src/core/status.ts";
import type { Evidence } from "../../src/record/evidence.ts";
import type { ChannelTrial } from "../../src/daemon/notify/try-channels.ts";
import type { CommandReply, ControlPlane, Curve, DaemonStatus, TaskCount } from "../../src/daemon/status.ts";
import { WALL_MS } from "./log-records.ts";

/** A daemon that says what a test tells it to, and remembers what it was asked. */
export class FakeControlPlane implements ControlPlane {
  current: DaemonStatus = daemonStatus();
  explanations = new Map<string, Explanation>();
  reply: CommandReply = { code: 0, text: "done", healId: null };
  healthy = true;
  ready = true;
  records: SealedRecord[] = [];
  readonly asked: { readonly by: string; readonly command: Command }[] = [];
  readonly ingested: { readonly kind: string; readonly body: unknown }[] = [];
  curveNow: Curve | null = null;
  taskCounts: TaskCount[] = [];
  readonly #turns = new Set<() => void>();
  readonly #listeners = new Set<(record: SealedRecord) => void>();

  status(): DaemonStatus {
    return this.current;
  }

  config() {
    return { settings: [{ path: "interval", shown: "2s", origin: "built-in" }], warnings: [] };
  }

  curve(): Curve | null {
    return this.curveNow;
  }

  tasks(): readonly TaskCount[] {
    return this.taskCounts;
  }

  evidence(healId: string): Outcome<readonly Evidence[], string> {
    return failure(`no evidence of a heal "${healId}"`);
  }

  onTurn(listener: () => void): () => void {
    this.#turns.add(listener);
    return () => this.#turns.delete(listener);
  }

  turn(): void {
    for (const listener of this.#turns) listener();
  }

  explain(target: string): Outcome<Explanation, string> {
    const found = this.explanations.get(target);
    return found === undefined ? failure(`no target "${target}"; targets: rpa-worker`) : success(found);
  }

  async command(by: string, command: Command): Promise<CommandReply> {
    this.asked.push({ by, command });
    return this.reply;
  }

  ingest(kind: "outcomes" | "heartbeat", body: unknown): Outcome<null, string> {
    if (typeof body !== "object" || body === null || !("worker" in body)) return failure("worker: expected a worker");
    this.ingested.push({ kind, body });
    return success(null);
  }

  readonly tried: { readonly channel: string | null; readonly by: string }[] = [];
  trials: Outcome<readonly ChannelTrial[], string> = success([{ channel: "webhook:1", took_ms: 12, error: null }]);

  async tryNotifiers(channel: string | null, by: string) {
    this.tried.push({ channel, by });
    return this.trials;
  }

  isHealthy(): boolean {
    return this.healthy;
  }

  isReady(): boolean {
    return this.ready;
  }

  recent({ sinceWallMs, limit }: { readonly sinceWallMs: number; readonly limit: number }): readonly SealedRecord[] {
    return this.records.filter((record) => Date.parse(record.ts) >= sinceWallMs).slice(-limit);
  }

  onRecord(listener: (record: SealedRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  write(record: SealedRecord): void {
    this.records.push(record);
    for (const listener of this.#listeners) listener(record);
  }
}

export function daemonStatus(changes: Partial<DaemonStatus> = {}): DaemonStatus {
  const iso = (beforeMs: number): string => new Date(WALL_MS - beforeMs).toISOString();
  return {
    version: "0.1.0",
    pid: 4242,
    user: "app",
    home: "/home/app/.healer",
    started_at: iso(3 * 3_600_000),
    mode: "heal",
    paused: null,
    interval_ms: 2_000,
    last_turn_at: iso(1_000),
    config: { file: "/etc/healer/healer.config.yaml", hash: "0a1b2c3d4e5f", loaded_at: iso(7_200_000), rejected: null },
    pm2: { state: "up", home: "/home/app/.pm2", version: "7.0.4", reason: null, since: iso(3 * 3_600_000) },
    journal_error: null,
    budget: { tokens: 5, max: 5 },
    targets: [],
    queues: [],
    blind: [],
    host: null,
    url: null,
    needs_person: [],
    ...changes,
  };
}

export function targetStatus(changes: Partial<TargetStatus> = {}): TargetStatus {
  return {
    id: "rpa-worker:0",
    kind: "worker",
    strategy: "rpa-worker",
    mode: "heal",
    shadow_until: null,
    phase: "healthy",
    state: "healthy",
    pm2_status: "online",
    pm_id: 0,
    pid: 101,
    uptime_ms: 7_500_000,
    restarts: 0,
    memory_bytes: 134_217_728,
    success: { hour: { ok: 193, failed: 19, rate: 193 / 212, low: 0.865, high: 0.942 }, day: null },
    threshold: 0.8,
    symptom: null,
    waits_for: null,
    streak: 0,
    streak_max: 3,
    last_heal: null,
    restart_causes: null,
    circuit_open: false,
    incident: null,
    incident_suspect: null,
    paused: null,
    needs_person: false,
    duplicates: [],
    boot: null,
    ...changes,
  };
}

export function explanation(changes: Partial<Explanation> = {}): Explanation {
  return {
    at: new Date(WALL_MS).toISOString(),
    target: "rpa-worker:0",
    kind: "worker",
    strategy: "rpa-worker",
    mode: "heal",
    state: "healthy",
    decision: "none",
    reason: "no symptom",
    flip: "success-rate: would heal if 4 of the next 5 tasks fail",
    incident: null,
    rules: [],
    guards: [],
    streak: { failed: 0, threshold: 3, next_action: "restart" },
    last_heal: null,
    restart_causes: null,
    duplicates: [],
    ...changes,
  };
}
