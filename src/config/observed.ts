/** What only a running daemon and the machine know; `check` says more with it. Shares are 0–1. */
export interface Observed {
  /** Tasks a minute of one worker, by strategy. */
  readonly volumes?: Readonly<Record<string, number>>;
  /** The last 24 h of each worker, by strategy. */
  readonly dayRates?: Readonly<Record<string, readonly WorkerRate[]>>;
  /** How long starts took, by group. */
  readonly boots?: Readonly<Record<string, ObservedBoot>>;
  /** The present, for the next maintenance window. */
  readonly wallMs?: number;
  readonly hostMemoryBytes?: number | null;
}

export interface WorkerRate {
  readonly worker: string;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

export interface ObservedBoot {
  /** What ended the wait: its first finished task, its first good probe, its first beat of life. */
  readonly sign: "task" | "probe" | "life";
  readonly starts: number;
  readonly minMs: number;
  readonly medianMs: number;
  readonly maxMs: number;
}
