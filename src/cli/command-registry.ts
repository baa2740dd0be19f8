import { Option, type Command } from "commander";
import type { Terminal } from "./terminal.ts";

/** How a command's parser hands over to what the command does. */
export interface Registry {
  readonly program: Command;
  readonly terminal: Terminal;
  /** What stands behind the `--` of `pause APP -- CMD…`, untouched. */
  readonly trailing: readonly string[];
  /** Wraps what a command does; its answer is the exit code. */
  does<Args extends readonly unknown[]>(run: (...args: Args) => Promise<number> | number): (...args: Args) => Promise<void>;
}

/** `-c FILE`, the same wherever a configuration is read. */
export function configOption(): Option {
  return new Option("-c, --config <file>", "configuration; else HEALER_CONFIG, ./healer.config.yaml, /etc/healer/healer.config.yaml");
}

export function jsonOption(): Option {
  return new Option("--json", "for programs: a stable, documented shape");
}
