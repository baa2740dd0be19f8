import { Hono } from "hono";
import { streamSSE, type SSEStreamingApi } from "hono/streaming";
import { flatten } from "../core/sealed-record.ts";
import type { ApiEnv } from "./access.ts";
import { FEED_KEPT_MAX, type FeedItem, type RecordFeed } from "./record-feed.ts";

export interface StreamOptions {
  readonly heartbeatMs?: number;
  readonly streamsMax?: number;
}

const HEARTBEAT_MS = 15_000; // proxies cut connections silent for 30 s and more
const STREAMS_MAX = 64;
const WAITING_MAX = 3 * FEED_KEPT_MAX; // more than a full resume; who is so far behind comes back with Last-Event-ID
const WRITE_TIMEOUT_MS = 30_000;
const RETRY_MS = 2_000;

/** GET /api/stream: each record as the heal log has it, `event: record`, with an id to resume from. */
export function streamRoute(feed: RecordFeed, options: StreamOptions): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.get("/api/stream", (context) => {
    if (feed.streams >= (options.streamsMax ?? STREAMS_MAX)) {
      return context.json({ error: `at most ${options.streamsMax ?? STREAMS_MAX} streams at once` }, 503, { "Retry-After": "10" });
    }
    const lastId = context.req.header("Last-Event-ID") ?? context.req.query("last_event_id") ?? null;
    const cut = (): void => context.env.outgoing?.destroy(); // nothing else ends a connection whose reader stands still
    const subscription = new Subscription(feed, lastId, cut);
    return streamSSE(context, (stream) => pump(stream, subscription, { heartbeatMs: options.heartbeatMs ?? HEARTBEAT_MS, cut }));
  });
  return app;
}

/** What waits for one reader. Taken before the first byte is sent, so that the limit counts it and no record falls between. */
class Subscription {
  readonly #waiting: FeedItem[];
  readonly #stop: () => void;
  #wake: (() => void) | null = null;

  constructor(feed: RecordFeed, lastId: string | null, onTooSlow: () => void) {
    this.#waiting = lastId === null ? [] : [...feed.after(lastId)];
    this.#stop = feed.listen((item) => {
      if (this.#waiting.length >= WAITING_MAX) return onTooSlow();
      this.#waiting.push(item);
      this.wake();
    });
  }

  next(): FeedItem | undefined {
    return this.#waiting.shift();
  }

  /** The next item, or undefined after `ms` or a `wake` without one. */
  async waitForNext(ms: number): Promise<FeedItem | undefined> {
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
    this.#stop();
    this.wake();
  }
}

async function pump(stream: SSEStreamingApi, subscription: Subscription, options: { heartbeatMs: number; cut: () => void }): Promise<void> {
  stream.onAbort(() => subscription.end());
  const send = (text: string): Promise<boolean> => sent(stream.write(text));
  try {
    let goesOn = await send(`retry: ${RETRY_MS}\n\n`);
    while (goesOn && !stream.aborted) {
      const item = subscription.next() ?? (await subscription.waitForNext(options.heartbeatMs));
      if (!stream.aborted) goesOn = await send(item === undefined ? ":\n\n" : messageOf(item));
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
