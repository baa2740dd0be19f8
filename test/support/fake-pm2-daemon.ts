import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runFakeCommand } from "./fake-pm2-commands.ts";

// The codec is the npm package that PM2's own is made of, so that healer's codec is not tested against itself.
const require = createRequire(import.meta.url);
const AmpMessage = require("amp-message") as new (args: unknown[] | Buffer) => { readonly args: unknown[]; toBuffer(): Buffer };
const amp = require("amp") as { readonly Stream: new () => NodeJS.WritableStream };

const SOCKETS = ["rpc.sock", "pub.sock"] as const;

/** What the fake does with a call instead of answering it well. */
export type Behaviour =
  | { readonly kind: "answer"; readonly result: unknown }
  | { readonly kind: "late"; readonly afterMs: number }
  /** Not answered until `thaw()`; calls are worked off then, as by a daemon that was stopped. */
  | { readonly kind: "hang" }
  | { readonly kind: "error"; readonly message: unknown }
  /** These bytes instead of a frame. */
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  /** Half of the right reply, then the connection is gone. */
  | { readonly kind: "drop-mid-reply" }
  | { readonly kind: "drop" };

/** As on the wire; tests may put anything in. */
export interface FakeRow {
  pid?: number;
  name: string;
  pm_id: number;
  monit?: { memory: number; cpu: number };
  pm2_env: Record<string, unknown>;
}

export interface RecordedCall {
  readonly method: string;
  readonly args: readonly unknown[];
}

/** PM2's daemon as a socket server in this process: the real wire protocol, invented processes. */
export class FakePm2Daemon {
  readonly home = mkdtempSync(join(tmpdir(), "h-"));
  readonly rows: FakeRow[] = [];
  readonly calls: RecordedCall[] = [];
  readonly behaviours = new Map<string, Behaviour>();
  startedAt = 1_700_000_000_000;
  version: unknown = "7.0.4";
  nextPid = 4_000_000; // above the kernel's usual pid_max, so that no fake pid is somebody's
  #servers: Server[] = [];
  readonly #clients = { rpc: new Set<Socket>(), bus: new Set<Socket>() };
  #frozen: (() => void)[] = [];

  get busClients(): number {
    return this.#clients.bus.size;
  }

  get rpcClients(): number {
    return this.#clients.rpc.size;
  }

