import type { Message, Notifier } from "../../notifiers/notifier.ts";
import { pause } from "../../world/clock/pause.ts";

export interface DeliverOptions {
  readonly limits: { readonly sendTimeoutMs: number; readonly retryBaseMs: number; readonly retryMaxMs: number };
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Asked after each failure. */
  readonly isTooOld: () => boolean;
}

/** Tries until it is told, refused or too old. Null once it is told; else why not. */
export async function deliver(notifier: Notifier, message: Message, options: DeliverOptions): Promise<string | null> {
  const { limits, signal, isTooOld } = options;
  for (let attempt = 1; ; attempt++) {
    const sent = await notifier.send(message, AbortSignal.any([signal, AbortSignal.timeout(limits.sendTimeoutMs)]));
    if (sent.ok) return null;
    if (!sent.error.retryable || isTooOld() || signal.aborted) return sent.error.message;
    await pause(backoffMs(attempt, options), signal);
  }
}

const DOUBLINGS_MAX = 20;

/** Full jitter over the upper half, so that channels that failed together do not come back together. */
export function backoffMs(attempt: number, { limits, random }: Pick<DeliverOptions, "limits" | "random">): number {
  const fullMs = Math.min(limits.retryMaxMs, limits.retryBaseMs * 2 ** Math.min(attempt - 1, DOUBLINGS_MAX));
  return fullMs * (0.5 + 0.5 * random());
}
