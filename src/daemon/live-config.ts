import type { Compiled } from "../config/compiled.ts";
import { formatConfigError } from "../config/config-error.ts";
import { diffConfigs } from "../config/diff.ts";
import { loadConfig } from "../config/load.ts";
import { watchConfig, type ConfigWatch } from "../config/watch.ts";
import type { LogRecord } from "../core/log-record.ts";
import type { DaemonStatus } from "./status.ts";

const PROBLEMS_SHOWN = 5;
const DIFF_SHOWN = 50;

export interface LiveConfigOptions {
  readonly compiled: Compiled;
  readonly text: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly observe: boolean;
  readonly tell: (record: LogRecord) => void;
  /** Puts a valid edit into force. */
  readonly adopt: (compiled: Compiled) => void;
}

/** The configuration in force. A valid edit replaces it, an invalid one is refused and told; nothing in between. */
export class LiveConfig {
  readonly #options: LiveConfigOptions;
  #watch: ConfigWatch | null = null;
  #rejected: string | null = null;
  #loadedWallMs = Date.now();
  compiled: Compiled;

  constructor(options: LiveConfigOptions) {
    this.#options = options;
    this.compiled = options.compiled;
  }

  start(): void {
    const { compiled, text } = this.#options;
    const onTrouble = (message: string): void => this.#reject(`${message}; the configuration in force stays`);
    this.#watch = watchConfig(compiled.file, (edited) => this.#take(edited), { known: text, onTrouble });
  }

  async stop(): Promise<void> {
    await this.#watch?.stop();
  }

  status(): DaemonStatus["config"] {
    const { file, hash } = this.compiled;
    return { file, hash, loaded_at: new Date(this.#loadedWallMs).toISOString(), rejected: this.#rejected };
  }

  #take(text: string): void {
    const { env, observe, tell, adopt } = this.#options;
    const loaded = loadConfig(text, { file: this.compiled.file, env, observe });
    if (!loaded.ok) {
      const lines = formatConfigError(loaded.error).split("\n");
      const more = lines.length > PROBLEMS_SHOWN ? ` (and ${lines.length - PROBLEMS_SHOWN} more)` : "";
      return this.#reject(`${lines.slice(0, PROBLEMS_SHOWN).join(" | ")}${more}; the configuration in force stays`);
    }
    const diff = diffConfigs(this.compiled, loaded.value);
    const needsRestart = restartNeeded(this.compiled, loaded.value);
    this.#rejected = null;
    this.#loadedWallMs = Date.now();
    this.compiled = loaded.value;
    adopt(loaded.value);
    const changes = diff.length === 0 ? "nothing that decides has changed" : diff.slice(0, PROBLEMS_SHOWN).join(" | ");
    const reason = `${loaded.value.file} (${loaded.value.hash}) in force: ${changes}${needsRestart}`;
    tell({ level: "info", event: "config_loaded", target: "healer", strategy: null, reason, more: { diff: diff.slice(0, DIFF_SHOWN) } });
  }

  #reject(reason: string): void {
    this.#rejected = reason;
    this.#options.tell({ level: "error", event: "config_rejected", target: "healer", strategy: null, reason });
  }
}

function restartNeeded(before: Compiled, after: Compiled): string {
  const names = [
    ...(before.pm2Home === after.pm2Home ? [] : ["pm2_home"]),
    ...(JSON.stringify(before.api) === JSON.stringify(after.api) ? [] : ["api"]),
  ];
  return names.length === 0 ? "" : `; ${names.join(" and ")} only after a restart of healer`;
}
