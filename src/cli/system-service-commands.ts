import { configOption, jsonOption, type Registry } from "./command-registry.ts";

/** `healer service …`: run under systemd. */
export function addServiceCommands({ program, terminal, does }: Registry): void {
  const service = program.command("service").description("run as a system service (systemd)");
  service
    .command("install")
    .description("write the unit, enable it and start it; runs as the owner of PM2's home")
    .addOption(configOption())
    .option("--print", "only print the unit")
    .action(
      does(async (options: { readonly config?: string; readonly print?: boolean }) =>
        (await import("./system-service.ts")).runServiceInstall(options, terminal),
      ),
    );
  service
    .command("uninstall")
    .description("stop and remove it; lists what healer left stopped, with the commands that start it")
    .option("--print", "only say what would be done")
    .action(
      does(async (options: { readonly print?: boolean }) => (await import("./system-service.ts")).runServiceUninstall(options, terminal)),
    );
  service
    .command("status")
    .description("whether the service is installed and runs")
    .addOption(jsonOption())
    .action(
      does(async (options: { readonly json?: boolean }) => (await import("./system-service.ts")).runServiceStatus(options, terminal)),
    );
}
