import { createHash } from "node:crypto";

const DIGITS = 16; // of one machine's commands no two share these 64 bits

/** A name for an exact command line, by which a process is known again without keeping, or showing, what stands in it. */
export function commandHash(argv: readonly string[]): string {
  return createHash("sha256").update(argv.join("\0")).digest("hex").slice(0, DIGITS);
}
