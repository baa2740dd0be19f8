import { createHash } from "node:crypto";
import type { Effect } from "../core/effect.ts";
import type { Event } from "../core/event.ts";

/** A hash over everything the core was told and wanted: two runs of one world are equal to the bit, or it shows (I14). */
export class Digest {
  readonly #hash = createHash("sha256");

  add(event: Event, effects: readonly Effect[]): void {
    const { policy: _policy, ...told } = { policy: null, ...event };
    this.#hash.update(JSON.stringify([told, effects]));
  }

  get hex(): string {
    return this.#hash.copy().digest("hex").slice(0, 16);
  }
}
