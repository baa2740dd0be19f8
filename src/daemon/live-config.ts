import type { Compiled } from "../config/compiled.ts";
import { formatConfigError } from "../config/config-error.ts";
import { diffConfigs } from "../config/diff.ts";
import { selectedLines, selectRows } from "../config/selection.ts";
import { originText } from "../config/show.ts";
import { loadConfig } from "../config/load.ts";
import { lintConfig } from "../config/warnings.ts";
import { watchConfig, type ConfigWatch } from "../config/watch.ts";
import type { LogRecord } from "../core/log-record.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import type { DaemonStatus, ShownConfig } from "./status.ts";

const PROBLEMS_SHOWN = 5;
const DIFF_SHOWN = 50;

export interface LiveConfigOptions {
  readonly compiled: Compiled;
  readonly text: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly observe: boolean;
  readonly wallMs: () => number;
  /** Of PM2's newest list; null = it is not in sight. */
  readonly rows: () => readonly WorkerRow[] | null;
  readonly tell: (record: LogRecord) => void;
  /** Puts a valid edit into force. */
  readonly adopt: (compiled: Compiled) => void;
}

/** The configuration in force. A valid edit replaces it, an invalid one is refused and told; nothing in between. */
export class LiveConfig {
  readonly #options: LiveConfigOptions;
  #watch: ConfigWatch | null = null;
  #rejected: string | null = null;
  #loadedWallMs: number;
  compiled: Compiled;

  constructor(options: LiveConfigOptions) {
    this.#options = options;
    this.compiled = options.compiled;
    this.#loadedWallMs = options.wallMs();
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

  shown(): ShownConfig {
    const { compiled } = this;
    const warnings = lintConfig(compiled, selectRows(compiled, this.#options.rows() ?? []));
    return {
      settings: compiled.settings.map((one) => ({ path: one.path, shown: one.shown, origin: originText(compiled.file, one) })),
      warnings: warnings.map(({ line, path, message, isNote }) => ({ line, path, message, note: isNote })),
    };
  }

  #take(text: string): void {
    const { env, observe } = this.#options;
    const loaded = loadConfig(text, { file: this.compiled.file, env, observe });
    if (!loaded.ok) {
      const lines = formatConfigError(loaded.error).split("\n");
      const more = lines.length > PROBLEMS_SHOWN ? ` (and ${lines.length - PROBLEMS_SHOWN} more)` : "";
      return this.#reject(`${lines.slice(0, PROBLEMS_SHOWN).join(" | ")}${more}; the configuration in force stays`);
    }
    this.#rejected = null;
    if (loaded.value.hash === this.compiled.hash) return this.#say(`${this.compiled.file} is again what is in force`, []);
    this.#adopt(loaded.value);
  }

  #adopt(edited: Compiled): void {
    const { compiled: started, adopt, wallMs, rows } = this.#options;
    const selected = selectedLines(this.compiled, edited, rows() ?? []);
    const diff = [...selected, ...diffConfigs(this.compiled, edited)]; // whom it is about first
    this.#loadedWallMs = wallMs();
    this.compiled = edited;
    adopt(edited);
    const changes = diff.length === 0 ? "nothing that decides has changed" : diff.slice(0, PROBLEMS_SHOWN).join(" | ");
    this.#say(`${edited.file} (${edited.hash}) in force: ${changes}${restartNeeded(started, edited)}`, diff.slice(0, DIFF_SHOWN));
  }

  #say(reason: string, diff: readonly string[]): void {
    this.#options.tell({ level: "info", event: "config_loaded", target: "healer", strategy: null, reason, more: { diff } });
  }

  #reject(reason: string): void {
    this.#rejected = reason;
    this.#options.tell({ level: "error", event: "config_rejected", target: "healer", strategy: null, reason });
  }
}

/** What was opened at the start stays open. */
function restartNeeded(started: Compiled, edited: Compiled): string {
  const names = [
    ...(started.pm2Home === edited.pm2Home ? [] : ["pm2_home"]),
    ...(JSON.stringify(started.api) === JSON.stringify(edited.api) ? [] : ["api"]),
  ];
  return names.length === 0 ? "" : `; ${names.join(" and ")} only after a restart of healer`;
}
