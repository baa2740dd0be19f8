import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deadUrl } from "./http-server.ts";
import { ownServer } from "./own-server.ts";

/** Of Debian's package. What it puts into the PATH changes the user first, who has no right to our folder. */
const PROGRAM = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const READY_MS = 60_000; // seven seconds alone, twenty beside others
const USER = "healer";
const PASSWORD = "hunter2%?";

export const hasRabbitmq = existsSync(PROGRAM);

/** A RabbitMQ of the test's own: its ports, its folder, its name, and its own epmd, all on loopback. */
export interface RealRabbitmq {
  /** Of the management plugin, without user and password. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** For workers, with the password in it. */
  readonly amqpUrl: string;
  /** On the same ports with the same durable queues, and ready. */
  start(): Promise<void>;
  /** Ended by its pid, and waited for. */
  stop(): Promise<void>;
  /** Stops it and its epmd, and removes its folder. */
  dispose(): Promise<void>;
}

interface Ports {
  readonly amqp: number;
  readonly management: number;
  /** Where the server's own tools reach it. */
  readonly distribution: number;
  readonly epmd: number;
}

export async function createRabbitmq(): Promise<RealRabbitmq> {
  const ports = { amqp: await freePort(), management: await freePort(), distribution: await freePort(), epmd: await freePort() };
  const dir = mkdtempSync(join(tmpdir(), "h-"));
  const env = environment(dir, ports);
  const url = `http://127.0.0.1:${ports.management}`;
  // Left to itself the server starts an epmd that nobody stops.
  const epmd = ownServer("epmd", ["-port", String(ports.epmd), "-address", "127.0.0.1"], () => listens(ports.epmd), { env });
  const server = ownServer(PROGRAM, [], () => answers(url), { env, patienceMs: READY_MS });
  await epmd.start();
  return {
    ...{ url, username: USER, password: PASSWORD },
    amqpUrl: `amqp://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${ports.amqp}`,
    ...server,
    async dispose() {
      await server.stop();
      await epmd.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Small and quick: one plugin, no log file, few processes and atoms, and schedulers that do not spin. */
function environment(dir: string, { amqp, management, distribution, epmd }: Ports): Readonly<Record<string, string>> {
  const settings = [
    `listeners.tcp.1 = 127.0.0.1:${amqp}`,
    ...["management.tcp.ip = 127.0.0.1", `management.tcp.port = ${management}`],
    ...[`default_user = ${USER}`, `default_pass = ${PASSWORD}`],
    ...["log.console = true", "log.console.level = error", "log.file = false"],
  ];
  writeFileSync(join(dir, "rabbitmq.conf"), `${settings.join("\n")}\n`);
  writeFileSync(join(dir, "plugins"), "[rabbitmq_management].\n");
  return {
    HOME: dir, // of the cookie
    RABBITMQ_NODENAME: `h-${amqp}@localhost`,
    RABBITMQ_CONFIG_FILE: join(dir, "rabbitmq.conf"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, "plugins"),
    RABBITMQ_CONF_ENV_FILE: join(dir, "none"), // not the machine's
    RABBITMQ_MNESIA_BASE: join(dir, "data"),
    RABBITMQ_GENERATED_CONFIG_DIR: join(dir, "generated"),
    RABBITMQ_LOG_BASE: join(dir, "log"),
    RABBITMQ_PID_FILE: join(dir, "pid"),
    RABBITMQ_DIST_PORT: String(distribution),
    ERL_EPMD_PORT: String(epmd),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_SERVER_ERL_ARGS: "+S 2:2 +P 20000 +t 1048576 +sbwt none +sbwtdcpu none +sbwtdio none",
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
    RUNNING_UNDER_SYSTEMD: "true", // the script becomes the server, and its pid is the server's
  };
}

async function freePort(): Promise<number> {
  return Number(new URL(await deadUrl()).port);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const settle = (does: boolean): void => (socket.destroy(), resolve(does));
    socket.on("connect", () => settle(true));
    socket.on("error", () => settle(false));
  });
}

/** Its queues can be used before the management plugin listens. */
async function answers(url: string): Promise<boolean> {
  const authorization = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString("base64")}`;
  return fetch(`${url}/api/overview`, { headers: { authorization } }).then(
    ({ ok }) => ok,
    () => false,
  );
}
