import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { deadUrl } from "./http-server.ts";
import { ownServer } from "./own-server.ts";

export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

/** A Redis of the test's own on a free loopback port, with a password and a folder of its own. It writes nothing to a disk. */
export interface RealRedis {
  readonly port: number;
  readonly password: string;
  /** With the password in it. */
  readonly url: string;
  /** On the same port, empty, and ready. */
  start(): Promise<void>;
  /** Ended by its pid, and waited for. */
  stop(): Promise<void>;
  /** Stops it, and removes its folder. */
  dispose(): Promise<void>;
}

export async function createRedis(): Promise<RealRedis> {
  const port = Number(new URL(await deadUrl()).port);
  const password = "hunter2/%?";
  const dir = mkdtempSync(join(tmpdir(), "h-"));
  const options = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir, "--requirepass", password];
  const place = { port, password, url: `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}` };
  const server = ownServer("redis-server", options.map(String), () => answers(place));
  return {
    ...place,
    ...server,
    async dispose() {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

type Place = Pick<RealRedis, "port" | "password">;

async function answers(redis: Place): Promise<boolean> {
  const client = connectRedis(redis);
  return client.ping().then(
    () => (client.disconnect(), true),
    () => (client.disconnect(), false),
  );
}

/** A plain client, for what the test itself does there. It gives up at once where nobody listens. */
export function connectRedis({ port, password }: Place): Redis {
  const client = new Redis({ host: "127.0.0.1", port, password, maxRetriesPerRequest: 0, retryStrategy: () => null });
  client.on("error", () => undefined); // its commands reject with the same
  return client;
}