  async listen(): Promise<void> {
    const [rpc, bus] = SOCKETS;
    this.#servers = [
      await listenAt(join(this.home, rpc), (socket) => this.#serve(socket)),
      await listenAt(join(this.home, bus), (socket) => this.#remember(this.#clients.bus, socket)),
    ];
  }

  /** Adds a running process as PM2 would list it. */
  addRow(name: string, pm2Env: Record<string, unknown> = {}): FakeRow {
    const pmId = Math.max(-1, ...this.rows.map((row) => row.pm_id)) + 1;
    const row: FakeRow = {
      pid: this.nextPid++,
      name,
      pm_id: pmId,
      monit: { memory: 50_000_000, cpu: 1 },
      pm2_env: envOf(name, pmId, pm2Env),
    };
    this.rows.push(row);
    this.publishEvent("online", row);
    this.publishEvent("start", row, true);
    return row;
  }

  publishEvent(event: string, row: FakeRow, manually = false): void {
    const { env: _secret, ...process } = row.pm2_env;
    this.publish("process:event", { event, manually, process, at: Date.now() });
  }

  publish(topic: string, payload: unknown): void {
    this.publishBytes(new AmpMessage([topic, payload]).toBuffer());
  }

  publishBytes(bytes: Buffer): void {
    for (const socket of this.#clients.bus) socket.write(bytes);
  }

  /** Works off what hung, and answers normally from now on. */
  thaw(): void {
    this.behaviours.clear();
    for (const work of this.#frozen.splice(0)) work();
  }

  /** Gone without a word, as after SIGKILL: the socket files stay behind. */
  async die(): Promise<void> {
    const paths = SOCKETS.map((name) => join(this.home, name));
    if (this.#servers.length > 0) for (const path of paths) renameSync(path, `${path}.kept`); // closing would remove them
    for (const socket of [...this.#clients.rpc, ...this.#clients.bus]) socket.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
    if (this.#servers.length > 0) for (const path of paths) renameSync(`${path}.kept`, path);
    this.#servers = [];
    this.#frozen = [];
    this.rows.length = 0;
  }

  /** Another daemon in the same home: a new generation without apps. */
  async reborn(): Promise<void> {
    this.startedAt += 60_000;
    this.behaviours.clear();
    await this.listen();
  }

  async dispose(): Promise<void> {
    await this.die();
    rmSync(this.home, { recursive: true, force: true });
  }

  #serve(socket: Socket): void {
    this.#remember(this.#clients.rpc, socket);
    const stream = new amp.Stream();
    stream.on("data", (frame: Buffer) => {
      const [call, id] = new AmpMessage(frame).args as [{ method: string; args: unknown[] }, string];
      this.calls.push({ method: call.method, args: call.args });
      this.#handle(socket, call, id);
    });
    socket.pipe(stream);
  }

  #handle(socket: Socket, call: { method: string; args: unknown[] }, id: string): void {
    const behaviour = this.behaviours.get(call.method) ?? this.behaviours.get("*");
    const answer = (body: unknown): void => void socket.write(new AmpMessage([body, id]).toBuffer());
    const work = (): void => runFakeCommand(this, call.method, call.args[0], answer);
    switch (behaviour?.kind) {
      case undefined:
        return work();
      case "answer":
        return answer({ args: [behaviour.result] });
      case "late":
        return void setTimeout(work, behaviour.afterMs);
      case "hang":
        return void this.#frozen.push(work);
      case "error":
        return answer({ error: behaviour.message, stack: "Error: with\n  a stack" });
      case "bytes":
        return void socket.write(behaviour.bytes);
      case "drop-mid-reply": {
        const reply = new AmpMessage([{ args: [this.rows] }, id]).toBuffer();
        return void socket.end(reply.subarray(0, reply.length / 2));
      }
      case "drop":
        return void socket.destroy();
      default:
        return behaviour satisfies never;
    }
  }

  #remember(clients: Set<Socket>, socket: Socket): void {
    clients.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => clients.delete(socket));
  }
}

export async function startFakePm2Daemon(): Promise<FakePm2Daemon> {
  const daemon = new FakePm2Daemon();
  await daemon.listen();
  return daemon;
}

/** A frame as PM2's codec makes it. */
export function frameOf(...args: unknown[]): Buffer {
  return new AmpMessage(args).toBuffer();
}

function envOf(name: string, pmId: number, overrides: Record<string, unknown>): Record<string, unknown> {
  const startedMs = Date.now();
  return {
    name,
    namespace: "default",
    pm_exec_path: `/srv/${name}.mjs`,
    pm_pid_path: `/srv/${name}-${pmId}.pid`,
    exec_mode: "fork_mode",
    exec_interpreter: "/usr/bin/node",
    instance_var: "NODE_APP_INSTANCE",
    NODE_APP_INSTANCE: 0,
    instances: 1,
    autorestart: true,
    status: "online",
    pm_uptime: startedMs,
    created_at: startedMs,
    restart_time: 0,
    unstable_restarts: 0,
    axm_options: {},
    pm_id: pmId,
    env: { SECRET: "fake-secret", PORT: "8080" },
    ...overrides,
  };
}

/** A socket file without a listener stays behind when a daemon dies; a new one takes its place, as PM2 does. */
function listenAt(path: string, onConnection: (socket: Socket) => void): Promise<Server> {
  rmSync(path, { force: true });
  const server = createServer(onConnection);
  return new Promise((resolve, reject) => server.once("error", reject).listen(path, () => resolve(server)));
}
