import type { Observation } from "../../src/core/observation.ts";
import { RULES } from "../../src/rules/registry.ts";
import { createSyntheticTaskSensor } from "../../src/sensors/synthetic-tasks.ts";
import type { Sensor, WatchedWorker } from "../../src/sensors/sensor.ts";
import { serveHttp, type TestServer } from "./http-server.ts";
import { sensorContext, watchedWorkers, type TestContext } from "./watched-worker.ts";

const servers: TestServer[] = [];

/** For `afterEach`. */
export async function closeTaskStages(): Promise<void> {
  for (const server of servers.splice(0)) await server.close();
}

export interface Posted {
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/** A server that takes tasks and says of each what the test wants. */
export interface TaskStage {
  readonly posted: Posted[];
  /** Paths asked for results. */
  readonly asked: string[];
  /** By id; left out: 404. A number is a status without a body, a text is sent as it stands. */
  readonly results: Map<string, unknown>;
  /** What a post is answered; `{id: "t1"}`, `{id: "t2"}` … unless said. */
  answer: unknown;
  status: number;
  readonly url: string;
  readonly context: TestContext;
  /** One reading, so many seconds after the one before. */
  read(seconds: number): Promise<readonly Observation[]>;
  close(): Promise<void>;
}

/** `params` as in the configuration. */
export async function taskStage(
  params: (url: string) => Record<string, unknown> = (url) => ({ url: `${url}/api/enqueue` }),
  workers: readonly WatchedWorker[] = watchedWorkers(2),
): Promise<TaskStage> {
  const context = sensorContext(workers);
  const scene = {
    posted: [] as Posted[],
    asked: [] as string[],
    results: new Map<string, unknown>(),
    answer: null as unknown,
    status: 201,
  };
  const server = await serveHttp((request, response) => {
    const { url = "", headers, method } = request;
    const send = (status: number, body: unknown): void =>
      void response.writeHead(status, { "content-type": "application/json" }).end(typeof body === "string" ? body : JSON.stringify(body));
    if (method === "GET") {
      scene.asked.push(url);
      const result = scene.results.get(decodeURIComponent(url.split("/").at(-1) ?? "")) ?? 404;
      return typeof result === "number" ? send(result, "") : send(200, result);
    }
    let text = "";
    request.on("data", (chunk) => (text += String(chunk)));
    request.on("end", () => {
      if (scene.status < 300) scene.posted.push({ url, headers, body: JSON.parse(text) as unknown });
      send(scene.status, scene.answer ?? { id: `t${scene.posted.length}` });
    });
  });
  servers.push(server);
  const sensor = sensorOf(params(server.url));
  return Object.assign(scene, {
    url: server.url,
    context,
    async read(seconds: number) {
      context.atMs += seconds * 1000;
      return (await sensor.read(context)).filter(({ kind }) => kind !== "sight");
    },
    close: () => server.close(),
  });
}

function sensorOf(written: Record<string, unknown>): Sensor {
  const rule = RULES.find(({ name }) => name === "synthetic-task");
  return createSyntheticTaskSensor({ strategy: "rpa", key: "synthetic-task", params: rule?.params.parse(written) });
}
