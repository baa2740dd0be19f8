import { builtInTasks } from "./built-in-tasks.ts";
import { connectionOf, type ConnectOptions, type Connection } from "./connection.ts";
import type { Host } from "./host.ts";
import { errorNameOf } from "./tally.ts";

export type TaskHandler = (payload: unknown) => unknown;

export interface HealerOptions extends ConnectOptions {
  /** By task type, for `handle`. One named like a built-in takes its place. */
  readonly handlers?: Readonly<Record<string, TaskHandler>>;
}

export interface Healer {
  /** Runs one task: counts it, times it, and hands on what it returns or throws. */
  task<Result>(work: () => Result | Promise<Result>): Promise<Result>;
  /** A task that was finished elsewhere. */
  succeeded(): void;
  /** Of the error only the name is reported. */
  failed(error?: unknown): void;
  /** Says that this worker lives. Happens by itself every five seconds while its event loop turns. */
  heartbeat(): void;
  /**
   * Answers a task by its type: your handler, run as a task, or the built-in `health_check` and `benchmark_test`, which are
   * not counted. Rejects for a type nobody handles, and names those there are.
   */
  handle(type: string, payload?: unknown): Promise<unknown>;
  /** A last message, and no more heartbeats; healer does not take the silence for sickness. */
  close(): void;
}

export function createHealer(host: Host, options: HealerOptions): Healer {
  const connection = connectionOf(host, options);
  const task: Healer["task"] = (work) => runTask(connection, work);
  return {
    task,
    succeeded: () => succeed(connection),
    failed: (error) => fail(connection, error),
    heartbeat: () => connection.reporter?.beat(),
    handle: answering(task, new Map(Object.entries(options.handlers ?? {})), builtInTasks(host)),
    close() {
      connection.reporter?.close();
      connection.reporter = null;
    },
  };
}

async function runTask<Result>(connection: Connection, work: () => Result | Promise<Result>): Promise<Result> {
  const { tally } = connection;
  const startedAtMs = performance.now();
  try {
    const result = await work();
    succeed(connection);
    return result;
  } catch (error) {
    fail(connection, error);
    throw error;
  } finally {
    tally.timed++;
    tally.taskMs += performance.now() - startedAtMs;
  }
}

function succeed({ tally, reporter }: Connection): void {
  tally.ok++;
  reporter?.changed();
}

function fail({ tally, reporter }: Connection, error: unknown): void {
  tally.failed++;
  tally.lastError = errorNameOf(error) ?? tally.lastError;
  reporter?.changed();
}

function answering(
  task: Healer["task"],
  handlers: ReadonlyMap<string, TaskHandler>,
  builtIn: ReadonlyMap<string, () => unknown>,
): Healer["handle"] {
  return async (type, payload) => {
    const handler = handlers.get(type);
    if (handler !== undefined) return task(() => handler(payload));
    const answer = builtIn.get(type);
    if (answer !== undefined) return answer();
    const known = [...new Set([...handlers.keys(), ...builtIn.keys()])].join(", ");
    throw new Error(`unknown task type ${JSON.stringify(String(type).slice(0, 100))}; known are ${known}`);
  };
}
