/**
 * PM2's wire format (AMP): a byte `0x10 | number of arguments`, then for each argument its length (32 bits, big endian)
 * and its bytes; `j:` in front means JSON, `s:` text, anything else raw. The npm package that does this builds every
 * frame in memory, whatever its length, and cannot skip one unread; the bus carries all workers' log lines, so both matter.
 */
const VERSION = 1;
const ARGUMENTS_MAX = 15;
const HEAD_BYTES = 1;
const LENGTH_BYTES = 4;

/** A list of 1,000 processes with large environments is some 10 MB; what claims more is not a reply of PM2. */
export const FRAME_BYTES_MAX = 64 * 1024 * 1024;

export function encodeFrame(args: readonly Buffer[]): Buffer {
  if (args.length === 0 || args.length > ARGUMENTS_MAX)
    throw new RangeError(`a frame has 1 to ${ARGUMENTS_MAX} arguments, not ${args.length}`);
  const parts: Buffer[] = [Buffer.of((VERSION << 4) | args.length)];
  for (const arg of args) {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(arg.length);
    parts.push(length, arg);
  }
  return Buffer.concat(parts);
}

export function encodeJson(value: unknown): Buffer {
  return Buffer.from(`j:${JSON.stringify(value)}`);
}

export function encodeText(text: string): Buffer {
  return Buffer.from(`s:${text}`);
}

/** The value of an argument; `undefined` when it claims to be JSON and is not. */
export function decodeArgument(arg: Buffer): unknown {
  const mark = arg.toString("latin1", 0, 2);
  if (mark === "s:") return arg.toString("utf8", 2);
  if (mark !== "j:") return arg;
  try {
    return JSON.parse(arg.toString("utf8", 2));
  } catch {
    return undefined;
  }
}

export interface FrameReaderOptions {
  readonly frameBytesMax: number;
  onFrame(args: readonly Buffer[]): void;
  /** Asked with the first argument as soon as it is there: a frame of more bytes is dropped as it comes in. 0 = any is. */
  room?(first: Buffer): number;
}

/** Cuts a stream into frames. Holds at most one frame, never more than `frameBytesMax`. */
export class FrameReader {
  readonly #options: FrameReaderOptions;
  #piece: "head" | "length" | "argument" = "head";
  #missing = HEAD_BYTES;
  #parts: Buffer[] = [];
  #args: Buffer[] = [];
  #argumentsLeft = 0;
  #frameBytes = 0;
  #room = Number.POSITIVE_INFINITY;
  #skipping = false;
  #fault: string | null = null;

  constructor(options: FrameReaderOptions) {
    this.#options = options;
  }

  /** Returns what is wrong with the stream, or null. After a fault nothing is read any more. */
  push(chunk: Buffer): string | null {
    let offset = 0;
    while (this.#fault === null && (offset < chunk.length || this.#missing === 0)) {
      const part = chunk.subarray(offset, offset + this.#missing);
      offset += part.length;
      this.#missing -= part.length;
      const dropped = this.#skipping && this.#piece === "argument";
      if (!dropped && part.length > 0) this.#parts.push(part);
      if (this.#missing === 0) this.#finishPiece();
    }
    return this.#fault;
  }

  #finishPiece(): void {
    const [only, ...more] = this.#parts;
    const bytes = only !== undefined && more.length === 0 ? only : Buffer.concat(this.#parts);
    this.#parts = [];
    if (this.#piece === "head") return this.#readHead(bytes.readUInt8());
    if (this.#piece === "length") return this.#readLength(bytes.readUInt32BE());
    this.#readArgument(bytes);
  }

  #readHead(head: number): void {
    this.#argumentsLeft = head & 0x0f;
    if (head >> 4 !== VERSION || this.#argumentsLeft === 0) {
      this.#fault = `a frame begins with byte 0x${head.toString(16).padStart(2, "0")}`;
      return;
    }
    this.#args = [];
    this.#frameBytes = 0;
    this.#room = Number.POSITIVE_INFINITY;
    this.#skipping = false;
    this.#expect("length", LENGTH_BYTES);
  }

  #readLength(length: number): void {
    this.#frameBytes += length;
    if (this.#frameBytes > this.#options.frameBytesMax) {
      this.#fault = `a frame of more than ${this.#options.frameBytesMax} bytes`;
      return;
    }
    if (this.#frameBytes > this.#room) this.#skip();
    this.#expect("argument", length);
  }

  #readArgument(bytes: Buffer): void {
    if (!this.#skipping) this.#args.push(bytes);
    if (this.#args.length === 1) this.#room = this.#options.room?.(bytes) ?? Number.POSITIVE_INFINITY;
    if (this.#frameBytes > this.#room) this.#skip();
    this.#argumentsLeft -= 1;
    if (this.#argumentsLeft > 0) return this.#expect("length", LENGTH_BYTES);
    this.#expect("head", HEAD_BYTES);
    if (!this.#skipping) this.#options.onFrame(this.#args);
  }

  #skip(): void {
    this.#skipping = true;
    this.#args = [];
  }

  #expect(piece: "head" | "length" | "argument", bytes: number): void {
    this.#piece = piece;
    this.#missing = bytes;
  }
}
