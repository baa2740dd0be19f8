import type { Pm2View } from "../../core/observation.ts";
import { failure, success } from "../../core/outcome.ts";
import { setImmediate as whatHasComeIn } from "node:timers/promises";
import { definitionOf, readDefinition } from "./app-definition.ts";
import { openBusSocket } from "./bus-socket.ts";
import { parseRows } from "./parse-rows.ts";
import type { Pm2, Pm2Error, Pm2Hint, Pm2Outcome, StopLimits } from "./pm2.ts";
import { openRpcSocket, type RpcSocket } from "./rpc-socket.ts";
import { socketPaths } from "./socket-path.ts";

/** A list of 150 processes takes 20 ms; one that takes 5 s comes from a daemon that cannot be worked with. */
const LIST_TIMEOUT_MS = 5000;
/** PM2 polls every 100 ms and spawns `ps` on the way; 5 s also cover a machine with its hands full. */
const COMMAND_SLACK_MS = 5000;
const NOTIFY_TIMEOUT_MS = 5000;
/** A daemon that lost one answer but works otherwise is found out by a new connection, asked once a minute. */
const STUCK_MAX_MS = 60_000;

export interface ConnectPm2Options {
  /** From `pm2HomeOf`. */
  readonly pm2Home: string;
  /** Variables to take out of each worker's environment; everything else of it is dropped where it is read. */
  readonly envNames: readonly string[];
  /** Left out: the bus is not subscribed. Called from a socket event: return soon. */
  readonly onHint?: (hint: Pm2Hint) => void;
  /** Rows of a list that make no sense and were left out; one line, only when their number changes. */
  readonly onSkippedRows?: (line: string) => void;
  readonly listTimeoutMs?: number;
  readonly commandSlackMs?: number;
}

/**
 * Opens the door to the PM2 daemon of `pm2Home`. Nothing has to be there yet: every call connects where needed and
 * says clearly why it cannot. Speaks the daemon's own protocol (docs/decisions/0001), spawns nothing.
 */
export function connectPm2(options: ConnectPm2Options): Pm2 {
  return new Pm2Door(options);
}

/** One connection and what is known of the daemon behind it. pm_ids mean nothing on another connection. */
interface Line {
  readonly rpc: RpcSocket;
  identity: Identity | null;
  listed: boolean;
}

interface Identity {
  readonly generation: string;
  readonly version: string;
}

interface Command {
  /** null: there is no row yet. */
  readonly pmId: number | null;
  readonly method: string;
  readonly argument: unknown;
  readonly limits: StopLimits;
  /** Published on the bus afterwards, as PM2's own tools do; null = nothing left to publish about, or the daemon does. */
  readonly announce: "restart" | "reload" | "stop" | "start" | null;
}

class Pm2Door implements Pm2 {
  readonly #options: ConnectPm2Options;
  readonly #rpcPath: string;
  readonly #bus: ReturnType<typeof openBusSocket> | null;
  readonly #commanded = new Set<number>();
  #envNames: ReadonlySet<string>;
  #line: Line | null = null;
  #opening: Promise<Pm2Outcome<Line>> | null = null;
  #skippedCount = 0;
  #closed = false;

  constructor(options: ConnectPm2Options) {
    const paths = socketPaths(options.pm2Home);
    this.#options = options;
    this.#rpcPath = paths.rpc;
    this.#envNames = new Set(options.envNames);
    this.#bus = options.onHint === undefined ? null : openBusSocket(paths.bus, options.onHint);
  }

  get busConnected(): boolean {
    return this.#bus?.connected ?? false;
  }

  get busSilence(): string | null {
    return this.#bus === null ? "PM2's bus is not subscribed" : this.#bus.silence;
  }

  hearExceptions(hear: ((pmId: number) => void) | null): void {
    this.#bus?.hearExceptions(hear);
  }

  wantEnv(names: readonly string[]): void {
    this.#envNames = new Set(names);
  }

  close(): void {
    this.#closed = true;
    this.#bus?.close();
    this.#line?.rpc.close(CLOSED);
  }

