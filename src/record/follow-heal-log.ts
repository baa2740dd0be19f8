import { join } from "node:path";
import type { SealedRecord } from "../core/sealed-record.ts";
import { pause } from "../world/clock/pause.ts";
import type { Files } from "../world/files/files.ts";
import { parseLine } from "./heal-line.ts";
import { linesOf } from "./log-lines.ts";
import { matches, openLogFile, openLogFiles, type LogFile, type LogQuery } from "./read-heal-log.ts";

export interface FollowOptions {
  readonly query?: LogQuery;
  readonly signal: AbortSignal;
  readonly pollMs?: number;
}

interface Place {
  readonly open: LogFile;
  byte: number;
}

const POLL_MS = 250; // a person does not notice it, and a file that did not grow costs one system call

/**
 * Records as they are written, from the next one on, until `signal` aborts. Polls, because file events do not reach
 * every file system; goes on across rotations, also several between two polls, and waits for a log that is not there yet.
 */
export async function* followHealLog(files: Files, dir: string, options: FollowOptions): AsyncGenerator<SealedRecord> {
  const path = join(dir, "heal.log");
  let place = placeAtEnd(openLogFile(files, path));
  try {
    while (!options.signal.aborted) {
      if (place !== null) yield* newIn(place, options.query ?? {});
      const there = files.facts(path);
      if (there.ok && there.value.identity !== place?.open.facts.identity) {
        const behind = placesBehind(openLogFiles(files, dir), place?.open.facts.identity ?? null);
        for (const next of behind) {
          if (place !== null) {
            yield* newIn(place, options.query ?? {}); // what was written between reading its end and its rotation
            place.open.file.close();
          }
          place = next;
        }
      } else {
        if (there.ok && place !== null && there.value.bytes < place.byte) place.byte = 0; // somebody emptied it
        await pause(options.pollMs ?? POLL_MS, options.signal);
      }
    }
  } finally {
    place?.open.file.close();
  }
}

/** The files newer than the one with `identity`, oldest first; only the newest where that one is nowhere any more. */
function placesBehind(newestFirst: readonly LogFile[], identity: string | null): readonly Place[] {
  const known = newestFirst.findIndex((open) => open.facts.identity === identity);
  const newer = newestFirst.slice(0, known === -1 ? 1 : known);
  for (const open of newestFirst) if (!newer.includes(open)) open.file.close();
  return newer.toReversed().map((open) => ({ open, byte: 0 }));
}

function placeAtEnd(open: LogFile | null): Place | null {
  return open === null ? null : { open, byte: open.facts.bytes };
}

function* newIn(place: Place, query: LogQuery): Generator<SealedRecord> {
  for (const { text, endByte } of linesOf(place.open.file, place.byte)) {
    place.byte = endByte;
    const record = parseLine(text);
    if (record !== null && matches(record, query)) yield record;
  }
}
