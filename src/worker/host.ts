/** What the SDK uses of `process`; tests hand in their own. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly connected?: boolean;
  send?: SendMessage;
  uptime(): number;
}

// A method's shape, because `process.send` has overloads that no function type could cover.
type SendMessage = (this: unknown, message: unknown, ...rest: never[]) => unknown;

/** PM2 numbers its workers in the environment and speaks with them over a channel. A child they fork inherits the first only. */
export function isRunByPm2({ env, connected, send }: Host): boolean {
  return env["pm_id"] !== undefined && connected === true && typeof send === "function";
}

/** As healer's ingest knows it: `NAME#PM_ID`, or the pid where PM2 has not named it. */
export function workerNameOf({ env, pid }: Host): string {
  const { name, pm_id: pmId } = env;
  return name === undefined || pmId === undefined ? String(pid) : `${name}#${pmId}`;
}
