import type { Compiled } from "./compiled.ts";
import type { Setting } from "./settings.ts";

/** Resolved values with their origin, aligned; of one strategy, or of everything. Null when there is no such strategy. */
export function showConfig(compiled: Compiled, strategy: string | null): string | null {
  const settings = settingsFor(compiled, strategy);
  if (settings === null) return null;
  const rows = settings.map((setting) => ({ left: `${setting.path}: ${setting.shown}`, right: originText(compiled.file, setting) }));
  const width = Math.min(72, Math.max(0, ...rows.map(({ left }) => left.length)));
  return rows.map(({ left, right }) => `${left.padEnd(width)}  # ${right}`).join("\n");
}

export function settingsFor(compiled: Compiled, strategy: string | null): readonly Setting[] | null {
  if (strategy === null) return compiled.settings;
  if (!compiled.strategies.some(({ name }) => name === strategy)) return null;
  return compiled.settings.filter(({ path }) => path.startsWith(`strategies.${strategy}.`));
}

/** `built-in`, `defaults (FILE:LINE)` or `FILE:LINE`. */
export function originText(file: string, setting: Setting): string {
  const { origin } = setting;
  switch (origin.kind) {
    case "built-in":
      return "built-in";
    case "defaults":
      return `defaults (${file}:${origin.line})`;
    case "file":
      return `${file}:${origin.line}`;
    default:
      return origin satisfies never;
  }
}
