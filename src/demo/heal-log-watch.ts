import type { SealedRecord } from "../core/sealed-record.ts";
import { followHealLog } from "../record/follow-heal-log.ts";
import { systemFiles } from "../world/files/system-files.ts";

/** The heal log as it grows; remembers what it saw, so that nothing is missed between two questions. */
export interface HealLogWatch {
  /** The first matching record, seen already or still to come; null when the deadline passes or the watch ends. */
  until(matches: (record: SealedRecord) => boolean, deadlineMs: number): Promise<SealedRecord | null>;
  end(): Promise<void>;
}

const POLL_MS = 100;
const SEEN_MAX = 10_000;

export function watchHealLog(healerHome: string, onRecord: (record: SealedRecord) => void): HealLogWatch {
  const stopping = new AbortController();
  const seen: SealedRecord[] = [];
  const read = async (): Promise<void> => {
    for await (const record of followHealLog(systemFiles(), healerHome, { signal: stopping.signal, pollMs: POLL_MS })) {
      if (seen.length < SEEN_MAX) seen.push(record);
      onRecord(record);
    }
  };
  const reading = read();
  return {
    until: async (matches, deadlineMs) => {
      const endMs = performance.now() + deadlineMs;
      while (!seen.some(matches) && performance.now() < endMs && !stopping.signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      return seen.find(matches) ?? null;
    },
    end: async () => {
      stopping.abort();
      await reading;
    },
  };
}
