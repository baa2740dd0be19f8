import { readFileSync, rmSync, writeFileSync } from "node:fs";

/**
 * How a demo worker can be broken. `fail`: 80 % of its tasks fail while `/health` answers 200. `hang`: the event loop
 * stands. `crash`: the process ends with code 1. `leak`: memory grows by 20 MB a second.
 */
export const AILMENTS = ["fail", "hang", "crash", "leak"] as const;
export type Ailment = (typeof AILMENTS)[number];

export const FAILURE_SHARE = 0.8;
const LEAK_EVERY_MS = 250;
const LEAK_BYTES = 5e6;
const LEAK_BYTES_MAX = 2e9; // a demo that nobody watches must not take the machine down

export function isAilment(word: string): word is Ailment {
  return AILMENTS.some((ailment) => ailment === word);
}

/** Blocks this process's event loop for good: only a signal that needs no handler ends it. */
export function hang(): never {
  const lock = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    // A busy loop, not a wait: this is the hang that looks like work.
    Atomics.load(lock, 0);
  }
}

/** Takes and keeps memory until it is told to stop. */
export function leak(): () => void {
  const kept: Buffer[] = [];
  const timer = setInterval(() => {
    if (kept.length * LEAK_BYTES < LEAK_BYTES_MAX) kept.push(Buffer.alloc(LEAK_BYTES, 1));
  }, LEAK_EVERY_MS);
  return () => {
    clearInterval(timer);
    kept.length = 0;
  };
}

/** An ailment that outlives restarts, as a fault in data or in a dependency would: it stands in a file. */
export interface AilmentFile {
  read(): Ailment | null;
  write(ailment: Ailment): void;
  clear(): void;
}

export function ailmentFile(path: string): AilmentFile {
  return {
    read: () => {
      const word = readOrEmpty(path).trim();
      return isAilment(word) ? word : null;
    },
    write: (ailment) => writeFileSync(path, ailment),
    clear: () => rmSync(path, { force: true }),
  };
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
