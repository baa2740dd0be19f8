import type { Observation } from "../../src/core/observation.ts";
import { prometheusQueue } from "../../src/sensors/prometheus-queue.ts";
import { serveHttp, type TestServer } from "./http-server.ts";
import { sensorContext, watchedWorkers, type TestContext } from "./watched-worker.ts";

const servers: TestServer[] = [];

/** For `afterEach`: closes the servers of all stages. */
export async function closePrometheusStages(): Promise<void> {
  for (const server of servers.splice(0)) await server.close();
}

/** What Prometheus would find: by worker ("" = without a label), a plain number, or nothing. */
export type Found = number | string | Readonly<Record<string, number | string>> | null;

export interface Asked {
  readonly path: string;
  readonly query: string;
  readonly time: string | null;
  readonly timeout: string | null;
}

/** A server that answers as Prometheus 2.42 does, and the sensor that asks it. */
export interface PrometheusStage {
  /** By figure; each is asked for under its own name. A `Raw` goes out as it is. */
  found: Readonly<Record<string, Found | Raw>>;
  /** Answers nothing at all. */
  silent: boolean;
  /** What the server's clock says, in seconds. */
  clockS: number;
  readonly origin: string;
  readonly asked: Asked[];
  readonly context: TestContext;
  /** One reading, five seconds after the one before. */
  read(): Promise<readonly Observation[]>;
}

/** An answer of the test's own. */
export class Raw {
  readonly status: number;
  readonly body: unknown;

  constructor(body: unknown, status = 200) {
    this.body = body;
    this.status = status;
  }
}

export const CLOCK_S = 1_700_000_000.123;

/** `params` as in the configuration; completed and failed are asked for unless said otherwise. */
export async function prometheusStage(params: Record<string, unknown> = {}, workers = watchedWorkers(2)): Promise<PrometheusStage> {
  const context = sensorContext(workers);
  const asked: Asked[] = [];
  const scene = { found: {} as PrometheusStage["found"], silent: false, clockS: CLOCK_S };
  const server = await serveHttp((request, response) => {
    if (scene.silent) return;
    const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
    const query = searchParams.get("query") ?? "";
    asked.push({ path: pathname, query, time: searchParams.get("time"), timeout: searchParams.get("timeout") });
    const given = scene.found[query];
    const raw = given instanceof Raw ? given : new Raw(query === "time()" && given === undefined ? scalar(scene.clockS) : vector(given));
    const text = typeof raw.body === "string" ? raw.body : JSON.stringify(raw.body);
    response.writeHead(raw.status, { "content-type": "application/json" }).end(text);
  });
  servers.push(server);
  const queries = { completed: "completed", failed: "failed" };
  const url = `${server.url}/?token=s3cret`;
  const parsed = prometheusQueue.params.parse({ type: "prometheus", url, timeout: "2s", ...queries, ...params });
  const sensor = prometheusQueue.create(parsed, { name: "orders", strategies: ["rpa"], intervalMs: 2_000 });
  const read = (): Promise<readonly Observation[]> => {
    context.atMs += 5_000;
    return sensor.read(context);
  };
  return Object.assign(scene, { origin: server.url, asked, context, read });
}

/** `{"rpa-0": 3}` as series with the label worker; a number as one without labels; null as none. */
export function vector(found: Found | undefined): unknown {
  if (found === null || found === undefined) return success("vector", []);
  const entries = typeof found === "object" ? Object.entries(found) : ([["", found]] as const);
  const series = entries.map(([worker, value]) => ({
    metric: worker === "" ? {} : { worker },
    value: [CLOCK_S, String(value)],
  }));
  return success("vector", series);
}

export function scalar(value: number | string): unknown {
  return success("scalar", [typeof value === "number" ? value : CLOCK_S, String(value)]);
}

export function success(resultType: string, result: unknown): { readonly status: string; readonly data: unknown } {
  return { status: "success", data: { resultType, result } };
}

export function refused(errorType: string, error: string): unknown {
  return { status: "error", errorType, error };
}
