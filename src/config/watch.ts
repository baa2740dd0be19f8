import { createHash } from "node:crypto";
import { dirname, resolve } from "node:path";
import { watch } from "chokidar";
import { readTextFile } from "../world/files/text-file.ts";
import { CONFIG_BYTES_MAX } from "./document.ts";

export interface ConfigWatch {
  /** After it has ended nothing is reported any more and nothing is left open. */
  stop(): Promise<void>;
}

export interface WatchOptions {
  /** The text in force; a file that differs from it is news at once. Left out: the first reading is the measure. */
  readonly known?: string;
  /**
   * The file cannot be read, and not for a moment only: gone, not permitted, too large. Said once until it changes; the
   * text in force stays. When the file can be read again its text is reported, also if it is the one before.
   */
  readonly onTrouble?: (message: string) => void;
  /** How often the file is read even if nothing was heard. */
  readonly pollMs?: number;
}

const POLL_MS = 1000; // with SETTLE_MS inside the promised 2 s
const SETTLE_MS = 200; // two equal readings this far apart: not half-written
const EMPTY_SETTLE_MS = 1000; // editors that truncate and then write; an empty file is hardly meant

/**
 * Reports the text of a file each time it has changed and settled. The directory is watched, because editors replace the
 * file and a watch on the file itself ends with it; and the content is read every second, because symbolic links swapped
 * above it (Kubernetes' `..data`), network disks and exhausted inotify limits say nothing. Only the content counts: a
 * touched file is no news. Whether the text is valid is for the caller to judge.
 */
export function watchConfig(file: string, onChange: (text: string) => void, options: WatchOptions = {}): ConfigWatch {
  const path = resolve(file);
  const reader = createReader(path, onChange, options);
  const folder = dirname(path);
  const watcher = watch(folder, {
    depth: 0,
    ignoreInitial: true,
    ignored: (seen) => seen !== folder && seen !== path,
    awaitWriteFinish: { stabilityThreshold: SETTLE_MS, pollInterval: 50 },
  });
  watcher.on("all", reader.look);
  watcher.on("error", reader.look); // no watches left, no such folder: the poll below goes on alone
  const poll = setInterval(reader.look, options.pollMs ?? POLL_MS);
  reader.look();
  return {
    async stop() {
      clearInterval(poll);
      reader.stop();
      await watcher.close();
    },
  };
}

interface Reader {
  look(this: void): void;
  stop(this: void): void;
}

function createReader(path: string, onChange: (text: string) => void, options: WatchOptions): Reader {
  let reported = options.known === undefined ? null : hashOf(options.known);
  let pending: { readonly hash: string; readonly sinceMs: number } | null = null;
  let trouble: { readonly message: string; readonly sinceMs: number; told: boolean } | null = null;
  let reading = false;
  let stopped = false;
  let again: NodeJS.Timeout | null = null;

  const take = (text: string): void => {
    if (trouble?.told === true) reported = "";
    trouble = null;
    const hash = hashOf(text);
    reported ??= hash;
    if (hash === reported) return void (pending = null);
    const nowMs = performance.now();
    if (pending?.hash !== hash) pending = { hash, sinceMs: nowMs };
    const leftMs = pending.sinceMs + (text.trim() === "" ? EMPTY_SETTLE_MS : SETTLE_MS) - nowMs;
    if (leftMs > 0) return lookIn(leftMs);
    [reported, pending] = [hash, null];
    onChange(text);
  };
  // Editors that remove the file and write it anew leave a moment without one.
  const miss = (message: string): void => {
    pending = null;
    if (trouble?.message !== message) trouble = { message, sinceMs: performance.now(), told: false };
    if (trouble.told) return;
    const leftMs = trouble.sinceMs + SETTLE_MS - performance.now();
    if (leftMs > 0) return lookIn(leftMs);
    trouble.told = true;
    options.onTrouble?.(message);
  };
  const lookIn = (waitMs: number): void => {
    if (again !== null) clearTimeout(again);
    again = setTimeout(look, Math.ceil(waitMs));
  };
  const look = (): void => {
    if (reading || stopped) return;
    reading = true;
    void readTextFile(path, CONFIG_BYTES_MAX).then((read) => {
      reading = false;
      if (stopped) return;
      if (read.ok) take(read.value);
      else miss(read.error.message);
    });
  };
  const stop = (): void => {
    stopped = true;
    if (again !== null) clearTimeout(again);
  };
  return { look, stop };
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
