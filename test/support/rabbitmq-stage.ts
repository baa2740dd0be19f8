import { readFileSync } from "node:fs";
import type { Observation } from "../../src/core/observation.ts";
import { rabbitmqQueue } from "../../src/sensors/rabbitmq-queue.ts";
import { serveHttp, type TestServer } from "./http-server.ts";
import { sensorContext, watchedWorkers, type TestContext } from "./watched-worker.ts";

/** An answer of RabbitMQ 3.10.8 to what the sensor asks, as it was; `date` is that of its header. */
export interface RecordedAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly date: string;
  readonly body: string;
}

const FILE = new URL("../fixtures/rabbitmq/answers.json", import.meta.url);
const RECORDED = JSON.parse(readFileSync(FILE, "utf8")) as Readonly<Record<string, RecordedAnswer>>;

export function recorded(name: string): RecordedAnswer {
  const answer = RECORDED[name];
  if (answer === undefined) throw new Error(`no answer ${name} was recorded`);
  return answer;
}

/** A recorded answer of which some figures are others. */
export function changed(name: string, figures: Readonly<Record<string, unknown>>): RecordedAnswer {
  const { body, ...rest } = recorded(name);
  return { ...rest, body: JSON.stringify({ ...(JSON.parse(body) as object), ...figures }) };
}

const servers: TestServer[] = [];

/** For `afterEach`: closes the servers of all stages. */
export async function closeRabbitmqStages(): Promise<void> {
  for (const server of servers.splice(0)) await server.close();
}

interface Asked {
  readonly path: string;
  readonly columns: string | null;
  readonly authorization: string | undefined;
}

/** A server that answers as RabbitMQ does, and the sensor that asks it. */
export interface RabbitmqStage {
  orders: RecordedAnswer;
  dead: RecordedAnswer;
  overview: RecordedAnswer;
  /** Answers nothing at all. */
  silent: boolean;
  readonly origin: string;
  readonly asked: Asked[];
  readonly context: TestContext;
  /** One reading, five seconds (or so many) after the one before. */
  read(afterMs?: number): Promise<readonly Observation[]>;
}

/** `params` as in the configuration; a dead-letter queue is named unless said otherwise. */
export async function rabbitmqStage(params: Record<string, unknown> = {}): Promise<RabbitmqStage> {
  const context = sensorContext(watchedWorkers(2));
  const asked: Asked[] = [];
  const scene = { orders: recorded("waiting"), dead: recorded("deadEmpty"), overview: recorded("overview"), silent: false };
  const server = await serveHttp((request, response) => {
    if (scene.silent) return;
    const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
    asked.push({ path: pathname, columns: searchParams.get("columns"), authorization: request.headers.authorization });
    const { status, contentType, date, body } = pathname.endsWith("/overview")
      ? scene.overview
      : scene[pathname.endsWith("/orders.dead") ? "dead" : "orders"];
    response.writeHead(status, { "content-type": contentType, date }).end(body);
  });
  servers.push(server);
  const named = { queue: "orders", dead_letter_queue: "orders.dead", ...params };
  const parsed = rabbitmqQueue.params.parse({ type: "rabbitmq", url: `${server.url}/?token=s3cret`, timeout: "2s", ...named });
  const sensor = rabbitmqQueue.create(parsed, { name: "orders", strategies: ["rpa"], intervalMs: 2_000 });
  const read = (afterMs = 5_000): Promise<readonly Observation[]> => {
    context.atMs += afterMs;
    return sensor.read(context);
  };
  return Object.assign(scene, { origin: server.url, asked, context, read });
}
