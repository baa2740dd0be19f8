import { createRequire } from "node:module";
import type { Queue } from "bullmq";
import type { Redis } from "ioredis";

/** Optional peers of healer's: only who watches BullMQ needs them. */
const PACKAGES = ["bullmq", "ioredis"];

export interface BullmqPackages {
  readonly Queue: typeof Queue;
  readonly Redis: typeof Redis;
}

/** What to install before a queue of BullMQ can be read; null = everything is there. Loads nothing. */
export function missingBullmqPackages(resolve: (name: string) => unknown = createRequire(import.meta.url).resolve): string | null {
  const missing = PACKAGES.filter((name) => !isThere(name, resolve));
  if (missing.length === 0) return null;
  const what = missing.length === 1 ? `the package ${missing.join()}, which is` : `the packages ${missing.join(" and ")}, which are`;
  return `needs ${what} not installed beside healer: npm install ${missing.join(" ")} (with -g where healer was installed with -g)`;
}

/** Throws where a package is missing or broken. */
export async function loadBullmqPackages(): Promise<BullmqPackages> {
  const [bullmq, ioredis] = await Promise.all([import("bullmq"), import("ioredis")]);
  // It came a little later than the option skipMetasUpdate, without which every reader writes into the user's Redis.
  if (typeof bullmq.Queue.prototype.getMeta !== "function") throw new Error("expected bullmq 5.63 or later: npm install bullmq@latest");
  return { Queue: bullmq.Queue, Redis: ioredis.Redis };
}

function isThere(name: string, resolve: (name: string) => unknown): boolean {
  try {
    resolve(name);
    return true;
  } catch {
    return false;
  }
}
