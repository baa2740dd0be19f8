import type { Advice } from "../config/advice.ts";
import { checkReport } from "../config/check.ts";
import { formatProblem } from "../config/config-error.ts";
import { plural } from "../core/words.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { besideDaemon, type RunningDaemon } from "./beside-daemon.ts";
import { EXIT, type CliIo } from "./io.ts";
import { loadConfigFile } from "./load-file.ts";
import { observedBy } from "./observed-by.ts";

export interface CheckCommand {
  /** `-c FILE` */
  readonly config?: string;
  /** Warnings are worth exit 1. */
  readonly strict?: boolean;
  readonly json?: boolean;
  /** PM2's rows for the home the configuration names; null where PM2 does not answer. Left out: PM2 is not asked. */
  readonly listRows?: (pm2Home: string | null) => Promise<readonly WorkerRow[] | null>;
  /** null = no daemon answers. Left out: it is not asked. */
  readonly askDaemon?: () => Promise<RunningDaemon | null>;
  /** Of this machine. Left out: nothing is said of it. */
  readonly hostMemoryBytes?: number;
}

/** `healer check`: every mistake at once, else what the configuration means in numbers. Answers the exit code. */
export async function runCheck(command: CheckCommand, io: CliIo): Promise<number> {
  const loaded = await loadConfigFile(command, io);
  if (!loaded.ok) {
    if (command.json === true) io.out(JSON.stringify({ ok: false, error: loaded.error.message, problems: loaded.error.problems }));
    else io.err(loaded.error.message);
    return EXIT.usage;
  }
  const { compiled } = loaded.value;
  const rows = (await command.listRows?.(compiled.pm2Home)) ?? null;
  const running = (await command.askDaemon?.()) ?? null;
  const observed = { ...(running === null ? {} : observedBy(compiled, running)), hostMemoryBytes: command.hostMemoryBytes ?? null };
  const { text, warnings, notes, times, conflicts } = checkReport(compiled, rows, observed);
  const code = conflicts.length > 0 ? EXIT.usage : warnings.length > 0 && command.strict === true ? EXIT.personNeeded : EXIT.fine;
  if (command.json === true) {
    const { hash, file, policy } = compiled;
    io.out(
      JSON.stringify({
        ok: conflicts.length === 0,
        file,
        hash,
        mode: policy.mode,
        problems: conflicts,
        warnings: warnings.map(asJson),
        notes: notes.map(asJson),
        times,
      }),
    );
    return code;
  }
  io.out(text);
  if (running !== null) io.out(`\n${besideDaemon(compiled, running)}`);
  for (const conflict of conflicts) io.err(formatProblem(compiled.file, conflict));
  if (code === EXIT.personNeeded) io.err(`${plural(warnings.length, "warning")}, and --strict was given`);
  return code;
}

function asJson({ line, column, path, message, write }: Advice) {
  return { line, column, path, message, write };
}
