import { runHeal, type HealCommand } from "./heal.ts";
import { orderEach } from "./orders.ts";
import { runPause, type PauseCommand } from "./pause.ts";
import { jsonOption, type Registry } from "./command-registry.ts";

/** Commands by which a person changes what healer does; each stands in the heal log with the person's name. */
export function addControlCommands({ program, terminal, trailing, does }: Registry): void {
  program
    .command("heal")
    .description("heal a target by hand, through the same guards; waits for the action")
    .argument("<target>")
    .option("--action <name>", "another action than the next of the ladder")
    .option("--force <guard>", "override this guard (repeatable)", (guard: string, guards: readonly string[] | undefined) => [
      ...(guards ?? []),
      guard,
    ])
    .option("--wait", "wait for the verdict as well")
    .addOption(jsonOption())
    .action(does((target: string, options: Omit<HealCommand, "target">) => runHeal({ ...options, target }, terminal)));
  program
    .command("pause")
    .description("maintenance: do not heal; `pause APP -- CMD…` pauses, runs the command, resumes and exits with its code")
    .argument("[targets...]")
    .option("--all", "everything")
    .option("--for <duration>", "1h unless said; forever is explicit")
    .option("--reason <text>", "for the record")
    .action(
      does((targets: string[], options: Omit<PauseCommand, "targets" | "command">) =>
        runPause({ ...options, targets, command: trailing }, terminal),
      ),
    );
  program
    .command("resume")
    .description("end a pause; a grace period begins")
    .argument("[targets...]")
    .option("--all", "everything")
    .action(does((targets: string[], options: { readonly all?: boolean }) => orderEach("resume", { ...options, targets }, {}, terminal)));
  program
    .command("reset")
    .description("close an open circuit and forget failed heals, after the repair")
    .argument("<targets...>")
    .action(does((targets: string[]) => orderEach("reset", { targets }, {}, terminal)));
}
