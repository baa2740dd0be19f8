import { failure, success, type Outcome } from "../core/outcome.ts";
import type { Files } from "../world/files/files.ts";
import type { Evidence } from "./evidence.ts";

const BYTES_MAX = 8 * 1024 * 1024;
const SHOWN_MAX = 5;

/** Of one heal, a worker each, in the order in which they were ended. `id`: a heal's, or enough of its beginning. */
export function readEvidenceOf(files: Files, dir: string, id: string): Outcome<readonly Evidence[], string> {
  const listed = files.list(dir);
  const ids = listed.ok ? listed.value.flatMap((name) => (name.endsWith(".jsonl") ? [name.slice(0, -".jsonl".length)] : [])) : [];
  const found = ids.includes(id) ? [id] : ids.filter((each) => each.startsWith(id));
  const [first, second] = found;
  if (first === undefined)
    return failure(`no evidence of a heal "${id}" in ${dir}${ids.length === 0 ? "" : `; the newest: ${newest(ids)}`}`);
  if (second !== undefined) return failure(`"${id}" is the beginning of ${found.length} heals; the newest: ${newest(found)}`);
  const read = files.read(`${dir}/${first}.jsonl`, BYTES_MAX);
  if (!read.ok) return failure(read.error.message);
  const lines = read.value.toString("utf8").split("\n");
  return success(lines.flatMap((line) => entryOf(line)));
}

function newest(ids: readonly string[]): string {
  return ids.slice(-SHOWN_MAX).toReversed().join(", ");
}

/** A line that a crash has cut short is left out. */
function entryOf(line: string): readonly Evidence[] {
  try {
    const entry = JSON.parse(line) as Evidence;
    return entry.v === 1 ? [entry] : [];
  } catch {
    return [];
  }
}
