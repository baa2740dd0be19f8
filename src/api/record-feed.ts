import type { SealedRecord } from "../core/sealed-record.ts";
import type { ControlPlane } from "../daemon/status.ts";

/** A record with its place in the stream. The id holds the time, so that it still means something after a restart. */
export interface FeedItem {
  /** `MILLISECONDS-NUMBER`. */
  readonly id: string;
  readonly atWallMs: number;
  readonly record: SealedRecord;
}

export const FEED_KEPT_MAX = 1_000;

/** The newest records with ids, for streams that come back with `Last-Event-ID`. */
export class RecordFeed {
  #items: FeedItem[] = [];
  #count = 0;
  readonly #listeners = new Set<(item: FeedItem) => void>();

  constructor(plane: Pick<ControlPlane, "recent" | "onRecord">) {
    for (const record of plane.recent({ sinceWallMs: 0, limit: FEED_KEPT_MAX })) this.#add(record);
    plane.onRecord((record) => {
      const item = this.#add(record);
      for (const listener of this.#listeners) listener(item);
    });
  }

  get streams(): number {
    return this.#listeners.size;
  }

  /** What came after the item with that id; after its instant where the id is not of this feed any more. */
  after(lastId: string): readonly FeedItem[] {
    const known = this.#items.findIndex((item) => item.id === lastId);
    if (known !== -1) return this.#items.slice(known + 1);
    const wallMs = /^(\d{1,15})-\d{1,15}$/.exec(lastId)?.[1];
    return wallMs === undefined ? [] : this.#items.filter((item) => item.atWallMs > Number(wallMs));
  }

  listen(listener: (item: FeedItem) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #add(record: SealedRecord): FeedItem {
    const atWallMs = Date.parse(record.ts);
    const item = { id: `${atWallMs}-${++this.#count}`, atWallMs, record };
    this.#items.push(item);
    if (this.#items.length > 2 * FEED_KEPT_MAX) this.#items = this.#items.slice(-FEED_KEPT_MAX);
    return item;
  }
}
