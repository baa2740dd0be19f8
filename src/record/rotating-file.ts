import { failure, success } from "../core/outcome.ts";
import type { AppendFile, FileError, FileOutcome, Files } from "../world/files/files.ts";

export interface RotationOptions {
  readonly files: Files;
  readonly path: string;
  readonly bytesMax?: number;
  /** How many rotated files (`.1` the newest) are kept beside the one in use. */
  readonly keep?: number;
  /** The line that goes first into the file once lines can be written again after `lost` could not. */
  lossLine(lost: number, problem: string): string;
}

const ROTATE_BYTES = 10_000_000;
const ROTATED_FILES = 10;
const OVERGROWN = 2; // times bytesMax: where rotation fails, the file may grow so far before lines are dropped
const LF = 0x0a;

/**
 * A log file that is written synchronously, so that whatever was said before a crash is in it, and rotated by rename.
 * Never throws and never waits: what the disk does not take is counted, and reported in the file itself later. Looks at
 * its path before each line (some microseconds), so it survives somebody removing or rotating the file behind its back.
 */
export class RotatingFile {
  /** Lines lost since the file was last writable. */
  lost = 0;
  /** Why, or null while all is well. */
  problem: string | null = null;
  readonly #options: Required<RotationOptions>;
  #open: { readonly file: AppendFile; readonly identity: string; endsInLine: boolean } | null = null;

  constructor(options: RotationOptions) {
    this.#options = { bytesMax: ROTATE_BYTES, keep: ROTATED_FILES, ...options };
  }

  writeLine(line: string): void {
    if (this.lost > 0) this.#reportLoss();
    const written = this.#append(line);
    if (!written.ok) this.#lose(written.error);
  }

  close(): void {
    this.#open?.file.close();
    this.#open = null;
  }

  #reportLoss(): void {
    const { lost, problem } = this;
    if (!this.#append(this.#options.lossLine(lost, problem ?? "unknown")).ok) return;
    this.lost = 0;
    this.problem = null;
  }

  #lose(error: FileError): void {
    this.lost += 1;
    this.problem = error.message;
  }

  #append(line: string): FileOutcome<null> {
    const opened = this.#openCurrent();
    if (!opened.ok) return opened;
    const bytes = Buffer.from(`${line}\n`);
    const room = this.#makeRoom(opened.value, bytes.length);
    if (!room.ok) return room;
    const current = this.#open;
    if (current === null) return this.#append(line); // rotated away: the path is free for a new file
    const written = current.file.write(current.endsInLine ? bytes : Buffer.concat([Buffer.of(LF), bytes]));
    if (!written.ok)
      current.endsInLine = current.file.truncate(opened.value).ok; // half a line must not spoil the next
    else current.endsInLine = true;
    return written;
  }

  /** Makes `#open` the file that stands at the path now; returns its size. */
  #openCurrent(): FileOutcome<number> {
    const there = this.#options.files.facts(this.#options.path);
    if (there.ok && there.value.identity === this.#open?.identity) return success(there.value.bytes);
    this.close();
    const opened = this.#options.files.openAppend(this.#options.path, "any");
    if (!opened.ok) return opened;
    const facts = opened.value.facts();
    if (!facts.ok) {
      opened.value.close();
      return facts;
    }
    this.#open = { file: opened.value, identity: facts.value.identity, endsInLine: this.#endsInLine(facts.value.bytes) };
    return success(facts.value.bytes);
  }

  #endsInLine(bytes: number): boolean {
    if (bytes === 0) return true;
    const opened = this.#options.files.openRead(this.#options.path);
    if (!opened.ok) return false;
    const last = Buffer.alloc(1);
    const read = opened.value.read(last, bytes - 1);
    opened.value.close();
    return read.ok && last[0] === LF;
  }

  #makeRoom(bytesNow: number, wanted: number): FileOutcome<null> {
    const { bytesMax, path } = this.#options;
    if (bytesNow === 0 || bytesNow + wanted <= bytesMax) return success(null);
    const rotated = rotate(this.#options);
    if (rotated.ok) this.close();
    else if (bytesNow > OVERGROWN * bytesMax)
      return failure({ kind: "full", message: `${path} cannot be rotated: ${rotated.error.message}` });
    return success(null);
  }
}

/** `.9` becomes `.10`, … and the file in use `.1`; the oldest is overwritten. */
function rotate({ files, path, keep }: Required<RotationOptions>): FileOutcome<null> {
  for (let number = keep - 1; number >= 1; number--) {
    const renamed = files.rename(`${path}.${number}`, `${path}.${number + 1}`);
    if (!renamed.ok && renamed.error.kind !== "absent") return renamed;
  }
  return files.rename(path, `${path}.1`);
}
