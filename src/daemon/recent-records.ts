import type { SealedRecord } from "../core/sealed-record.ts";

export const RECENT_MAX = 1_000;

/** The newest records in memory, for `GET /api/heals` and those who listen live. The file is the record; this is a window on it. */
export class RecentRecords {
  #records: SealedRecord[] = [];
  readonly #listeners = new Set<(record: SealedRecord) => void>();

  add(record: SealedRecord): void {
    this.#keep(record);
    for (const listener of this.#listeners) listener(record);
  }

  /** What was written before this daemon began, oldest first; nobody is told of it again. */
  restore(written: Iterable<SealedRecord>): void {
    for (const record of written) this.#keep(record);
  }

  since({ sinceWallMs, limit }: { readonly sinceWallMs: number; readonly limit: number }): readonly SealedRecord[] {
    const from = new Date(sinceWallMs).toISOString();
    const found = this.#records.slice(-RECENT_MAX).filter((record) => record.ts >= from);
    return limit < found.length ? found.slice(found.length - limit) : found;
  }

  onRecord(listener: (record: SealedRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #keep(record: SealedRecord): void {
    this.#records.push(record);
    if (this.#records.length > 2 * RECENT_MAX) this.#records = this.#records.slice(-RECENT_MAX);
  }
}
