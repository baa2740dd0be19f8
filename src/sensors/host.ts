import type { HostFacts } from "../world/host/host.ts";

const FRESH_FOR_MS = 60_000; // host figures are for people; on some systems a reading starts processes

/** Keeps the newest host facts for `status`. No observation: no rule judges the machine (yet). */
export interface HostReader {
  /** The newest facts at once; null before the first reading came. Starts a reading in the background when it is due. */
  latest(): HostFacts | null;
  /** A reading not older than a minute. Callers at the same time share one. */
  readHost(): Promise<HostFacts>;
}

export function createHostReader(options: { readonly read: () => Promise<HostFacts>; readonly nowMs: () => number }): HostReader {
  let facts: HostFacts | null = null;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let underWay: Promise<HostFacts> | null = null;
  const readNow = async (): Promise<HostFacts> => {
    try {
      facts = await options.read();
      readAtMs = options.nowMs();
      return facts;
    } finally {
      underWay = null;
    }
  };
  const readHost = (): Promise<HostFacts> => {
    if (facts !== null && options.nowMs() - readAtMs < FRESH_FOR_MS) return Promise.resolve(facts);
    underWay ??= readNow();
    return underWay;
  };
  return {
    readHost,
    latest() {
      void readHost();
      return facts;
    },
  };
}
