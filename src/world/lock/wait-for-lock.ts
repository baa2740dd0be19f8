import { failure, type Outcome } from "../../core/outcome.ts";
import { pause } from "../clock/pause.ts";
import { addressOf, tryKernelLock, type KernelLock, type LockFailure, type LockOptions } from "./kernel-lock.ts";
import { meetHolder, type Meeting } from "./lock-holder.ts";

export interface LockWait extends LockOptions {
  /** After so long the answer is `held`; up to a second more where the holder is too busy to say who it is. */
  readonly deadlineMs: number;
  /** Told at every attempt who has the lock; `give-up` ends the waiting at once. Left out: everybody is waited for. */
  readonly onHeld?: (answer: string | null) => "wait" | "give-up";
}

/** A meeting that ended sooner woke nobody from a wait: the holder had no room, or turns are very short. */
const SHORT_MEETING_MS = 100;
const RETRY_MS = { least: 5, spread: 40 };
const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * Takes the lock as soon as it is free: woken by the end of the connection to its holder, whether that gave it back or
 * died. Nothing is polled as long as the holder has room for the asker. Who of several waiters is next is left to chance.
 */
export async function waitForKernelLock(options: LockWait): Promise<Outcome<KernelLock, LockFailure>> {
  const endMs = performance.now() + options.deadlineMs;
  for (;;) {
    const taken = await tryKernelLock(options);
    if (taken !== null) return taken;
    const meeting = await meetHolder(addressOf(options));
    const metAtMs = performance.now();
    const wish = meeting.turnedAway ? "wait" : (options.onHeld?.(meeting.answer) ?? "wait");
    if (wish === "wait" && metAtMs < endMs) await untilOver(meeting, endMs - metAtMs);
    meeting.leave();
    if (wish === "give-up" || metAtMs >= endMs) return failure({ kind: "held", answer: meeting.answer });
    if (performance.now() - metAtMs < SHORT_MEETING_MS) await pause(RETRY_MS.least + Math.random() * RETRY_MS.spread);
  }
}

async function untilOver(meeting: Meeting, atMostMs: number): Promise<void> {
  const woken = new AbortController();
  await Promise.race([meeting.over, pause(Math.min(atMostMs, TIMER_MS_MAX), woken.signal)]);
  woken.abort();
}
