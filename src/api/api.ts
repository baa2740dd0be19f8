import { bodyLimit } from "hono/body-limit";
import { Hono, type Context, type Next } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { ControlPlane } from "../daemon/status.ts";
import { guardDoor, type Access, type ApiEnv } from "./access.ts";
import { commandRoutes } from "./command-routes.ts";
import { dashboardRoutes, type DashboardFiles } from "./dashboard-files.ts";
import { FleetFeed } from "./fleet-feed.ts";
import { ingestRoutes } from "./ingest-routes.ts";
import { metricsText } from "./metrics.ts";
import { countRecords } from "./record-counts.ts";
import { recordRoutes } from "./record-routes.ts";
import { notifyRoutes } from "./notify-routes.ts";
import { RecordFeed } from "./record-feed.ts";
import { statusRoutes } from "./status-routes.ts";
import { streamRoute } from "./stream-route.ts";

export type Api = Hono<ApiEnv>;

export interface ApiOptions {
  readonly access: Access;
  /** Left out: no page, `/` says what paths there are. */
  readonly dashboard?: DashboardFiles;
  /** How often a silent stream says that it lives. */
  readonly heartbeatMs?: number;
  readonly streamsMax?: number;
  /** A request that ended in a bug is answered with 500; left out: the stack goes to standard error. */
  readonly onBug?: (error: Error) => void;
}

const BODY_BYTES_MAX = 64 * 1024;
const NOWHERE = ["'none'"];
const CONTENT_SECURITY = { defaultSrc: ["'self'"], frameAncestors: NOWHERE, baseUri: NOWHERE, formAction: NOWHERE, objectSrc: NOWHERE };
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * The HTTP interface (interface.md §6), the same on the control socket and on the port; `access` says which of the two
 * it is. Every error is JSON `{error}`. Listens to `plane` from now on, for the stream and the counters of /metrics.
 */
export function createApi(plane: ControlPlane, options: ApiOptions): Api {
  const app = new Hono<ApiEnv>();
  app.use(secureHeaders({ strictTransportSecurity: false, contentSecurityPolicy: CONTENT_SECURITY }));
  app.use(finishHeaders);
  app.use(guardDoor(options.access));
  app.use(bodyLimit({ maxSize: BODY_BYTES_MAX, onError: (context) => context.json({ error: "a body of at most 64 KiB" }, 413) }));
  addRoutes(app, plane, options);
  app.notFound((context) => context.json({ error: `nothing at ${context.req.method} ${context.req.path}` }, 404));
  app.onError((error, context) => {
    if (isCutOff(error)) return context.json({ error: "the request ended before its body did" }, 400); // nobody reads this
    (options.onBug ?? toStandardError)(error);
    return context.json({ error: `internal error: ${error.message}` }, 500);
  });
  return app;
}

function addRoutes(app: Api, plane: ControlPlane, options: ApiOptions): void {
  const feed = new RecordFeed(plane);
  const counts = countRecords(plane);
  app.get("/metrics", (context) =>
    context.body(metricsText(plane.status(), { tasks: plane.tasks(), records: counts.metrics() }), 200, { "Content-Type": METRICS_TYPE }),
  );
  app.route("/", dashboardRoutes(options.dashboard ?? new Map()));
  app.route("/", statusRoutes(plane));
  app.route("/", recordRoutes(plane));
  app.route("/", streamRoute(feed, new FleetFeed(plane), options));
  app.route("/", ingestRoutes(plane));
  app.route("/", commandRoutes(plane));
  app.route("/", notifyRoutes(plane));
}

async function finishHeaders(context: Context<ApiEnv>, next: Next): Promise<void> {
  await next();
  if (!context.res.headers.has("Cache-Control")) context.res.headers.set("Cache-Control", "no-store");
  if (mayHaveMoreToSend(context)) context.res.headers.set("Connection", "close");
}

/** What a refused request still sends is not read to its end: 100 MB over loopback cost as much time as a turn. */
function mayHaveMoreToSend({ req }: Context<ApiEnv>): boolean {
  return req.header("Transfer-Encoding") !== undefined || Number(req.header("Content-Length") ?? 0) > BODY_BYTES_MAX;
}

/** The client hung up in the middle of its body, or was hung up on: as node:http tells it. */
function isCutOff(error: Error): boolean {
  return "code" in error && error.code === "ECONNRESET";
}

function toStandardError(error: Error): void {
  process.stderr.write(`a request to healer's API ended in a bug, please report it: ${error.stack ?? error.message}\n`);
}
