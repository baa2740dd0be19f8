/** Tasks that were finished since somebody began to count. */
export interface FinishedTasks {
  readonly completed: number;
  readonly failed: number;
}

/** One entry of a stream: its id, then names and values in turn. */
export type StreamEntry = readonly [id: string, fields: readonly string[]];

/** BullMQ's stream of events, as Redis keeps it. Every call may reject. */
export interface EventStream {
  /** The entries at both ends; null = the stream is empty or not there. */
  ends(): Promise<{ readonly firstId: string; readonly lastId: string } | null>;
  /** At most `count` entries after the one with this id, oldest first. */
  after(id: string, count: number): Promise<readonly StreamEntry[]>;
}

/** Counts outcomes along the stream; one for each queue, for as long as it is watched. */
export interface FinishedEvents {
  /** Reads on; null = so much was missed that nobody can say whether anything was finished. */
  advance(stream: EventStream): Promise<FinishedTasks | null>;
}

const BATCH = 100; // entries carry what a task returned, which may be large
const BATCHES_MAX = 100; // ten thousand entries, as many as BullMQ keeps unless told otherwise: two thousand tasks
const BYTES_MAX = 8 * 1024 ** 2;
const BEGINNING = "0-0";

/**
 * The first call finds the end of the stream and counts from there. Every call leaves off at its end, wherever that is now: a
 * stream that ends before what was read already began anew on a clock that went back, and has nothing for this reading. One
 * that is gone keeps its place: what comes after it has later ids, since they begin with the time. More than a reading may take is skipped: it is a sample then, of no
 * particular outcome, and late outcomes would be held against a process that was healed meanwhile.
 */
export function createFinishedEvents(): FinishedEvents {
  let position: string | null = null;
  let counted: FinishedTasks = { completed: 0, failed: 0 };
  return {
    async advance(stream) {
      const ends = await stream.ends();
      const lastId = ends?.lastId ?? position ?? BEGINNING;
      if (position === null) {
        position = lastId;
        return counted;
      }
      const isTrimmed = ends !== null && position !== BEGINNING && comesBefore(position, ends.firstId);
      const read = await readOn(stream, position, lastId);
      position = lastId;
      counted = { completed: counted.completed + read.completed, failed: counted.failed + read.failed };
      return (isTrimmed || !read.isWhole) && read.completed + read.failed === 0 ? null : counted;
    },
  };
}

async function readOn(stream: EventStream, from: string, lastId: string): Promise<FinishedTasks & { readonly isWhole: boolean }> {
  const count = { completed: 0, failed: 0 };
  let [position, bytes] = [from, 0];
  for (let batches = 0; comesBefore(position, lastId); batches++) {
    if (batches === BATCHES_MAX || bytes > BYTES_MAX) return { ...count, isWhole: false };
    const entries = await stream.after(position, BATCH);
    for (const [id, fields] of entries) {
      if (comesBefore(lastId, id)) return { ...count, isWhole: true }; // the next reading's
      const outcome = outcomeOf(fields);
      if (outcome !== null) count[outcome]++;
      position = id;
      for (const field of fields) bytes += field.length;
    }
    if (entries.length < BATCH) break;
  }
  return { ...count, isWhole: true };
}

/**
 * A task that failed and will be tried again has no outcome yet, and BullMQ announces none. A parent that fails because its
 * child did (`prev` says that it waited for children) was in no worker's hands: the child is counted.
 */
function outcomeOf(fields: readonly string[]): keyof FinishedTasks | null {
  const event = fieldOf(fields, "event");
  if (event !== "completed" && event !== "failed") return null;
  return fieldOf(fields, "prev") === "waiting-children" ? null : event;
}

function fieldOf(fields: readonly string[], name: string): string | null {
  for (let index = 0; index + 1 < fields.length; index += 2) if (fields[index] === name) return fields[index + 1] ?? null;
  return null;
}

/** Ids are two numbers, "MILLISECONDS-SEQUENCE", and the first is too long to be compared as text for ever. */
function comesBefore(one: string, other: string): boolean {
  const [ms, sequence] = numbersOf(one);
  const [otherMs, otherSequence] = numbersOf(other);
  return ms < otherMs || (ms === otherMs && sequence < otherSequence);
}

function numbersOf(id: string): readonly [ms: bigint, sequence: bigint] {
  const [ms = "0", sequence = "0"] = id.split("-");
  return [BigInt(ms), BigInt(sequence)];
}
