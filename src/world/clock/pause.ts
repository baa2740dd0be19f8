import { setTimeout as wait } from "node:timers/promises";

/** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, signal === undefined ? {} : { signal });
  } catch {
    return; // `wait` rejects for one reason only: the signal
  }
}
