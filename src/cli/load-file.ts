import { relative } from "node:path";
import type { Compiled } from "../config/compiled.ts";
import { formatConfigError, type ConfigProblem } from "../config/config-error.ts";
import { CONFIG_BYTES_MAX } from "../config/document.ts";
import { findConfigFile } from "../config/find-file.ts";
import { loadConfig } from "../config/load.ts";
import { failure, success, type Outcome } from "../core/outcome.ts";
import { readTextFile } from "../world/files/text-file.ts";
import type { CliIo } from "./io.ts";

export interface LoadedFile {
  readonly compiled: Compiled;
  readonly text: string;
  readonly path: string;
}

/** What stands in the way, ready to print; `problems` only where a file was found and read. */
export interface LoadFailure {
  readonly message: string;
  readonly problems: readonly ConfigProblem[];
}

/** Finds, reads and compiles the configuration for a command. Mistakes name the file as the user would. */
export async function loadConfigFile(
  options: { readonly config?: string; readonly observe?: boolean },
  io: Pick<CliIo, "env" | "cwd">,
): Promise<Outcome<LoadedFile, LoadFailure>> {
  const found = findConfigFile({ flag: options.config ?? null, env: io.env, cwd: io.cwd });
  if (!found.ok) return failure({ message: found.error, problems: [] });
  const path = found.value;
  const text = await readTextFile(path, CONFIG_BYTES_MAX);
  if (!text.ok) return failure({ message: text.error.message, problems: [] });
  const near = relative(io.cwd, path);
  const file = near.startsWith("..") ? path : near;
  const loaded = loadConfig(text.value, { file, env: io.env, observe: options.observe ?? false });
  if (!loaded.ok) return failure({ message: formatConfigError(loaded.error), problems: loaded.error.problems });
  return success({ compiled: loaded.value, text: text.value, path });
}
