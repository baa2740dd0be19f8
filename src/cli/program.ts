import { Command, CommanderError } from "commander";
import type { Registry } from "./command-registry.ts";
import { addControlCommands } from "./control-commands.ts";
import { addDaemonCommands } from "./daemon-commands.ts";
import { EXIT } from "./io.ts";
import { addReadingCommands } from "./reading-commands.ts";
import type { Terminal } from "./terminal.ts";

const NOT_YET = ["simulate", "tune", "report"];

/** `healer ARGS`: answers the exit code of interface.md §2. A mistake in the command line is 2, a bug 70. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  let code: number = EXIT.fine;
  const split = args[0] === "pause" ? args.indexOf("--") : -1;
  const program = createProgram(terminal);
  const registry: Registry = {
    program,
    terminal,
    trailing: split === -1 ? [] : args.slice(split + 1),
    does:
      (run) =>
      async (...given) => {
        code = await run(...given);
      },
  };
  program.commandsGroup("Look:");
  addReadingCommands(registry);
  program.commandsGroup("Act:");
  addControlCommands(registry);
  program.commandsGroup("Run:");
  addDaemonCommands(registry);
  for (const name of NOT_YET) addNotYet(registry, name);
  for (const each of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) useTerminal(each, terminal);
  try {
    await program.parseAsync(split === -1 ? args : args.slice(0, split), { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage; // commander has said why
    terminal.err(`healer: internal error, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return EXIT.internal;
  }
}

function createProgram(terminal: Terminal): Command {
  return new Command("healer")
    .description("A self-healing supervisor for PM2: verified heals, and a reason for every action and non-action.")
    .version(terminal.version, "-V, --version")
    .addHelpText(
      "after",
      "\nExit codes: 0 fine, 1 a person is needed, 2 command line or configuration wrong, 3 daemon not running,\n4 a guard refused, 5 the action failed, 70 internal error.\nFirst steps: healer init, healer check, healer run. To see it at work: healer demo",
    );
}

/** Settings of commander are not inherited by commands added with `addCommand`. */
function useTerminal(command: Command, terminal: Terminal): void {
  command
    .exitOverride()
    .showHelpAfterError(`(see: healer ${command.name() === "healer" ? "" : `${pathOf(command)} `}--help)`)
    .configureOutput({
      writeOut: (text) => terminal.raw(text),
      writeErr: (text) => terminal.err(text.trimEnd()),
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
    });
}

function pathOf(command: Command): string {
  const parent = command.parent === null || command.parent.name() === "healer" ? "" : `${command.parent.name()} `;
  return parent + command.name();
}

function addNotYet({ program, terminal, does }: Registry, name: string): void {
  const command = program.command(name, { hidden: true }).argument("[anything...]").allowUnknownOption().helpOption(false);
  command.action(
    does(() => {
      terminal.err(`healer ${name}: not available in this version (${terminal.version})`);
      return EXIT.usage;
    }),
  );
}
