import { createAdaptorServer } from "@hono/node-server";
import { success, type Outcome } from "../core/outcome.ts";
import { listenOnPort, listenOnSocketFile } from "../world/listen/listen.ts";
import type { Api } from "./api.ts";

/** What listens. `close` cuts streams and requests under way. */
export interface Served {
  close(): Promise<void>;
}

export interface ServedPort extends Served {
  readonly port: number;
}

const CONNECTIONS_MAX = 256;
// A request is a few hundred bytes from this machine; who needs longer for it only holds a connection.
const TIMES = { headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 5_000, connectionsCheckingInterval: 2_000 };
// Who takes nothing of its answer for so long holds it in memory. Longer than a command may take, and than a stream is silent.
const IDLE_MS = 20_000;

/** On a socket file of mode 0600. The error says why not, for a warning. */
export async function serveSocket(api: Api, path: string): Promise<Outcome<Served, string>> {
  const server = serverOf(api);
  const listening = await listenOnSocketFile(server, path);
  return listening.ok ? success({ close: () => closed(server) }) : listening;
}

/** On a port; 0 takes a free one and tells which. A taken port is an error to warn of, never a reason not to heal. */
export async function servePort(api: Api, where: { readonly host: string; readonly port: number }): Promise<Outcome<ServedPort, string>> {
  const server = serverOf(api);
  const listening = await listenOnPort(server, where);
  return listening.ok ? success({ port: listening.value, close: () => closed(server) }) : listening;
}

type ApiServer = Extract<ReturnType<typeof createAdaptorServer>, { closeAllConnections: unknown }>;

function serverOf(api: Api): ApiServer {
  const server = createAdaptorServer({ fetch: api.fetch, serverOptions: TIMES }) as ApiServer; // no TLS asked for: node:http
  server.maxConnections = CONNECTIONS_MAX;
  server.setTimeout(IDLE_MS);
  return server;
}

function closed(server: ApiServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
