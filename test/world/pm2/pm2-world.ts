import type { Pm2View } from "../../../src/core/observation.ts";
import type { WorkerRow } from "../../../src/core/worker-row.ts";
import type { ConnectPm2Options } from "../../../src/world/pm2/connect-pm2.ts";
import type { Pm2, Pm2Outcome } from "../../../src/world/pm2/pm2.ts";

/** A PM2 daemon that the suite can push about: a real one, or the fake. */
export interface Pm2World {
  readonly home: string;
  startApp(app: ContractApp): Promise<number>;
  startGhost(name: string): Promise<number>;
  removeAll(): Promise<void>;
  /** What PM2 itself says, not through healer's client. */
  pidOf(pmId: number): Promise<number | null>;
  statusOf(pmId: number): Promise<string>;
  /** The definition that `pm2 save` writes down for a row. */
  dumped(pmId: number): Promise<Readonly<Record<string, unknown>>>;
  crash(pmId: number): Promise<void>;
  /** The daemon no longer answers, and keeps its sockets open. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Gone without a word; the sockets stay behind. */
  killDaemon(): Promise<void>;
  startDaemon(): Promise<void>;
  dispose(): Promise<void>;
}

export interface ContractApp {
  readonly name: string;
  readonly mode?: "fork" | "cluster";
  readonly env?: Readonly<Record<string, string>>;
  readonly asModule?: boolean;
  /** Only in cluster mode; 1 where it is left out. */
  readonly instances?: number;
}

export type Ask<T> = () => T;
export type Open = (options?: Partial<ConnectPm2Options>) => Pm2;

/** PM2's own defaults. */
export const LIMITS = { killTimeoutMs: 1600, listenTimeoutMs: 3000 };
export const DONE = { ok: true, value: null };

export async function listed(door: Pm2): Promise<Pm2> {
  await viewOf(door);
  return door;
}

export async function viewOf(door: Pm2): Promise<Pm2View> {
  const outcome = await door.list();
  if (!outcome.ok) throw new Error(`${outcome.error.kind}: ${outcome.error.message}`);
  return outcome.value;
}

export function rowOf(view: Pm2View, pmId: number): WorkerRow {
  const row = view.rows.find((candidate) => candidate.pmId === pmId);
  if (row === undefined) throw new Error(`pm_id ${pmId} is not in the list`);
  return row;
}

/** "kind: message", to be matched as one text. */
export function failureOf(outcome: Pm2Outcome<unknown>): string {
  return outcome.ok ? "no failure" : `${outcome.error.kind}: ${outcome.error.message}`;
}

export function kindOf(outcome: Pm2Outcome<unknown>): string {
  return outcome.ok ? "ok" : outcome.error.kind;
}
