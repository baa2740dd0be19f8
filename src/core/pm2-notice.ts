/**
 * What PM2's daemon wrote into its own log, as its bus tells it. Nothing else names the signal a worker died of, or says that
 * PM2 restarted one for its memory or its files: the row has neither (`exit_code` is 0 after any signal). `wallMs` is PM2's
 * own stamp, of the same clock as `pm_uptime` and `created_at`.
 */
export type Pm2Notice =
  /** PM2 has been told to stop the process; its exit comes next, and was commanded. */
  | { readonly kind: "stopping"; readonly pmId: number; readonly app: string; readonly wallMs: number }
  | {
      readonly kind: "exit";
      readonly pmId: number;
      readonly wallMs: number;
      /** 0 after a death by signal. */
      readonly exitCode: number;
      /** "SIGKILL"; null = none, or SIGINT, which PM2 also prints where there was none. */
      readonly signal: string | null;
      /** Processes the kernel's OOM killer has ended in the seconds before; null = not looked at, or not known. */
      readonly oomKills: number | null;
    }
  | {
      readonly kind: "memory_limit";
      readonly pmId: number;
      readonly wallMs: number;
      readonly memoryBytes: number;
      readonly limitBytes: number;
    }
  /** A watched file changed; PM2 restarts every row of that name. */
  | { readonly kind: "watch"; readonly app: string; readonly path: string; readonly wallMs: number };

/** What was heard between two turns. */
export interface Heard {
  /** False = the bus was not there all the time, or too much was said. */
  readonly isComplete: boolean;
  readonly notices: readonly Pm2Notice[];
}
