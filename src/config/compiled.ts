import type { Policy } from "../core/strategy.ts";
import type { CompiledNotifier, CompiledQueue } from "./compile-kinds.ts";
import type { CompiledStrategy } from "./compile-strategies.ts";
import type { CompiledMachine } from "./machine.ts";
import type { CompiledWindow } from "./maintenance.ts";
import type { ConfigPath } from "./config-error.ts";
import type { DeadMansSwitchBlock } from "./dead-mans-switch.ts";
import type { Place } from "./document.ts";
import type { Setting } from "./settings.ts";

/** A valid configuration, resolved: what the daemon runs on. */
export interface Compiled {
  /** For the core. Its strategies stand in the same order as `strategies` and hold the same bound rules. */
  readonly policy: Policy;
  /** With what sensors and reports need besides: `boundRules[].needs` and `.params`, queues, places in the file. */
  readonly strategies: readonly CompiledStrategy[];
  readonly queues: readonly CompiledQueue[];
  readonly notifiers: readonly CompiledNotifier[];
  readonly deadMansSwitch: DeadMansSwitchBlock | null;
  /** Everybody's; those of a strategy stand there. */
  readonly maintenance: readonly CompiledWindow[];
  readonly machine: CompiledMachine;
  /** false = control socket only. */
  readonly api: { readonly host: string; readonly port: number } | false;
  /** Absolute; null = as PM2 itself finds it. */
  readonly pm2Home: string | null;
  /** Variables of the workers' environment that rules and queues ask for; for `Pm2.wantEnv`. */
  readonly envNames: readonly string[];
  readonly file: string;
  /** First 12 hex digits of the SHA-256 of the text. */
  readonly hash: string;
  /** Every resolved value with its origin; for `config show` and for the difference between two configurations. */
  readonly settings: readonly Setting[];
  /** Where something stands in the file; the nearest thing above it where it is not written. */
  place(path: ConfigPath): Place;
}
