import { PROC_BYTES, readProc } from "./proc-file.ts";
import { PM2_MARKS, type Marks } from "./process-facts.ts";

const VALUE_BYTES_MAX = 4096; // longest path

/**
 * The variables asked for, of the environment a process was started with; null when it is empty, gone, or not for us to read.
 * They are looked up in the bytes: the environment as a whole, secrets and all, never becomes a text that could get
 * anywhere.
 */
export function environmentMarks(pid: number, names: readonly string[], valueBytesMax = VALUE_BYTES_MAX): Marks | null {
  return lookInto(pid, (length) => marksIn(length, names, valueBytesMax));
}

/** Nearly no process on a machine has a PM2_HOME, so that for most a single look-up is all. */
export function pm2Marks(pid: number): Marks | null {
  return lookInto(pid, (length) => {
    if (positionOf("PM2_HOME", length) === null) return {};
    const marks = marksIn(length, PM2_MARKS, VALUE_BYTES_MAX);
    return marks["pm_exec_path"] === undefined ? { ...marks, ...clusterMarks(length) } : marks;
  });
}

/** The bytes are wiped at once: the buffer serves other readings and lives as long as healer does. */
function lookInto(pid: number, look: (length: number) => Marks): Marks | null {
  const length = readProc(`/proc/${pid}/environ`);
  if (length === 0) return null;
  const marks = look(length);
  PROC_BYTES.fill(0, 0, length);
  return marks;
}

function marksIn(length: number, names: readonly string[], valueBytesMax: number): Marks {
  const marks: Record<string, string> = {};
  for (const name of names) {
    const value = valueOf(name, length, valueBytesMax);
    if (value !== null) marks[name] = value;
  }
  return marks;
}

/** PM2 hands workers in cluster mode their settings as JSON; all but the names on the list is dropped at once. */
function clusterMarks(length: number): Marks {
  const json = valueOf("pm2_env", length, PROC_BYTES.length);
  if (json === null) return {};
  let fields: unknown;
  try {
    fields = JSON.parse(json);
  } catch {
    return {}; // cut off at the end of the buffer, or none of PM2's
  }
  if (typeof fields !== "object" || fields === null) return {};
  const known = new Map<string, unknown>(Object.entries(fields));
  return Object.fromEntries(
    PM2_MARKS.flatMap((name): [string, string][] => {
      const value = known.get(name);
      return typeof value === "string" || typeof value === "number" ? [[name, String(value)]] : [];
    }),
  );
}

function valueOf(name: string, length: number, bytesMax: number): string | null {
  const at = positionOf(name, length);
  if (at === null) return null;
  const end = PROC_BYTES.indexOf(0, at);
  return PROC_BYTES.toString("utf8", at, Math.min(end === -1 ? length : end, length, at + bytesMax));
}

/** Where the value begins. The label stands at the very start, or behind the NUL that ends the variable before. */
function positionOf(name: string, length: number): number | null {
  let label = LABELS.get(name);
  if (label === undefined) LABELS.set(name, (label = Buffer.from(`\0${name}=`)));
  const first = label.length - 1;
  if (length >= first && PROC_BYTES.compare(label, 1, label.length, 0, first) === 0) return first;
  const at = PROC_BYTES.subarray(0, length).indexOf(label); // behind the end stands what was read before
  return at === -1 ? null : at + label.length;
}

/** Names come from fixed lists, so that this does not grow. */
const LABELS = new Map<string, Buffer>();
