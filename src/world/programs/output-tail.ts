import type { Readable } from "node:stream";

/** The last bytes of some streams, in the order in which they came. */
export interface Tail {
  text(): string;
  /** Reads no more, also where somebody else holds the pipe open. */
  close(): void;
}

/** Everything is read, so that nobody waits for a full pipe; `bytesMax` of it are kept. */
export function keepTail(streams: readonly (Readable | null)[], bytesMax: number): Tail {
  let kept = Buffer.alloc(0);
  for (const stream of streams) {
    stream?.on("data", (chunk: Buffer) => {
      const joined = Buffer.concat([kept, chunk]);
      kept = joined.subarray(Math.max(0, joined.length - bytesMax));
    });
    stream?.on("error", () => undefined); // the end of the program says more
  }
  return { text: () => kept.toString("utf8"), close: () => streams.forEach((stream) => stream?.destroy()) };
}
