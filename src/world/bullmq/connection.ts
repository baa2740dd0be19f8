import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { loadBullmqPackages, type BullmqPackages } from "./packages.ts";
import type { RedisAddress } from "./redis-address.ts";

/** A queue of BullMQ, and the one connection it is read through. */
export interface Connection {
  /** Connects, once. Rejects with what the server, or the way to it, said first. */
  open(): Promise<OpenQueue>;
  /** It ended by itself: the server went away. */
  isOver(): boolean;
  /** Commands under way fail, and nothing reconnects. */
  drop(): void;
}

export interface OpenQueue {
  readonly queue: Queue;
  readonly redis: Redis;
}

export interface ConnectionOptions {
  readonly address: RedisAddress;
  readonly name: string;
  readonly prefix: string;
  /** For connecting, and for each command. */
  readonly timeoutMs: number;
}

/** Connects to nothing yet. Rejects where the packages are missing. */
export async function createConnection(options: ConnectionOptions): Promise<Connection> {
  const packages = await loadBullmqPackages();
  const redis = new packages.Redis(redisOptions(options));
  let complaint: Error | null = null;
  redis.on("error", (error) => (complaint ??= error));
  let opened: OpenQueue | null = null;
  return {
    async open() {
      if (opened !== null) return opened;
      const troubled = await greet(redis);
      const trouble = complaint ?? troubled; // the client itself goes on without a password or a database that was refused
      if (trouble !== null) throw trouble;
      opened = { redis, queue: queueOn(redis, packages, options) };
      return opened;
    },
    isOver: () => redis.status === "end",
    drop() {
      opened?.queue.close().catch(() => undefined); // of the queue only its listeners are left to be taken away
      redis.disconnect();
    },
  };
}

/**
 * One try, no commands that wait for a server, and no reconnecting: left to itself the client does all three for ever. Whoever
 * reads tries again with the next reading.
 */
function redisOptions({ address, timeoutMs }: ConnectionOptions) {
  const { database, tls, ...to } = address;
  return {
    ...to,
    db: database,
    ...(tls ? { tls: { servername: address.host } } : {}),
    connectionName: "healer",
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    enableReadyCheck: false, // it would ask for INFO, which not every user may
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => null,
  };
}

async function greet(redis: Redis): Promise<Error | null> {
  try {
    await redis.connect();
    await redis.ping();
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** `skipMetasUpdate`: without it, whoever only looks at a queue would set how many events BullMQ keeps of it. */
function queueOn(redis: Redis, { Queue }: BullmqPackages, { name, prefix }: ConnectionOptions): Queue {
  const queue = new Queue(name, { connection: redis, prefix, skipMetasUpdate: true, skipVersionCheck: true });
  queue.on("error", () => undefined); // the same errors that its commands reject with
  return queue;
}
