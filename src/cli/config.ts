import { configSchema } from "../config/json-schema.ts";
import { hint } from "../config/did-you-mean.ts";
import { originText, settingsFor, showConfig } from "../config/show.ts";
import { EXIT, type CliIo } from "./io.ts";
import { loadConfigFile } from "./load-file.ts";

export interface ConfigShowCommand {
  readonly config?: string;
  /** One strategy only. */
  readonly strategy?: string;
  readonly json?: boolean;
}

/** `healer config show [STRATEGY]`: every resolved value and where it comes from; secrets stay hidden. */
export async function runConfigShow(command: ConfigShowCommand, io: CliIo): Promise<number> {
  const loaded = await loadConfigFile(command, io);
  if (!loaded.ok) {
    io.err(loaded.error.message);
    return EXIT.usage;
  }
  const { compiled } = loaded.value;
  const strategy = command.strategy ?? null;
  const settings = settingsFor(compiled, strategy);
  if (settings === null) {
    const names = compiled.strategies.map(({ name }) => name);
    io.err(`${compiled.file} has no strategy ${strategy}${hint(strategy ?? "", names)}; it has: ${names.join(", ") || "none"}`);
    return EXIT.usage;
  }
  const asJson = settings.map((setting) => ({ path: setting.path, value: setting.shown, origin: originText(compiled.file, setting) }));
  io.out(command.json === true ? JSON.stringify(asJson) : (showConfig(compiled, strategy) ?? ""));
  return EXIT.fine;
}

/** `healer config schema`: the JSON Schema for editors. */
export function runConfigSchema(io: CliIo): number {
  io.out(JSON.stringify(configSchema(), null, 2));
  return EXIT.fine;
}
