import { format, type Logform } from "winston";
import TransportStream from "winston-transport";
import type { RotatingFile } from "./rotating-file.ts";

/** As much of a stream as a log needs; `process.stdout` is one. */
export interface LineStream {
  write(text: string): boolean;
  readonly writableLength: number;
  on(event: "error", listener: () => void): unknown;
}

type Info = Logform.TransformableInfo;

const MESSAGE: unique symbol = Symbol.for("message"); // where winston's formats leave the finished text
const WAITING_BYTES_MAX = 1_000_000; // a reader that stopped reading must not fill the daemon's memory

/** Each transport words its own line; this keeps winston from making a JSON of everything first. */
export const LINE = format((info) => info)();

/** Winston's own file transport loses lines on exit, on a crash and while it rotates; this one writes before it returns. */
export class RotatingFileTransport extends TransportStream {
  readonly #file: RotatingFile;

  constructor(file: RotatingFile, lineFormat: Logform.Format) {
    super({ format: lineFormat });
    this.#file = file;
  }

  override log(info: Info, next: () => void): void {
    this.#file.writeLine(String(info[MESSAGE]));
    next();
  }
}

/** For stdout. A reader that went away or stopped reading costs its lines; the file has them. */
export class StreamTransport extends TransportStream {
  readonly #stream: LineStream;
  #broken = false;

  constructor(stream: LineStream, lineFormat: Logform.Format) {
    super({ format: lineFormat });
    this.#stream = stream;
    stream.on("error", () => {
      this.#broken = true;
    });
  }

  override log(info: Info, next: () => void): void {
    if (!this.#broken && this.#stream.writableLength < WAITING_BYTES_MAX) this.#stream.write(`${String(info[MESSAGE])}\n`);
    next();
  }
}
