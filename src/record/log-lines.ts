import type { ReadFile } from "../world/files/files.ts";

/** A whole line of a log file. */
export interface LogLine {
  readonly text: string;
  /** Where the next line begins. */
  readonly endByte: number;
}

const LINE_BYTES_MAX = 256 * 1024; // several times the longest line healer writes; longer ones are left out
const CHUNK_BYTES = 64 * 1024;
const LF = 0x0a;

/** Whole lines from `fromByte` on, in bounded memory. A last line without line feed is not whole yet and not given. */
export function* linesOf(file: ReadFile, fromByte = 0): Generator<LogLine> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let begun = Buffer.alloc(0);
  let tooLong = false;
  for (let position = fromByte; ;) {
    const read = file.read(chunk, position);
    if (!read.ok || read.value === 0) return;
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1 && end < read.value; end = chunk.indexOf(LF, start)) {
      const text = Buffer.concat([begun, chunk.subarray(start, end)]).toString();
      start = end + 1;
      if (!tooLong) yield { text, endByte: position + start };
      begun = Buffer.alloc(0);
      tooLong = false;
    }
    begun = Buffer.concat([begun, chunk.subarray(start, read.value)]);
    tooLong ||= begun.length > LINE_BYTES_MAX;
    if (tooLong) begun = Buffer.alloc(0);
    position += read.value;
  }
}
