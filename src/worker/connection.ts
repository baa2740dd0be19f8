import { isRunByPm2, workerNameOf, type Host } from "./host.ts";
import { openLoopDelay } from "./loop-delay.ts";
import { overHttp } from "./over-http.ts";
import { overPm2 } from "./over-pm2.ts";
import { Reporter, type Transport } from "./reporter.ts";
import { guardSend } from "./send-guard.ts";
import { newTally, type Tally } from "./tally.ts";

export interface ConnectOptions {
  /** Under PM2, make `process.send(null)`, which ends PM2's daemon, an error here. Default true. */
  readonly guardSend?: boolean;
  /** Where PM2's channel is missing: healer's address and ingest token. Default: HEALER_URL and HEALER_TOKEN. */
  readonly url?: string;
  readonly token?: string;
}

export interface Connection {
  readonly tally: Tally;
  /** null = nobody is told. */
  reporter: Reporter | null;
}

/** One a process: two sets of counts under one pid would look like counts that go back and forth. */
const CONNECTIONS = new WeakMap<Host, Connection>();

/** Closed and connected again, the counts go on. */
export function connectionOf(host: Host, options: ConnectOptions): Connection {
  const connection = CONNECTIONS.get(host) ?? { tally: newTally(), reporter: null };
  CONNECTIONS.set(host, connection);
  if (options.guardSend !== false && isRunByPm2(host)) guardSend(host);
  if (connection.reporter !== null) return connection;
  const transport = transportOf(host, options);
  if (transport !== null) connection.reporter = new Reporter(connection.tally, transport, openLoopDelay());
  return connection;
}

function transportOf(host: Host, options: ConnectOptions): Transport | null {
  if (isRunByPm2(host)) return overPm2(host);
  const address = options.url ?? host.env["HEALER_URL"] ?? "";
  if (address === "") return null;
  const token = options.token ?? host.env["HEALER_TOKEN"] ?? "";
  if (URL.canParse(address) && /^https?:$/.test(new URL(address).protocol))
    return overHttp({ url: new URL(address), token, worker: workerNameOf(host) });
  process.emitWarning("HEALER_URL is no address such as http://127.0.0.1:7717; healer is told nothing of this worker");
  return null;
}
