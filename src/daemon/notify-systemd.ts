import { sendToSystemd } from "../world/systemd/systemd-notify.ts";

/** What systemd hears of a `Type=notify` service. Does nothing where systemd did not start this process. */
export interface SystemdNotifier {
  ready(): void;
  /** After each complete turn: a turn that hangs leaves the watchdog unfed. */
  turned(): void;
  stopping(): void;
}

type Env = Readonly<Record<string, string | undefined>>;

interface Options {
  readonly send?: typeof sendToSystemd;
  readonly nowMs?: () => number;
  readonly pid?: number;
  /** A message that did not get through; left out: standard error, which is the journal. */
  readonly onTrouble?: (text: string) => void;
}

const FEEDS_PER_WATCHDOG = 3; // one may be late and one lost

/**
 * READY, STOPPING, and the watchdog fed at most three times an interval, never twice at once: a message costs a
 * process of a few milliseconds, so it must not cost one a turn (docs/decisions/0004).
 */
export function systemdNotifier(env: Env, options: Options = {}): SystemdNotifier {
  const { send = sendToSystemd, nowMs = () => performance.now(), pid = process.pid, onTrouble = toStandardError } = options;
  const isOurs = env["NOTIFY_SOCKET"] !== undefined && env["NOTIFY_SOCKET"] !== "";
  const feedEveryMs = isOurs ? watchdogMs(env, pid) / FEEDS_PER_WATCHDOG : Infinity;
  let fedAtMs = nowMs();
  let feeding = false;
  const tell = async (assignment: string): Promise<void> => {
    if (!isOurs) return;
    const sent = await send([assignment], env);
    if (!sent.ok) onTrouble(sent.error);
  };
  return {
    ready: () => void tell("READY=1"),
    stopping: () => void tell("STOPPING=1"),
    turned() {
      if (feeding || nowMs() - fedAtMs < feedEveryMs) return;
      fedAtMs = nowMs();
      feeding = true;
      void tell("WATCHDOG=1").finally(() => (feeding = false));
    },
  };
}

/** Infinity where no watchdog runs, or it is another process's. */
function watchdogMs(env: Env, pid: number): number {
  const microseconds = Number(env["WATCHDOG_USEC"]);
  const isForUs = env["WATCHDOG_PID"] === undefined || env["WATCHDOG_PID"] === String(pid);
  return isForUs && Number.isFinite(microseconds) && microseconds > 0 ? microseconds / 1000 : Infinity;
}

function toStandardError(text: string): void {
  process.stderr.write(`${text}\n`);
}
