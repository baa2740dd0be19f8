import { createServer, type IncomingMessage } from "node:http";
import { z } from "zod";
import { answer, listen, readJson, type Reply } from "./small-server.ts";
import { createTaskQueue, type QueueStats, type TaskQueue } from "./task-queue.ts";

export interface TaskQueueServerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Tasks the producer adds a second, as long as there is room; 0 = only what is posted. */
  readonly tasksPerSecond: number;
  readonly leaseMs?: number;
}

export interface TaskQueueServer {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  stats(): QueueStats;
  close(): Promise<void>;
}

const PRODUCE_EVERY_MS = 100;

const Name = z.string().min(1).max(200);
const Claim = z.object({ worker: Name });
const Complete = z.object({ id: z.int(), worker: Name, ok: z.boolean() });
const Enqueue = z.object({ count: z.int().min(1).max(1000).default(1) });

/**
 * A task queue as healer meets them: `POST /api/enqueue {count}`, `POST /api/claim {worker}`, `POST /api/complete
 * {id, worker, ok}`, `GET /api/tasks/ID`, `GET /api/stats`, and a page for people at `/`. On loopback only. Rejects when the port is taken.
 */
export async function startTaskQueueServer(options: TaskQueueServerOptions): Promise<TaskQueueServer> {
  const queue = createTaskQueue({ now: () => performance.now(), ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }) });
  const server = createServer((request, response) => void answer(response, () => route(queue, request)));
  const { port, close } = await listen(server, options.port);
  const stopProducing = produce(queue, options.tasksPerSecond);
  return {
    url: `http://127.0.0.1:${port}`,
    stats: () => queue.stats(),
    close: () => {
      stopProducing();
      return close();
    },
  };
}

async function route(queue: TaskQueue, request: IncomingMessage): Promise<Reply> {
  const [, id] = /^\/api\/tasks\/(\d{1,15})$/.exec(request.url ?? "") ?? [];
  if (request.method === "GET" && id !== undefined) return look(queue, Number(id));
  switch (`${request.method} ${request.url}`) {
    case "GET /":
      return { status: 200, text: page(queue.stats()) };
    case "GET /api/stats":
      return { status: 200, json: queue.stats() };
    case "POST /api/enqueue":
      return enqueue(queue, await readJson(request, Enqueue));
    case "POST /api/claim":
      return claim(queue, await readJson(request, Claim));
    case "POST /api/complete":
      return complete(queue, await readJson(request, Complete));
    default:
      return { status: 404, json: { error: "no such thing; see GET /" } };
  }
}

function enqueue(queue: TaskQueue, body: z.infer<typeof Enqueue> | null): Reply {
  if (body === null) return { status: 400, json: { error: "expected {count: 1 to 1000}" } };
  const ids = Array.from({ length: body.count }, () => queue.enqueue()).filter((id) => id !== null);
  return ids.length > 0 ? { status: 201, json: { id: ids[0], ids } } : { status: 429, json: { error: "the queue is full" } };
}

function look(queue: TaskQueue, id: number): Reply {
  const task = queue.look(id);
  return task === null ? { status: 404, json: { error: "no such task, or it ended long ago" } } : { status: 200, json: task };
}

function claim(queue: TaskQueue, body: z.infer<typeof Claim> | null): Reply {
  if (body === null) return { status: 400, json: { error: "expected {worker: NAME}" } };
  const id = queue.claim(body.worker);
  return id === null ? { status: 204 } : { status: 200, json: { id } };
}

function complete(queue: TaskQueue, body: z.infer<typeof Complete> | null): Reply {
  if (body === null) return { status: 400, json: { error: "expected {id, worker, ok}" } };
  return queue.complete(body) ? { status: 200, json: {} } : { status: 409, json: { error: "that worker does not hold that task" } };
}

/** Adds what is due since the last look, so that the rate holds even where timers come late. */
function produce(queue: TaskQueue, tasksPerSecond: number): () => void {
  if (tasksPerSecond <= 0) return () => {};
  let [due, lastMs] = [0, performance.now()];
  const timer = setInterval(() => {
    const nowMs = performance.now();
    due += ((nowMs - lastMs) / 1000) * tasksPerSecond;
    lastMs = nowMs;
    while (due >= 1 && queue.enqueue() !== null) due -= 1;
    due = Math.min(due, 1); // a full queue sheds load, it does not save it up
  }, PRODUCE_EVERY_MS);
  return () => clearInterval(timer);
}

function page(stats: QueueStats): string {
  const { total, pending, running, completed, failed } = stats;
  const lines = Object.entries(stats.workers).map(([name, each]) => {
    const finished = each.completed + each.failed;
    const share = finished === 0 ? "no task yet" : `${Math.round((100 * each.completed) / finished)} % of ${finished} ok`;
    return `  ${name.padEnd(24)} ${share}`;
  });
  return [`tasks: ${total} in all, ${pending} pending, ${running} running, ${completed} ok, ${failed} failed`, ...lines, ""].join("\n");
}
