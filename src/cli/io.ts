/** What a command may touch of the process around it, so that a test can hand in its own. */
export interface CliIo {
  /** A line, or several, for standard output. */
  out(this: void, text: string): void;
  err(this: void, text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** Exit codes of every command; `docs` and scripts rely on them. */
export const EXIT = {
  fine: 0,
  personNeeded: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  failed: 5,
  internal: 70,
} as const;
