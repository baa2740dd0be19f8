import { statfs } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { mem } from "systeminformation";

/** The machine, for `status`; no decision rests on it. A figure that could not be read is null. */
export interface HostFacts {
  readonly cores: number;
  /** Load averages of 1, 5 and 15 minutes; null on Windows, which has none. */
  readonly load: readonly [number, number, number] | null;
  readonly memory: HostMemory | null;
  readonly disk: HostDisk | null;
}

export interface HostMemory {
  readonly totalBytes: number;
  /** What programs could still take without swapping: free memory plus caches that would give way. */
  readonly availableBytes: number;
  readonly swapTotalBytes: number;
  readonly swapUsedBytes: number;
}

/** The file system that holds `path`. */
export interface HostDisk {
  readonly path: string;
  readonly totalBytes: number;
  /** For ordinary users; the rest is reserved for root. */
  readonly freeBytes: number;
}

const TIMEOUT_MS = 5_000;

export interface Host {
  /** One reading, for a slow turn; at most five seconds. */
  read(): Promise<HostFacts>;
}

/**
 * The door to the machine's own figures. Memory is systeminformation's `mem()`: `/proc/meminfo` without a child process
 * on Linux, the right programs elsewhere. Disk and load are Node's own, because `fsSize()` starts processes, one of them
 * synchronously. `path` lies on the disk that is asked for.
 */
export function openHost(path: string): Host {
  let diskUnderWay: Promise<HostDisk> | null = null;
  // A lost network drive holds one thread of Node's four for as long as it hangs; a second question would hold another.
  const disk = (): Promise<HostDisk | null> => {
    if (diskUnderWay !== null) return Promise.resolve(null);
    diskUnderWay = readDisk(path).finally(() => (diskUnderWay = null));
    return inTime(diskUnderWay);
  };
  return {
    async read() {
      const [memoryFacts, diskFacts] = await Promise.all([inTime(readMemory()), disk()]);
      const [one = 0, five = 0, fifteen = 0] = loadavg();
      const load = process.platform === "win32" ? null : ([one, five, fifteen] as const);
      return { cores: availableParallelism(), load, memory: memoryFacts, disk: diskFacts };
    },
  };
}

async function readMemory(): Promise<HostMemory | null> {
  const { total, available, swaptotal, swapused } = await mem();
  if (!(total > 0)) return null;
  return { totalBytes: total, availableBytes: available, swapTotalBytes: swaptotal, swapUsedBytes: swapused };
}

async function readDisk(path: string): Promise<HostDisk> {
  const { bsize, blocks, bavail } = await statfs(path);
  return { path, totalBytes: bsize * blocks, freeBytes: bsize * bavail };
}

/** null for what fails or takes too long: a machine without `/proc/meminfo`, a folder that is gone. */
async function inTime<Value>(reading: Promise<Value>): Promise<Value | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), TIMEOUT_MS);
  });
  try {
    return await Promise.race([reading, late]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
