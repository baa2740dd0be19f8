import type { Host } from "./host.ts";
import type { Transport } from "./reporter.ts";
import { inWords, type Tally } from "./tally.ts";

const VERSION = 1;

/**
 * One custom metric among those PM2 keeps for the worker (`pm2_env.axm_monitor`): healer reads it with the list it reads
 * anyway, `pm2 describe` shows its `value`. `pid` ties it to this process, because PM2 files a metric under the worker's
 * number, and one of the process before may still be on its way.
 */
export function overPm2(host: Host): Transport {
  return (tally, { closed }) =>
    new Promise((resolve) => {
      // PM2's own wrapper in cluster mode drops the message, callback and all, where the channel is gone.
      if (host.connected !== true) return resolve(false);
      const message = { type: "axm:monitor", data: { healer: reportOf(tally, host.pid, closed) } };
      try {
        // Without a callback Node emits the failure as an error of the process, which ends it.
        const send = host.send as SendWithCallback | undefined;
        send?.call(host, message, undefined, undefined, (error) => resolve(error === null || error === undefined));
      } catch {
        resolve(false);
      }
    });
}

type SendWithCallback = (message: unknown, handle: undefined, options: undefined, callback: (error?: unknown) => void) => void;

function reportOf(tally: Tally, pid: number, closed: boolean): Readonly<Record<string, unknown>> {
  const { ok, failed, beats, loopDelayMs } = tally;
  return { value: inWords(tally), v: VERSION, pid, ok, failed, beats, loopDelayMs, ...(closed ? { closed } : {}) };
}
