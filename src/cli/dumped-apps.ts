import { join } from "node:path";
import { failure, success, type Outcome } from "../core/outcome.ts";
import { readTextFile } from "../world/files/text-file.ts";

/** One entry of PM2's dump: one process, with everything PM2 needs to start it, its whole environment included. */
export interface DumpedApp {
  readonly name: string;
  readonly namespace: string;
  /** As it stands in the dump; handed to PM2 and shown to nobody. */
  readonly definition: Readonly<Record<string, unknown>>;
}

const BYTES_MAX = 64 * 1024 * 1024; // a thousand processes with large environments are some 10 MB
const ENTRIES_MAX = 10_000;

export function dumpFile(pm2Home: string): string {
  return join(pm2Home, "dump.pm2");
}

/**
 * What `pm2 save` wrote down; no dump is an empty one. People edit dumps and power cuts shorten them: one that is no list
 * is an error, an entry without name or script is left out.
 */
export async function readDump(pm2Home: string): Promise<Outcome<readonly DumpedApp[], string>> {
  const text = await readTextFile(dumpFile(pm2Home), BYTES_MAX);
  if (!text.ok) return text.error.kind === "absent" ? success([]) : failure(text.error.message);
  const entries = parsed(text.value);
  if (!Array.isArray(entries)) return failure(`${dumpFile(pm2Home)} is no list of apps`);
  if (entries.length > ENTRIES_MAX) return failure(`${dumpFile(pm2Home)} holds more than ${ENTRIES_MAX} entries`);
  return success((entries as readonly unknown[]).flatMap((entry) => dumpedApp(entry) ?? []));
}

function dumpedApp(entry: unknown): DumpedApp | null {
  if (typeof entry !== "object" || entry === null) return null;
  const definition = entry as Readonly<Record<string, unknown>>;
  const { name, namespace, pm_exec_path: script } = definition;
  if (typeof name !== "string" || name === "" || typeof script !== "string" || script === "") return null;
  return { name, namespace: typeof namespace === "string" && namespace !== "" ? namespace : "default", definition };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
