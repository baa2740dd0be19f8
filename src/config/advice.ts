import type { ConfigPath, ConfigProblem } from "./config-error.ts";

/** What is valid and still worth a second look, with the place to change. */
export interface Advice extends ConfigProblem {
  /** What to write there, `grace_period_seconds: 90`; null = no value helps. */
  readonly write: string | null;
  /** Worth knowing, and no mistake: `--strict` lets it pass. */
  readonly isNote: boolean;
}

export interface Remark {
  /** In the file; the nearest thing above it is named where it is not written. */
  readonly path: ConfigPath;
  readonly message: string;
  readonly write?: string;
  readonly isNote?: boolean;
}
