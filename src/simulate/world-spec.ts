import type { Command } from "../core/event.ts";
import type { Pm2Trouble } from "./sim-pm2-words.ts";

/**
 * A world to simulate, as plain JSON: drawn from a seed, shrunk, printed, and run again from what was printed. All instants
 * are ms of virtual time since the world began.
 */
export interface WorldSpec {
  readonly seed: number;
  readonly hours: number;
  /** Between two turns of healer. */
  readonly turnMs: number;
  /** Between two snapshots of healer's state. */
  readonly snapshotMs: number;
  readonly apps: readonly AppSpec[];
  /** The configuration healer begins with. */
  readonly config: string;
  /** In order of their time. */
  readonly faults: readonly Fault[];
}

export interface AppSpec {
  readonly name: string;
  readonly instances: number;
  /** Share of tasks that go well while nothing is wrong. */
  readonly rate: number;
  /** Tasks a minute of one worker. */
  readonly perMinute: number;
  /** Whether the queue says who finished what, or only totals of the app; null = it has no queue. */
  readonly figures: "worker" | "group" | null;
  /** How long a worker takes to end when it is told to. */
  readonly endMs: number;
  /** How long PM2 shows it `launching`. */
  readonly launchMs: number;
  readonly restartDelayMs: number;
  readonly autorestart: boolean;
  /** A Node worker that ends when PM2's daemon does; any other lives on as an orphan. */
  readonly diesWithPm2: boolean;
  readonly isModule: boolean;
  /** healer itself runs as this app. */
  readonly isHealer: boolean;
}

export type Fault = { readonly atMs: number } & FaultBody;

export type FaultBody =
  /** Something breaks in one process: a restart cures it. `rate` 0 to 1: of its tasks; "frozen": it does nothing; "leak": it grows. */
  | { readonly kind: "wedge"; readonly app: string; readonly instance: string; readonly what: Sickness }
  /** The same in every process of an app at once. */
  | { readonly kind: "wedge-all"; readonly app: string; readonly what: Sickness }
  /** It stays broken for so long, whoever restarts it. "crash": it dies `afterMs` after each start. */
  | {
      readonly kind: "curse";
      readonly app: string;
      readonly instance: string;
      readonly what: Sickness | { readonly crashAfterMs: number };
      readonly lastsMs: number;
    }
  /** What all workers of an app need is away: they are well again as soon as it is back. */
  | { readonly kind: "outage"; readonly app: string; readonly rate: number; readonly lastsMs: number }
  | { readonly kind: "crash"; readonly app: string; readonly instance: string; readonly times: number }
  | {
      readonly kind: "operator";
      readonly verb: "restart" | "stop" | "start" | "delete" | "add";
      readonly app: string;
      readonly instance: string;
    }
  | { readonly kind: "copy"; readonly app: string; readonly owner: "orphan" | "outside" | "other_daemon"; readonly instance: string | null }
  | { readonly kind: "copy-ends" }
  /** PM2's daemon dies; another one resurrects its apps `backMs` later, but for those in `forgets`. */
  | { readonly kind: "pm2-dies"; readonly backMs: number; readonly forgets: readonly string[] }
  | { readonly kind: "pm2-mute"; readonly lastsMs: number }
  | { readonly kind: "pm2-trouble"; readonly trouble: Pm2Trouble; readonly lastsMs: number }
  | { readonly kind: "queue-blind"; readonly app: string; readonly lastsMs: number }
  | { readonly kind: "disk"; readonly trouble: "full" | "failed" | "syncs" | "reads"; readonly lastsMs: number }
  /** healer is killed at its Nth effect from now, and again at the Nth of its next life, and so on; each time back after `backMs`. */
  | { readonly kind: "healer-dies"; readonly afterEffects: readonly number[]; readonly backMs: number }
  | { readonly kind: "reboot"; readonly offMs: number }
  | { readonly kind: "suspend"; readonly forMs: number }
  | { readonly kind: "wall-clock"; readonly byMs: number }
  /** healer gets no CPU. */
  | { readonly kind: "stall"; readonly forMs: number }
  | { readonly kind: "person"; readonly command: Command }
  | { readonly kind: "edit"; readonly config: string };

export type Sickness = number | "frozen" | "leak";
