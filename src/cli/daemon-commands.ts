import { totalmem } from "node:os";
import { Option } from "commander";
import { configOption, jsonOption, type Registry } from "./command-registry.ts";
import { addServiceCommands } from "./system-service-commands.ts";

/**
 * The daemon, its configuration, its service, its demonstration. What they do is loaded when they are called: the
 * commands that only ask the daemon start faster without.
 */
export function addDaemonCommands(registry: Registry): void {
  addRun(registry);
  addConfiguration(registry);
  addNotify(registry);
  addServiceCommands(registry);
  const { program, terminal, does } = registry;
  program
    .command("demo")
    .description("a real PM2 in a private home, workers that break on command: the whole story in two minutes")
    .option("--stay", "bring everything up, break nothing, and stay until Ctrl-C")
    .action(does(async (options: { readonly stay?: boolean }) => (await import("../demo/demo.ts")).runDemo(options, terminal)));
}

function addRun({ program, terminal, does }: Registry): void {
  program
    .command("run")
    .description("the daemon in the foreground")
    .addOption(configOption())
    .option("--observe", "decide and record only, whatever the configuration says")
    .addOption(new Option("--dry-run", "the same as --observe").implies({ observe: true }).hideHelp())
    .addOption(new Option("--log-format <format>", "lines on stdout").choices(["human", "json"]).default("human"))
    .action(
      does(async (options: { readonly config?: string; readonly observe?: boolean; readonly logFormat: "human" | "json" }) =>
        (await import("./run.ts")).runRun(options, terminal),
      ),
    );
}

function addNotify({ program, terminal, does }: Registry): void {
  program
    .command("notify")
    .description("who is told")
    .command("test")
    .description("a test message through every channel, or one: by the running daemon, else as the configuration file says")
    .argument("[channel]", "its name, or webhook:1 for the first of the list")
    .addOption(configOption())
    .addOption(jsonOption())
    .action(
      does(async (channel: string | undefined, options: { readonly config?: string; readonly json?: boolean }) =>
        (await import("./notify.ts")).runNotifyTest({ ...options, ...(channel === undefined ? {} : { channel }) }, terminal),
      ),
    );
}

function addConfiguration({ program, terminal, does }: Registry): void {
  program
    .command("check")
    .description("validate the configuration: every mistake at once, then what its numbers mean")
    .addOption(configOption())
    .option("--strict", "exit 1 on warnings")
    .addOption(jsonOption())
    .action(
      does(async (options: { readonly config?: string; readonly strict?: boolean; readonly json?: boolean }) => {
        const [{ runCheck }, { listPm2Rows }, { askRunningDaemon }, { controlClient }] = await Promise.all([
          import("./check.ts"),
          import("./pm2-rows.ts"),
          import("./beside-daemon.ts"),
          import("./control-client.ts"),
        ]);
        const listRows = async (pm2Home: string | null) => {
          const rows = await listPm2Rows(terminal.env, pm2Home);
          return rows.ok ? rows.value : null;
        };
        const askDaemon = () => askRunningDaemon(controlClient(terminal));
        return runCheck({ ...options, listRows, askDaemon, hostMemoryBytes: totalmem() }, terminal);
      }),
    );
  program
    .command("init")
    .description("look at the running PM2 apps and write a commented configuration that only observes")
    .option("-o, --output <file>", "healer.config.yaml unless said; - = standard output")
    .option("--force", "overwrite")
    .action(
      does(async (options: { readonly output?: string; readonly force?: boolean }) => {
        const [{ runInit }, { listPm2Rows }] = await Promise.all([import("./init.ts"), import("./pm2-rows.ts")]);
        return runInit({ ...options, listRows: () => listPm2Rows(terminal.env, null) }, terminal);
      }),
    );
  const config = program.command("config").description("look into the configuration");
  config
    .command("show")
    .description("every resolved value and where it comes from")
    .argument("[strategy]")
    .addOption(configOption())
    .addOption(jsonOption())
    .action(
      does(async (strategy: string | undefined, options: { readonly config?: string; readonly json?: boolean }) =>
        (await import("./config.ts")).runConfigShow({ ...options, ...(strategy === undefined ? {} : { strategy }) }, terminal),
      ),
    );
  config
    .command("schema")
    .description("the JSON Schema, for editors")
    .action(does(async () => (await import("./config.ts")).runConfigSchema(terminal)));
}
