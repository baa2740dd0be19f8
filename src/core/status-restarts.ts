import { sumOf, type RestartCause } from "./restart-ledger.ts";
import type { State, Target } from "./state.ts";

/** What PM2's restarts of a worker were for. */
export interface RestartStatus {
  /** Since when healer has counted them. */
  readonly since: string;
  /** By how much PM2's count has grown since then, and one for each PM2 daemon that died. */
  readonly counted: number;
  readonly by_cause: Readonly<Partial<Record<RestartCause, number>>>;
  /** Of those that nobody commanded, how the worker ended: "exit code 1", "SIGSEGV". */
  readonly ends: Readonly<Record<string, number>>;
  readonly last: {
    readonly cause: RestartCause;
    readonly at: string;
    readonly age_ms: number;
    /** null = no exit of its own, or not known. */
    readonly exit_code: number | null;
    readonly signal: string | null;
    readonly end: string | null;
  } | null;
}

/** null for a group. */
export function restartStatusOf({ wallMs }: State, { kind, ledger }: Target): RestartStatus | null {
  if (kind === "group") return null;
  const { sinceWallMs, counts, ends, last } = ledger;
  return {
    since: new Date(sinceWallMs).toISOString(),
    counted: sumOf(counts),
    by_cause: counts,
    ends,
    last:
      last === null
        ? null
        : {
            cause: last.cause,
            at: new Date(last.wallMs).toISOString(),
            age_ms: Math.max(0, Math.round(wallMs - last.wallMs)),
            ...{ exit_code: last.exitCode, signal: last.signal, end: last.end },
          },
  };
}
