import { findConfigFile } from "../config/find-file.ts";
import { CONFIG_BYTES_MAX } from "../config/document.ts";
import { formatConfigError } from "../config/config-error.ts";
import { loadConfig } from "../config/load.ts";
import { failure, success, type Outcome } from "../core/outcome.ts";
import { selects } from "../core/select.ts";
import type { TrimOutside } from "../core/strategy.ts";
import { readTextFile } from "../world/files/text-file.ts";
import type { Terminal } from "./terminal.ts";

export interface TrimSettings {
  /** As somebody has said; null = nobody has: where the daemon that answers is. */
  readonly pm2Home: string | null;
  readonly outside: TrimOutside;
}

/**
 * What a configuration says of the app, where there is one; a trim needs none. One that was named and is wrong is an
 * error, one that merely lies about is not read any further.
 */
export async function trimSettings(
  command: { readonly app: string; readonly config?: string; readonly outside?: TrimOutside },
  { env, cwd }: Pick<Terminal, "env" | "cwd">,
): Promise<Outcome<TrimSettings, string>> {
  const fromEnv = env["PM2_HOME"] === undefined || env["PM2_HOME"] === "" ? null : env["PM2_HOME"];
  const without: TrimSettings = { pm2Home: fromEnv, outside: command.outside ?? "none" };
  const isNamed = command.config !== undefined || (env["HEALER_CONFIG"] ?? "") !== "";
  const file = findConfigFile({ flag: command.config ?? null, env, cwd });
  if (!file.ok) return isNamed ? failure(file.error) : success(without);
  const text = await readTextFile(file.value, CONFIG_BYTES_MAX);
  if (!text.ok) return isNamed ? failure(text.error.message) : success(without);
  const compiled = loadConfig(text.value, { file: file.value, env });
  if (!compiled.ok) return isNamed ? failure(formatConfigError(compiled.error)) : success(without);
  const slash = command.app.indexOf("/");
  const row = { namespace: slash === -1 ? "default" : command.app.slice(0, slash), name: command.app.slice(slash + 1) };
  const strategies = compiled.value.policy.strategies.filter(({ selector }) => selects(selector, row));
  const strategy = strategies.length === 1 ? strategies[0] : undefined; // two would each say something else
  return success({
    pm2Home: isNamed ? (compiled.value.pm2Home ?? fromEnv) : fromEnv,
    outside: command.outside ?? strategy?.knobs.trimOutside ?? "none",
  });
}
