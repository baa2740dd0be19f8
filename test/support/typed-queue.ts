import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A task queue in which tasks have a type, for several lanes at once; it tells totals only. */
export interface TypedQueue {
  readonly url: string;
  /** Ids of the tasks of that type that came in. */
  sent(lane: string, type: string): readonly number[];
  fill(lane: string, tasks: number): void;
  close(): Promise<void>;
}

interface Task {
  readonly id: number;
  readonly type: string;
  status: "pending" | "running" | "completed" | "failed";
  worker: string | null;
}

interface Posted {
  readonly type?: string;
  readonly worker?: string;
  readonly id?: number;
  readonly ok?: boolean;
}

/**
 * `POST /LANE/enqueue {type}` answers `{task_id}` · `POST /LANE/claim {worker}` the oldest that waits · `POST /LANE/done {id, ok}` ·
 * `GET /LANE/tasks/ID` · `GET /LANE/stats`.
 */
export async function startTypedQueue(): Promise<TypedQueue> {
  const lanes = new Map<string, Task[]>();
  const laneOf = (name: string): Task[] => {
    const lane = lanes.get(name) ?? [];
    lanes.set(name, lane);
    return lane;
  };
  const server = createServer((request, response) => {
    const [, lane = "", what = "", id = ""] = (request.url ?? "").split("/");
    void bodyOf(request).then((posted) => {
      const answer = reply(laneOf(lane), what, { id: Number(id), ...posted });
      response.writeHead(answer === null ? 404 : 200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: (lane, type) => laneOf(lane).flatMap((task) => (task.type === type ? [task.id] : [])),
    fill: (lane, tasks) => {
      for (let task = 0; task < tasks; task++) add(laneOf(lane), "work");
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function reply(lane: Task[], what: string, { type = "work", worker = "", id, ok }: Posted): object | null {
  switch (what) {
    case "enqueue":
      return { task_id: add(lane, type) };
    case "claim":
      return claim(lane, worker);
    case "tasks":
      return lane.find((task) => task.id === id) ?? null;
    case "stats":
      return Object.fromEntries(["pending", "running", "completed", "failed"].map((status) => [status, count(lane, status)]));
    case "done": {
      const task = lane.find((each) => each.id === id);
      if (task !== undefined) task.status = ok === true ? "completed" : "failed";
      return {};
    }
    default:
      return null;
  }
}

function add(lane: Task[], type: string): number {
  lane.push({ id: lane.length + 1, type, status: "pending", worker: null });
  return lane.length;
}

function claim(lane: Task[], worker: string): object {
  const task = lane.find(({ status }) => status === "pending");
  if (task === undefined) return {};
  Object.assign(task, { status: "running", worker });
  return { id: task.id, type: task.type };
}

function count(lane: readonly Task[], status: string): number {
  return lane.filter((task) => task.status === status).length;
}

async function bodyOf(request: IncomingMessage): Promise<Posted> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text === "" ? {} : (JSON.parse(text) as Posted);
}
