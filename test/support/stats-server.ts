import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How the server answers `GET /FLEET/api/stats`: `busy` with a task in hand of each worker, and after `totals` what no queue should do. */
export type StatsManner = "good" | "busy" | "totals" | "status-500" | "html" | "huge" | "negative" | "backwards" | "silent";

export interface Outcome {
  readonly worker: string;
  readonly ok: boolean;
  readonly wallMs: number;
  /** The same over several tries. */
  readonly task?: string;
}

/**
 * A queue's server as healer meets it, for several fleets: `POST /FLEET/done {worker, ok}` counts, `GET
 * /FLEET/api/stats` tells. What came in can be read back with its time, to measure by. Who says `POST /FLEET/claim {worker}` first
 * has a task in hand until it is done; there are always more. `GET /FLEET/api/results` lists the newest results.
 */
export interface StatsServer {
  readonly url: string;
  outcomes(fleet: string): readonly Outcome[];
  /** Tasks that a worker had in hand when it claimed the next one: it died over them. */
  lost(fleet: string): Readonly<Record<string, number>>;
  /** Workers that have a task now. */
  busy(fleet: string): readonly string[];
  behave(fleet: string, manner: StatsManner): void;
  /** From now on one task named "poison" is among those handed out, and is put back however it ends. */
  poison(fleet: string): void;
  close(): Promise<void>;
}

interface Fleet {
  manner: StatsManner;
  readonly outcomes: Outcome[];
  readonly inHand: Set<string>;
  readonly lost: Record<string, number>;
  /** null = none; else when it may be handed out again. */
  poisonFromMs: number | null;
}

const POISON_EVERY_MS = 120;
const RESULTS_LISTED = 200;
const CLAIMABLE = 10;
const HUGE_BYTES = 200 * 1024 * 1024;
const HUGE_CHUNK = Buffer.from(`{"pending":1},`.repeat(5000));

export async function startStatsServer(): Promise<StatsServer> {
  const fleets = new Map<string, Fleet>();
  const fleetOf = (name: string): Fleet => {
    const fleet = fleets.get(name) ?? { manner: "good", outcomes: [], inHand: new Set(), lost: {}, poisonFromMs: null };
    fleets.set(name, fleet);
    return fleet;
  };
  const server = createServer((asked, response) => {
    const [, name = "", ...rest] = (asked.url ?? "").split("/");
    if (rest.join("/") === "done") return void receive(asked, response, fleetOf(name));
    if (rest.join("/") === "claim") return void handOut(asked, response, fleetOf(name));
    if (rest.join("/") === "api/results") return void response.end(JSON.stringify(resultsOf(fleetOf(name).outcomes)));
    return tell(response, fleetOf(name));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    outcomes: (fleet) => fleetOf(fleet).outcomes,
    lost: (fleet) => fleetOf(fleet).lost,
    busy: (fleet) => [...fleetOf(fleet).inHand],
    behave: (fleet, manner) => void (fleetOf(fleet).manner = manner),
    poison: (fleet) => void (fleetOf(fleet).poisonFromMs = 0),
    close: () => closed(server),
  };
}

async function receive(asked: IncomingMessage, response: ServerResponse, fleet: Fleet): Promise<void> {
  const outcome = JSON.parse(await textOf(asked)) as Omit<Outcome, "wallMs">;
  const { worker } = outcome;
  fleet.outcomes.push({ ...outcome, wallMs: Date.now() });
  fleet.inHand.delete(worker);
  response.end("{}");
}

async function handOut(asked: IncomingMessage, response: ServerResponse, fleet: Fleet): Promise<void> {
  const { inHand, lost } = fleet;
  const { worker } = JSON.parse(await textOf(asked)) as { worker: string };
  if (inHand.has(worker)) lost[worker] = (lost[worker] ?? 0) + 1;
  inHand.add(worker);
  const isPoison = fleet.poisonFromMs !== null && Date.now() >= fleet.poisonFromMs;
  if (isPoison) fleet.poisonFromMs = Date.now() + POISON_EVERY_MS;
  response.end(JSON.stringify(isPoison ? { task: "poison" } : {}));
}

async function textOf(asked: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of asked) text += String(chunk);
  return text;
}

function tell(response: ServerResponse, fleet: Fleet): void {
  const { inHand: taken } = fleet;
  const stats = { ...statsOf(fleet.outcomes), ...(taken.size > 0 ? { pending: CLAIMABLE, running: taken.size } : {}) };
  const json = (body: unknown): void => void response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  switch (fleet.manner) {
    case "good":
      return json(stats);
    case "busy":
      return json({ ...stats, running: Object.keys(stats.workers).length, workers: inHand(stats.workers) });
    case "totals":
      return json({ ...stats, workers: Object.keys(stats.workers).length });
    case "status-500":
      return void response.writeHead(500).end("no");
    case "html":
      return void response.setHeader("content-type", "text/html").end("<!doctype html><h1>502 Bad Gateway</h1>");
    case "huge":
      return pour(response);
    case "negative":
      return json({ ...stats, completed: -5, failed: -1 });
    case "backwards":
      return json({ ...stats, completed: Math.max(0, 1000 - fleet.outcomes.length * 3), failed: 0, workers: {} });
    case "silent":
      return;
    default:
      fleet.manner satisfies never;
  }
}

function statsOf(outcomes: readonly Outcome[]) {
  const workers: Record<string, { completed: number; failed: number }> = {};
  for (const { worker, ok } of outcomes) {
    const counts = (workers[worker] ??= { completed: 0, failed: 0 });
    counts[ok ? "completed" : "failed"] += 1;
  }
  const all = Object.values(workers);
  const sum = (of: (each: { completed: number; failed: number }) => number): number => all.reduce((total, each) => total + of(each), 0);
  const [completed, failed] = [sum((each) => each.completed), sum((each) => each.failed)];
  return { total: completed + failed, pending: 0, running: 0, completed, failed, workers };
}

function resultsOf(outcomes: readonly Outcome[]): readonly object[] {
  const from = Math.max(0, outcomes.length - RESULTS_LISTED);
  return outcomes
    .slice(from)
    .map(({ worker, ok, task }, index) => ({ id: from + index, worker, success: ok, ...(task ? { task_id: task } : {}) }));
}

function inHand(workers: Readonly<Record<string, { completed: number; failed: number }>>): Readonly<Record<string, object>> {
  return Object.fromEntries(Object.entries(workers).map(([name, counts]) => [name, { ...counts, running: 1 }]));
}

/** Valid JSON as far as anybody reads. */
function pour(response: ServerResponse): void {
  response.setHeader("content-type", "application/json").write("[");
  let left = HUGE_BYTES;
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= HUGE_CHUNK.length;
      if (!response.write(HUGE_CHUNK)) return void response.once("drain", more);
    }
    response.end("0]");
  };
  more();
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
