import { Hono } from "hono";
import { streamSSE, type SSEStreamingApi } from "hono/streaming";
import { flatten } from "../core/sealed-record.ts";
import type { ApiEnv } from "./access.ts";
import type { FleetFeed } from "./fleet-feed.ts";
import { FEED_KEPT_MAX, type FeedItem, type RecordFeed } from "./record-feed.ts";

export interface StreamOptions {
  readonly heartbeatMs?: number;
  readonly streamsMax?: number;
}

const HEARTBEAT_MS = 15_000; // proxies cut connections silent for 30 s and more
const STREAMS_MAX = 64;
const WAITING_MAX = 3 * FEED_KEPT_MAX; // more than a full resume; who is so far behind comes back with Last-Event-ID
const FLEET_WAITING_MAX = 8; // a few seconds of turns; who comes back begins with the whole fleet
const WRITE_TIMEOUT_MS = 30_000;
const RETRY_MS = 2_000;

/**
 * GET /api/stream: each record as the heal log has it, `event: record`, with an id to resume from. With `?fleet=1` also the
 * whole status, `event: fleet`, and what each turn changes of it, `event: turn`.
 */
export function streamRoute(feed: RecordFeed, fleet: FleetFeed, options: StreamOptions): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.get("/api/stream", (context) => {
    if (context.req.method === "HEAD") return context.body(null, 200, { "Content-Type": "text/event-stream" }); // nobody reads a stream
    if (feed.streams >= (options.streamsMax ?? STREAMS_MAX)) {
      return context.json({ error: `at most ${options.streamsMax ?? STREAMS_MAX} streams at once` }, 503, {
        "Retry-After": "10",
        Connection: "close",
      });
    }
    const lastId = context.req.header("Last-Event-ID") ?? context.req.query("last_event_id") ?? null;
    const cut = (): void => context.env.outgoing?.destroy(); // nothing else ends a connection whose reader stands still
    const subscription = new Subscription(feed, { lastId, fleet: context.req.query("fleet") === "1" ? fleet : null, onTooSlow: cut });
    return streamSSE(context, (stream) => pump(stream, subscription, { heartbeatMs: options.heartbeatMs ?? HEARTBEAT_MS, cut }));
  });
  return app;
}

interface Wanted {
  readonly lastId: string | null;
  readonly fleet: FleetFeed | null;
  readonly onTooSlow: () => void;
}

/** What waits for one reader. Taken before the first byte is sent, so that the limit counts it and no record falls between. */
class Subscription {
  readonly #records: FeedItem[];
  readonly #fleet: string[] = [];
  readonly #stops: (() => void)[] = [];
  #wake: (() => void) | null = null;

  constructor(feed: RecordFeed, { lastId, fleet, onTooSlow }: Wanted) {
    this.#records = lastId === null ? [] : [...feed.after(lastId)];
    this.#stops.push(
      feed.listen((item) => {
        if (this.#records.length >= WAITING_MAX) return onTooSlow();
        this.#records.push(item);
        this.wake();
      }),
    );
    if (fleet !== null) this.#stops.push(fleet.listen((kind, json) => this.#take(`event: ${kind}\ndata: ${json}\n\n`, onTooSlow)));
  }

  next(): string | undefined {
    const record = this.#records.shift();
    return record === undefined ? this.#fleet.shift() : messageOf(record);
  }

  /** The next message, or undefined after `ms` or a `wake` without one. */
  async waitForNext(ms: number): Promise<string | undefined> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
    return this.next();
  }

  wake(): void {
    this.#wake?.();
  }

  end(): void {
    for (const stop of this.#stops) stop();
    this.wake();
  }

  #take(message: string, onTooSlow: () => void): void {
    if (this.#fleet.length >= FLEET_WAITING_MAX) return onTooSlow();
    this.#fleet.push(message);
    this.wake();
  }
}

async function pump(stream: SSEStreamingApi, subscription: Subscription, options: { heartbeatMs: number; cut: () => void }): Promise<void> {
  stream.onAbort(() => subscription.end());
  const send = (text: string): Promise<boolean> => sent(stream.write(text));
  try {
    let goesOn = await send(`retry: ${RETRY_MS}\n\n`);
    while (goesOn && !stream.aborted) {
      const message = subscription.next() ?? (await subscription.waitForNext(options.heartbeatMs));
      if (!stream.aborted) goesOn = await send(message ?? ":\n\n");
    }
    if (!goesOn) options.cut();
  } finally {
    subscription.end();
  }
}

/** JSON holds no line breaks of its own, so one `data` line is enough. */
function messageOf({ id, record }: FeedItem): string {
  return `id: ${id}\nevent: record\ndata: ${JSON.stringify(flatten(record))}\n\n`;
}

/** False where the reader took nothing for so long that it is given up. */
async function sent(write: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), WRITE_TIMEOUT_MS)));
  return Promise.race([write.then(() => true), late]).finally(() => clearTimeout(timer));
}
