import type { Compiled } from "../../src/config/compiled.ts";
import { formatConfigError } from "../../src/config/config-error.ts";
import { loadConfig } from "../../src/config/load.ts";

type Env = Readonly<Record<string, string>>;

/** The configuration in force; fails with its mistakes when there are any. */
export function loaded(text: string, options: { env?: Env; observe?: boolean } = {}): Compiled {
  const outcome = loadConfig(text, { file: "h.yaml", env: options.env ?? {}, observe: options.observe ?? false });
  if (!outcome.ok) throw new Error(formatConfigError(outcome.error));
  return outcome.value;
}

/** The mistakes as they are printed, one a line. */
export function mistakes(text: string, env: Env = {}): readonly string[] {
  const outcome = loadConfig(text, { file: "h.yaml", env });
  return outcome.ok ? [] : formatConfigError(outcome.error).split("\n");
}

/** A small valid file; `extra` goes under the one strategy, indented by four. */
export function small(extra = "", top = ""): string {
  return `version: 1
mode: heal
${top}queues:
  llm: {type: http, url: "http://127.0.0.1:8091/api/stats"}
strategies:
  - name: api
    match: {app: api}
${extra}`;
}
