import type { Observation } from "../../src/core/observation.ts";
import { httpQueue } from "../../src/sensors/queue-stats.ts";
import type { Sensor } from "../../src/sensors/sensor.ts";
import { serveHttp, type TestServer } from "./http-server.ts";
import { sensorContext, watchedWorkers, type TestContext } from "./watched-worker.ts";

const servers: TestServer[] = [];

/** For `afterEach`: closes the servers of all stages. */
export async function closeQueueStages(): Promise<void> {
  for (const server of servers.splice(0)) await server.close();
}

/** A queue server whose answer the test sets, and the sensor that reads it. */
export interface QueueStage {
  body: unknown;
  results: unknown;
  status: number;
  silent: boolean;
  /** Where the server is, without path. */
  readonly origin: string;
  readonly sensor: Sensor;
  readonly context: TestContext;
  /** One reading, five seconds after the one before. */
  read(): Promise<readonly Observation[]>;
}

/** `params` as in the configuration; `results: true` stands for the server's own list of results. */
export async function queueStage(
  params: Record<string, unknown> = {},
  workers = watchedWorkers(2),
  strategies = ["rpa"],
): Promise<QueueStage> {
  const context = sensorContext(workers);
  const scene = { body: {} as unknown, results: [] as unknown, status: 200, silent: false };
  const server = await serveHttp((request, response) => {
    if (scene.silent) return;
    const answer = request.url === "/results" ? scene.results : scene.body;
    response.writeHead(scene.status, { "content-type": "text/html" }).end(typeof answer === "string" ? answer : JSON.stringify(answer));
  });
  servers.push(server);
  const url = `${server.url}/api/stats?token=s3cret`;
  const results = params["results"] === undefined ? {} : { results: `${server.url}/results` };
  const parsed = httpQueue.params.parse({ type: "http", url, timeout: "150ms", ...params, ...results });
  const sensor = httpQueue.create(parsed, { name: "llm", strategies, intervalMs: 2_000 });
  return Object.assign(scene, {
    origin: server.url,
    sensor,
    context,
    async read() {
      context.atMs += 5_000;
      return sensor.read(context);
    },
  });
}

export const QUIET = { pending: 0, running: 0, completed: 0, failed: 0 };

export function tasksIn(observations: readonly Observation[]): Record<string, [ok: number, failed: number]> {
  return Object.fromEntries(observations.flatMap((seen) => (seen.kind === "tasks" ? [[seen.target, [seen.ok, seen.failed]]] : [])));
}

export function kindsIn(observations: readonly Observation[]): string[] {
  return observations.map(({ kind }) => kind);
}
