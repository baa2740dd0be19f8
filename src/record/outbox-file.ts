import type { AppendFile, Files } from "../world/files/files.ts";
import { lineOf, loadOutbox } from "./outbox-lines.ts";
import { applyChange, emptyOutbox, keptOf, type OutboxChange, type OutboxState } from "./outbox-state.ts";

/**
 * What one channel has still to be told, in memory and in a file of changes, a JSON line each. As durable as the heal log:
 * written before it returns and never synced, so that it survives the end of healer by any signal, and no decision waits for
 * a disk. After a power cut the last seconds may be missing, or be sent a second time under their old id.
 */
export interface OutboxFile {
  readonly state: OutboxState;
  /** Size of what waits. */
  readonly waitingBytes: number;
  /** Lines that could not be read when it was opened. */
  readonly damaged: number;
  apply(change: OutboxChange): void;
  close(): void;
  /** With the file. */
  remove(): void;
}

const REWRITE_BYTES_MIN = 256_000; // below that a file is read in a millisecond
const REWRITE_FACTOR = 2;
const REST_CHANGES = 50; // after the disk took nothing: trying with each change would cost a turn more than the change does

export function openOutboxFile(files: Files, path: string): OutboxFile {
  const state = emptyOutbox();
  const damaged = loadOutbox(files, path, state);
  return new Opened(files, path, state, damaged);
}

class Opened implements OutboxFile {
  readonly state: OutboxState;
  readonly damaged: number;
  readonly #files: Files;
  readonly #path: string;
  /** Of what waits, as it stands in the file: writing it anew costs a copy. */
  readonly #lines = new Map<string, string>();
  #file: AppendFile | null = null;
  #fileBytes = 0;
  #rest = 0;
  waitingBytes = 0;

  constructor(files: Files, path: string, state: OutboxState, damaged: number) {
    this.#files = files;
    this.#path = path;
    this.state = state;
    this.damaged = damaged;
    for (const entry of state.waiting.values()) this.#keep(entry.id, lineOf({ op: "add", entry }));
    this.#rewrite();
  }

  apply(change: OutboxChange): void {
    const line = lineOf(change);
    applyChange(this.state, change);
    if (change.op === "add") this.#keep(change.entry.id, line);
    if (change.op === "sent" || change.op === "lost") for (const id of change.ids) this.#forget(id);
    if (this.#rest-- > 0) return;
    const isOvergrown = this.#fileBytes > Math.max(REWRITE_BYTES_MIN, REWRITE_FACTOR * this.waitingBytes);
    if (this.#file === null || isOvergrown || !this.#append(line)) this.#rewrite();
  }

  close(): void {
    this.#file?.close();
    this.#file = null;
  }

  remove(): void {
    this.close();
    this.#files.remove(this.#path); // where it stays, the next start finds and reports it
  }

  #keep(id: string, line: string): void {
    this.#lines.set(id, line);
    this.waitingBytes += line.length;
  }

  #forget(id: string): void {
    this.waitingBytes -= this.#lines.get(id)?.length ?? 0;
    this.#lines.delete(id);
  }

  #append(line: string): boolean {
    const bytes = Buffer.from(line);
    this.#fileBytes += bytes.length;
    return this.#file?.write(bytes).ok ?? false;
  }

  /** Beside the old file and over it. What the disk does not take is in memory, and tried again later. */
  #rewrite(): void {
    this.close();
    this.#rest = REST_CHANGES;
    const beside = `${this.#path}.new`;
    this.#files.remove(beside); // of a healer that ended in the middle of this
    const opened = this.#files.openAppend(beside, "new");
    if (!opened.ok) return;
    const bytes = Buffer.from([lineOf(keptOf(this.state)), ...this.#lines.values()].join(""));
    if (opened.value.write(bytes).ok && this.#files.rename(beside, this.#path).ok) {
      this.#file = opened.value;
      this.#rest = 0;
      this.#fileBytes = bytes.length;
    } else opened.value.close();
  }
}
