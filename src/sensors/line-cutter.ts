const LINE_BYTES_MAX = 8 * 1024; // what a pattern is after stands in front; a line without an end must not grow here
const NEWLINE = 10;

/** Cuts bytes into lines, across reads. A line counts when it has ended, or is longer than anybody reads: then its beginning does. */
export class LineCutter {
  #rest: Buffer = Buffer.alloc(0);
  /** What comes up to the next end of line belongs to one that has counted already, or whose beginning nobody has seen. */
  #isPassing = false;

  /** `inLine`: the next bytes begin somewhere in a line. */
  restart(inLine: boolean): void {
    this.#rest = Buffer.alloc(0);
    this.#isPassing = inLine;
  }

  /** Lines without their ends; empty ones are left out. */
  push(bytes: Buffer): readonly string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      this.#add(lines, bytes.subarray(start, end), true);
      start = end + 1;
    }
    this.#add(lines, bytes.subarray(start), false);
    return lines;
  }

  #add(lines: string[], bytes: Buffer, isEnded: boolean): void {
    const room = LINE_BYTES_MAX - this.#rest.length;
    const line = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes.subarray(0, room)]);
    const isLong = bytes.length > room;
    if (!this.#isPassing && (isEnded || isLong)) addText(lines, line);
    this.#isPassing = !isEnded && (this.#isPassing || isLong);
    this.#rest = isEnded || this.#isPassing ? Buffer.alloc(0) : Buffer.from(line); // a copy: the read may have been a megabyte
  }
}

function addText(lines: string[], line: Buffer): void {
  const text = line.toString("utf8", 0, LINE_BYTES_MAX).replace(/\r$/, "");
  if (text !== "") lines.push(text);
}
