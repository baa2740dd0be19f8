import { InvalidArgumentError, Option } from "commander";
import type { EnsureCommand } from "./ensure.ts";
import { runHeal, type HealCommand } from "./heal.ts";
import { orderEach } from "./orders.ts";
import { runPause, type PauseCommand } from "./pause.ts";
import { configOption, jsonOption, type Registry } from "./command-registry.ts";
import type { TrimCommand } from "./trim-list.ts";

/** Commands by which a person changes what healer does; each stands in the heal log with the person's name. */
export function addControlCommands(registry: Registry): void {
  const { program, terminal, trailing, does } = registry;
  addEnsure(registry);
  program
    .command("heal")
    .description("heal a target by hand, through the same guards; waits for the action")
    .argument("<target>")
    .option("--action <name>", "another action than the next of the ladder")
    .option("--force <guard>", "override this guard (repeatable)", collect)
    .option("--wait", "wait for the verdict as well")
    .addOption(jsonOption())
    .action(does((target: string, options: Omit<HealCommand, "target">) => runHeal({ ...options, target }, terminal)));
  program
    .command("trim")
    .description("end workers too many: the newest stay; also without a running daemon")
    .argument("<app>")
    .requiredOption("--keep <n>", "how many stay", wholeNumber)
    .option("--dry-run", "print who would go, and do nothing")
    .addOption(
      new Option("--outside <which>", "copies PM2 does not own; else as the configuration says").choices(["none", "orphans", "all"]),
    )
    .option("--force <guard>", "override this guard (repeatable)", collect)
    .addOption(configOption())
    .addOption(jsonOption())
    .action(
      does(async (app: string, options: Omit<TrimCommand, "app">) => (await import("./trim.ts")).runTrim({ ...options, app }, terminal)),
    );
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

function collect(one: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), one];
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text) || Number(text) > 10_000)
    throw new InvalidArgumentError("Expected a number of workers, at least 1 (to stop an app: pm2 stop).");
  return Number(text);
}

/** The one that needs no daemon, and knows how to speak to PM2; only who calls it loads that. */
function addEnsure({ program, terminal, does }: Registry): void {
  program
    .command("ensure")
    .description("for scripts and schedulers: start the app through PM2 if it does not run, else nothing; safe when many call it at once")
    .argument("<app>", "a PM2 name, or namespace/name")
    .option("-c, --config <file>", "take PM2_HOME from this configuration")
    .option("--file <file>", "ecosystem file, for an app that PM2 neither lists nor has dumped; else ./ecosystem.config.{js,cjs,json}")
    .option("--wait <duration>", "for other callers", "60s")
    .option("--force", "start it also when healer keeps it stopped")
    .addOption(jsonOption())
    .action(
      does(async (app: string, options: Omit<EnsureCommand, "app">) =>
        (await import("./ensure.ts")).runEnsure({ ...options, app }, terminal),
      ),
    );
}
