import { relative, resolve } from "node:path";
import { writeFile } from "node:fs/promises";
import { initConfig } from "../config/init.ts";
import { groupIdOf } from "../core/select.ts";
import { plural } from "../core/words.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import type { Outcome } from "../core/outcome.ts";
import { EXIT, type CliIo } from "./io.ts";

export interface InitCommand {
  /** `-o FILE`; `-` = standard output. Left out: `healer.config.yaml` here. */
  readonly output?: string;
  /** Overwrite what is there. */
  readonly force?: boolean;
  /** PM2's rows, or a clear line why there are none. */
  readonly listRows: () => Promise<Outcome<readonly WorkerRow[], { readonly message: string }>>;
}

/** `healer init`: writes a configuration that only observes, made from what PM2 runs now. Answers the exit code. */
export async function runInit(command: InitCommand, io: CliIo): Promise<number> {
  const rows = await command.listRows();
  if (!rows.ok) {
    io.err(`cannot look at PM2's apps: ${rows.error.message}`);
    return EXIT.unreachable;
  }
  const text = initConfig(rows.value);
  if (command.output === "-") {
    io.out(text.trimEnd());
    return EXIT.fine;
  }
  const path = resolve(io.cwd, command.output ?? "healer.config.yaml");
  const wrong = await writeNew(path, text, command.force === true);
  if (wrong !== null) {
    io.err(wrong);
    return EXIT.usage;
  }
  const apps = new Set(rows.value.filter(({ isModule }) => !isModule).map(groupIdOf)).size;
  io.out(`Wrote ${path} for ${plural(apps, "app")}; it only observes. Next: healer check -c ${relative(io.cwd, path)}`);
  return EXIT.fine;
}

async function writeNew(path: string, text: string, force: boolean): Promise<string | null> {
  try {
    await writeFile(path, text, { flag: force ? "w" : "wx" });
    return null;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return code === "EEXIST" ? `${path} is there already; --force overwrites it` : `cannot write ${path}: ${code}`;
  }
}
