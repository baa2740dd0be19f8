import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { AILMENTS, FAILURE_SHARE, ailmentFile, hang, isAilment, leak, type Ailment, type AilmentFile } from "./ailment.ts";
import { answer, listen, type Reply } from "./small-server.ts";

export interface DemoWorkerOptions {
  /** What the queue knows this worker by. */
  readonly name: string;
  readonly queueUrl: string;
  /** Of `/health` and the control endpoint; 0 takes a free one. */
  readonly port: number;
  readonly workMs: number;
  /** Where an incurable ailment stands. */
  readonly ailmentPath: string;
}

export interface DemoWorker {
  readonly url: string;
  /** Finishes the task in hand, then resolves. */
  stop(): Promise<void>;
}

const IDLE_MS = 100;
const QUEUE_AWAY_MS = 500;
const REQUEST_TIMEOUT_MS = 2000;
const STRIKE_AFTER_MS = 50; // time for the answer to leave before the process hangs or ends

interface Health {
  ailment: Ailment | null;
  stopLeak: (() => void) | null;
}

/**
 * Claims a task, works on it, says how it went, and so on. `GET /health` answers 200 as long as the event loop turns.
 * `POST /break/fail` (or hang, crash, leak) makes it ill until it is restarted; `POST /break/fail?incurable` beyond
 * that; `POST /heal` ends either.
 */
export async function startDemoWorker(options: DemoWorkerOptions): Promise<DemoWorker> {
  const file = ailmentFile(options.ailmentPath);
  const health: Health = { ailment: null, stopLeak: null };
  const server = createServer((request, response) => void answer(response, () => control(request.method, request.url ?? "", health, file)));
  const { port, close } = await listen(server, options.port);
  const inborn = file.read();
  if (inborn !== null) setTimeout(strike, STRIKE_AFTER_MS, health, inborn);
  const stopping = new AbortController();
  const working = work(options, health, stopping.signal);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      stopping.abort();
      health.stopLeak?.();
      await working;
      await close();
    },
  };
}

function control(method: string | undefined, url: string, health: Health, file: AilmentFile): Reply {
  const { pathname, searchParams } = new URL(url, "http://localhost");
  if (method === "GET" && pathname === "/health") return { status: 200, json: { ok: true, rss: process.memoryUsage.rss() } };
  if (method === "POST" && pathname === "/heal") {
    file.clear();
    health.stopLeak?.();
    health.ailment = null;
    return { status: 200, json: { ailment: null } };
  }
  const ailment = pathname.replace(/^\/break\//, "");
  if (method !== "POST" || !isAilment(ailment)) return { status: 404, json: { error: `POST /break/${AILMENTS.join("|")} or /heal` } };
  if (searchParams.has("incurable")) file.write(ailment);
  setTimeout(strike, STRIKE_AFTER_MS, health, ailment);
  return { status: 202, json: { ailment, incurable: searchParams.has("incurable") } };
}

function strike(health: Health, ailment: Ailment): void {
  health.ailment = ailment;
  switch (ailment) {
    case "fail":
      return; // its tasks tell
    case "hang":
      return hang();
    case "crash":
      return process.exit(1);
    case "leak":
      health.stopLeak ??= leak();
      return;
    default:
      ailment satisfies never;
  }
}

async function work({ name, queueUrl, workMs }: DemoWorkerOptions, health: Health, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const claimed = await post(`${queueUrl}/api/claim`, { worker: name });
    if (claimed === null || claimed.status !== 200) {
      await sleep(claimed === null ? QUEUE_AWAY_MS : IDLE_MS, undefined, { signal }).catch(() => {});
      continue;
    }
    await sleep(workMs * (0.75 + Math.random() / 2));
    const ok = health.ailment !== "fail" || Math.random() >= FAILURE_SHARE;
    await post(`${queueUrl}/api/complete`, { id: claimed.id, worker: name, ok });
  }
}

/** Null when the queue is away; a worker waits for it, it does not die of it. */
async function post(url: string, body: unknown): Promise<{ readonly status: number; readonly id: number } | null> {
  try {
    const init = { method: "POST", body: JSON.stringify(body), signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) };
    const response = await fetch(url, init);
    const { id } = response.status === 200 ? ((await response.json()) as { id?: unknown }) : {};
    return { status: response.status, id: typeof id === "number" ? id : 0 };
  } catch {
    return null;
  }
}
