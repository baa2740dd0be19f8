import { failure, success, type Outcome } from "../core/outcome.ts";
import { readTail, type TailPlace, type TailRead } from "../world/files/file-tail.ts";
import type { LineCounter } from "../world/patterns/bounded-match.ts";
import { LineCutter } from "./line-cutter.ts";

const READ_BYTES = 256 * 1024; // searched in one go: a few milliseconds for an honest expression

export interface LogLook {
  /** New lines that hold the pattern. */
  readonly lines: number;
  readonly skippedBytes: number;
}

/** One log file, read from where the look before ended; the first look begins at its end, or where it was not there yet. */
export class LogReader {
  readonly #path: string;
  readonly #cutter = new LineCutter();
  #place: TailPlace | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** Reads at most `bytesMax`, and of what is more the newest; a failure says why the file could not be read, or not be searched. */
  async look(counter: LineCounter, bytesMax: number, signal: AbortSignal): Promise<Outcome<LogLook, string>> {
    let [lines, skippedBytes] = [0, 0];
    for (let left = bytesMax; left > 0 && !signal.aborted;) {
      const read = await readTail(this.#path, this.#place, { bytesMax: Math.min(left, READ_BYTES), behindMax: left });
      if (!read.ok) return this.#lost(read.error.kind === "absent", read.error.message);
      const cut = this.#cut(read.value);
      const counted = cut.length === 0 ? success(0) : counter(cut);
      if (!counted.ok) return failure(`the pattern on ${this.#path}: ${counted.error}`);
      lines += counted.value;
      skippedBytes += read.value.skippedBytes;
      left = read.value.hasMore ? left - read.value.bytes.length : 0;
    }
    return success({ lines, skippedBytes });
  }

  #cut(read: TailRead): readonly string[] {
    if (!read.goesOn) this.#cutter.restart(read.skippedBytes > 0);
    this.#place = read.place;
    return this.#cutter.push(read.bytes);
  }

  /** What is there when it comes is all new; of one that was there and may not be read nobody knows. */
  #lost(isAbsent: boolean, why: string): Outcome<LogLook, string> {
    if (isAbsent) this.#place = { identity: null, offset: 0 };
    return failure(why);
  }
}
