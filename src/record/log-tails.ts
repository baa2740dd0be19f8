import type { WorkerRow } from "../core/worker-row.ts";
import { readTail } from "../world/files/file-tail.ts";
import { printableText } from "../world/processes/printable-text.ts";

export interface LogTail {
  readonly path: string;
  readonly lines: readonly string[];
  /** Why they could not be read; null = they were. */
  readonly error: string | null;
}

const TAKES_MS_MAX = 500; // whoever waits for a heal does not wait for a slow disk as well
const LOG_BYTES = 16 * 1024;
const LINES_MAX = 40;
const LINE_MAX = 500;

/** The newest lines of what PM2 writes for a worker, standard error first, within half a second. */
export function readLogTails({ logs }: WorkerRow): Promise<readonly LogTail[]> {
  const paths = [...new Set([logs.err, logs.out].filter((path) => path !== null))];
  return inTime(Promise.all(paths.map(tailOf)));
}

async function tailOf(path: string): Promise<LogTail> {
  const read = await readTail(path, { identity: null, offset: 0 }, { bytesMax: LOG_BYTES, behindMax: LOG_BYTES });
  if (!read.ok) return { path, lines: [], error: read.error.message };
  const lines = read.value.bytes.toString("utf8").split("\n");
  const whole = read.value.skippedBytes > 0 ? lines.slice(1) : lines; // the first began before what was read
  const shown = whole.filter((line) => line !== "").slice(-LINES_MAX);
  return { path, lines: shown.map((line) => printableText(line, LINE_MAX)), error: null };
}

async function inTime(reading: Promise<readonly LogTail[]>): Promise<readonly LogTail[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly LogTail[]>((resolve) => {
    timer = setTimeout(() => resolve([{ path: "logs", lines: [], error: `not read within ${TAKES_MS_MAX} ms` }]), TAKES_MS_MAX);
  });
  const logs = await Promise.race([reading, late]);
  clearTimeout(timer);
  return logs;
}
