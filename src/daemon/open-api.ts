import { createApi } from "../api/api.ts";
import { readDashboard } from "../api/dashboard-files.ts";
import { servePort, serveSocket, type Served } from "../api/serve.ts";
import { openTokens } from "../api/tokens.ts";
import type { Compiled } from "../config/compiled.ts";
import type { LogRecord } from "../core/log-record.ts";
import type { StateHome } from "../record/state-home.ts";
import type { Files } from "../world/files/files.ts";
import type { ControlPlane } from "./status.ts";

export interface OpenApi {
  /** Where the port can be reached; null = control socket only. */
  readonly url: string | null;
  close(): Promise<void>;
}

interface Options {
  readonly api: Compiled["api"];
  readonly home: StateHome;
  readonly files: Files;
  readonly tell: (record: LogRecord) => void;
}

/** The control socket, and the port if one is configured. What cannot be opened is a warning: healing goes on without. */
export async function openApi(plane: ControlPlane, options: Options): Promise<OpenApi> {
  const socket = await serveSocket(createApi(plane, { access: { via: "socket" } }), options.home.socket);
  if (!socket.ok) warn(options, `the commands of healer cannot reach this daemon: ${socket.error}`);
  const port = options.api === false ? null : await openPort(plane, options, options.api);
  const served: Served[] = [...(socket.ok ? [socket.value] : []), ...(port === null ? [] : [port.served])];
  return { url: port?.url ?? null, close: async () => void (await Promise.all(served.map((one) => one.close()))) };
}

async function openPort(
  plane: ControlPlane,
  options: Options,
  where: { readonly host: string; readonly port: number },
): Promise<{ served: Served; url: string } | null> {
  const tokens = openTokens(options.files, options.home.home);
  if (!tokens.ok) return warn(options, `no HTTP on ${where.host}:${where.port}: ${tokens.error}`);
  const api = createApi(plane, {
    access: { via: "port", tokens: tokens.value, host: where.host },
    dashboard: readDashboard(options.files),
  });
  const served = await servePort(api, where);
  if (!served.ok) return warn(options, `no HTTP on ${where.host}:${where.port}: ${served.error}; healing goes on`);
  const host = where.host.includes(":") ? `[${where.host}]` : where.host;
  return { served: served.value, url: `http://${host}:${served.value.port}` };
}

function warn({ tell }: Options, reason: string): null {
  tell({ level: "warn", event: "alert", target: "healer", strategy: null, reason });
  return null;
}
