import type { ProcessBrief } from "../../world/processes/process-facts.ts";

/** A process as it was last read, with its ancestors as they were first seen. */
export interface KnownProcess extends Omit<ProcessBrief, "argv"> {
  /** Empty where it has none, and where it is too long to be kept. */
  readonly argv: readonly string[];
  readonly commandHash: string;
  /** For people: secrets masked, at most 200 characters. */
  readonly command: string;
  readonly startedWallMs: number;
  /** Its ancestors at first sight, nearest first: whoever started it may be gone by the time somebody asks. */
  readonly line: readonly FirstSeen[];
}

export type FirstSeen = Pick<KnownProcess, "pid" | "startTicks" | "uid" | "name" | "argv" | "command" | "startedWallMs">;

/** What a look needs of the book: it only ever reads. */
export interface ProcessSight {
  get(pid: number): KnownProcess | undefined;
  all(): Iterable<KnownProcess>;
}