  async list(): Promise<Pm2Outcome<Pm2View>> {
    const opened = await this.#open();
    if (!opened.ok) return opened;
    const line = opened.value;
    const stuck = this.#whyStuck(line);
    if (stuck !== null) return failure(stuck);
    // All asked at once on one connection, so that rows and generation are the same daemon's.
    const [identity, list] = await Promise.all([this.#identify(line), this.#ask(line, "getMonitorData")]);
    if (!identity.ok) return identity;
    if (!list.ok) return list;
    if (this.#bus !== null) await whatHasComeIn(); // what the bus said before this list is heard before it
    const readWallMs = Date.now();
    const parsed = parseRows(list.value, this.#envNames, readWallMs);
    if (parsed === null) return failure(this.#nonsense("its list of processes is none"));
    this.#tellSkipped(parsed.skippedCount, parsed.skipped);
    line.listed = true;
    return success({ ...identity.value, readWallMs, rows: parsed.rows });
  }

  restart(pmId: number, limits: StopLimits): Promise<Pm2Outcome<null>> {
    return this.#command({ pmId, method: "restartProcessId", argument: { id: pmId }, limits, announce: "restart" });
  }

  /** Not `softReloadProcessId`: that waits up to 8 s for a goodbye, and with `wait_ready` restarts instead of reloading. */
  reload(pmId: number, limits: StopLimits): Promise<Pm2Outcome<null>> {
    return this.#command({ pmId, method: "reloadProcessId", argument: { id: pmId }, limits, announce: "reload" });
  }

  stop(pmId: number, limits: StopLimits): Promise<Pm2Outcome<null>> {
    return this.#command({ pmId, method: "stopProcessId", argument: pmId, limits, announce: "stop" });
  }

  /** The daemon itself refuses to start a row that runs; that it runs is what was asked for. */
  async start(pmId: number, limits: StopLimits): Promise<Pm2Outcome<null>> {
    const started = await this.#command({ pmId, method: "startProcessId", argument: pmId, limits, announce: "start" });
    const runs = !started.ok && started.error.kind === "failed" && /already (online|started)$/.test(started.error.message);
    return runs ? success(null) : started;
  }

  async prepare(definition: unknown): Promise<Pm2Outcome<null>> {
    const limits = readDefinition(definition);
    if (!limits.ok) return limits;
    return this.#command({ pmId: null, method: "prepare", argument: definition, limits: limits.value, announce: null });
  }

  /** Read and given back inside the door: a definition carries the worker's whole environment. */
  async duplicate(pmId: number, createdWallMs: number, limits: StopLimits): Promise<Pm2Outcome<null>> {
    const opened = await this.#open();
    if (!opened.ok) return opened;
    const list = await this.#ask(opened.value, "getMonitorData");
    if (!list.ok) return list;
    const definition = definitionOf(list.value, pmId, createdWallMs);
    if (definition === null) return failure({ kind: "unknown-id", message: `${pmId} : id unknown` });
    const sendable = readDefinition(definition);
    if (!sendable.ok) return sendable;
    return this.#command({ pmId, method: "prepare", argument: definition, limits, announce: null });
  }

  remove(pmId: number, limits: StopLimits): Promise<Pm2Outcome<null>> {
    return this.#command({ pmId, method: "deleteProcessId", argument: pmId, limits, announce: null });
  }

  async #command({ pmId, method, argument, limits, announce }: Command): Promise<Pm2Outcome<null>> {
    const opened = await this.#open();
    if (!opened.ok) return opened;
    const line = opened.value;
    const refusal = this.#whyStuck(line) ?? this.#whyUnlisted(line) ?? this.#whyBusy(pmId);
    if (refusal !== null) return failure(refusal);
    if (pmId !== null) this.#commanded.add(pmId);
    const timeoutMs = 2 * limits.killTimeoutMs + limits.listenTimeoutMs + (this.#options.commandSlackMs ?? COMMAND_SLACK_MS);
    const answer = await line.rpc.call({ method, argument, timeoutMs, isRead: false });
    if (pmId !== null) this.#commanded.delete(pmId);
    if (!answer.ok) return answer;
    if (announce !== null) {
      const notice = { id: pmId, action_name: announce, manually: true };
      // Not waited for: whether other tools hear of it changes nothing for the caller.
      void line.rpc.call({ method: "notifyByProcessId", argument: notice, timeoutMs: NOTIFY_TIMEOUT_MS, isRead: false });
    }
    return success(null);
  }

  /** A new daemon numbers its processes anew: a pm_id from before may be somebody else by now. */
  #whyUnlisted(line: Line): Pm2Error | null {
    if (line.listed) return null;
    return { kind: "lost", message: "the connection to PM2 is new and its processes may be others: list them first; nothing was sent" };
  }

  /** Two commands on one process race inside PM2, and the later one may be dropped without an error. */
  #whyBusy(pmId: number | null): Pm2Error | null {
    return pmId !== null && this.#commanded.has(pmId) ? { kind: "busy", message: `another command on pm_id ${pmId} is under way` } : null;
  }

  /** As long as a question is open nothing more is sent: a daemon that wakes up would work off the whole pile. */
  #whyStuck(line: Line): Pm2Error | null {
    const sinceMs = line.rpc.stuckSinceMs;
    if (sinceMs === null) return null;
    const stuckMs = performance.now() - sinceMs;
    const error: Pm2Error = {
      kind: "hung",
      message: `the PM2 daemon at ${this.#rpcPath} has owed an answer for ${Math.round(stuckMs / 1000)} s; nothing was sent`,
    };
    if (stuckMs > STUCK_MAX_MS) line.rpc.close(error);
    return error;
  }

  async #identify(line: Line): Promise<Pm2Outcome<Identity>> {
    if (line.identity !== null) return success(line.identity);
    const [report, version] = await Promise.all([this.#ask(line, "getReport"), this.#ask(line, "getVersion")]);
    if (!report.ok) return report;
    if (!version.ok) return version;
    // The report also holds the daemon's whole environment; this one field is all that leaves this function.
    const startedAt =
      typeof report.value === "object" && report.value !== null && "started_at" in report.value ? report.value.started_at : null;
    if (typeof startedAt !== "number" || typeof version.value !== "string")
      return failure(this.#nonsense("it has no start and no version"));
    line.identity = { generation: String(startedAt), version: version.value.slice(0, 50) };
    return success(line.identity);
  }

  #ask(line: Line, method: string): Promise<Pm2Outcome<unknown>> {
    return line.rpc.call({ method, argument: {}, timeoutMs: this.#options.listTimeoutMs ?? LIST_TIMEOUT_MS, isRead: true });
  }

  #open(): Promise<Pm2Outcome<Line>> {
    if (this.#closed) return Promise.resolve(failure(CLOSED));
    if (this.#line?.rpc.isOpen === true) return Promise.resolve(success(this.#line));
    this.#opening ??= this.#openLine().finally(() => (this.#opening = null));
    return this.#opening;
  }

  async #openLine(): Promise<Pm2Outcome<Line>> {
    const opened = await openRpcSocket(this.#rpcPath, this.#options.listTimeoutMs ?? LIST_TIMEOUT_MS);
    if (!opened.ok) return opened;
    if (this.#closed) {
      opened.value.close(CLOSED);
      return failure(CLOSED);
    }
    this.#line = { rpc: opened.value, identity: null, listed: false };
    return success(this.#line);
  }

  #tellSkipped(count: number, reasons: readonly string[]): void {
    if (count > 0 && count !== this.#skippedCount) {
      this.#options.onSkippedRows?.(`${count} rows of PM2's list make no sense and are left out: ${reasons.join("; ")}`);
    }
    this.#skippedCount = count;
  }

  #nonsense(what: string): Pm2Error {
    return { kind: "nonsense", message: `what answers at ${this.#rpcPath} is not PM2: ${what}` };
  }
}

const CLOSED: Pm2Error = { kind: "lost", message: "the door to PM2 was closed" };
