import type { ExplainCommand } from "./explain.ts";
import { runExplain } from "./explain.ts";
import { runLog, type LogCommand } from "./log.ts";
import { jsonOption, type Registry } from "./command-registry.ts";
import { runStatus, type StatusCommand } from "./status.ts";

/** Commands that look and change nothing. */
export function addReadingCommands({ program, terminal, does }: Registry): void {
  program
    .command("status")
    .alias("ls")
    .description("mode, PM2, and every target: state, success rate, last heal, what it waits for; exit 1 when a person is needed")
    .option("-w, --watch", "redraw each second")
    .option("--nagios", "one line for monitoring")
    .addOption(jsonOption())
    .action(does((options: StatusCommand) => runStatus(options, terminal)));
  program
    .command("log")
    .alias("logs")
    .description("the heal log: the newest lines, or all since a time")
    .option("--since <time>", "a duration back from now (24h) or a time")
    .option("-n, --lines <count>", "the newest so many (50, or all with --since)")
    .option("--target <target>", "of one target; a group takes its workers in")
    .option("--event <event>", "of one event, for example heal_verdict")
    .option("-f, --follow", "go on as lines are written")
    .option("--evidence <heal-id>", "what was seen of the workers of a heal right before they were ended")
    .option("--summary", "counts instead of lines: would-heals, heals, self-recoveries")
    .addOption(jsonOption())
    .action(does((options: LogCommand) => runLog(options, terminal)));
  program
    .command("explain")
    .description("why a target is (not) healed: each rule's numbers, each guard's answer, what would change it; or the story of a heal")
    .argument("<target|heal-id>")
    .addOption(jsonOption())
    .action(does((about: string, options: Omit<ExplainCommand, "about">) => runExplain({ ...options, about }, terminal)));
}
