import type { HostFacts } from "../world/host/host.ts";
import type { Sensor } from "./sensor.ts";

const FRESH_FOR_MS = 25_000; // on some systems a reading starts processes
const EVERY_MS = 30_000;
const TIMEOUT_MS = 10_000; // the reading itself takes five at most

/** Keeps the newest host facts, for `status` and for the sensor. */
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

/** What the machine has left, every half minute. What it does not tell is no trouble. */
export function createHostSensor({ readHost }: Pick<HostReader, "readHost">): Sensor {
  return {
    name: "host",
    everyMs: EVERY_MS,
    timeoutMs: TIMEOUT_MS,
    async read({ now }) {
      const { memory, disk, load, cores } = await readHost();
      return [
        {
          kind: "host",
          atMs: now(),
          memory: memory === null ? null : { freeBytes: memory.availableBytes, totalBytes: memory.totalBytes },
          disk: disk === null ? null : { freeBytes: disk.freeBytes, totalBytes: disk.totalBytes },
          loadPerCore: load === null ? null : load[0] / cores,
        },
      ];
    },
  };
}
