export interface Deadline {
  cancel(): void;
}

/**
 * A timer that fires late says that healer itself could not run (a stall, a stopped process), not that nobody answered:
 * then the answer may lie unread in the socket, and the full time is given once more.
 */
export function startDeadline(timeoutMs: number, expired: () => void): Deadline {
  const dueAtMs = performance.now() + timeoutMs;
  let timer = setTimeout(() => {
    const lateMs = performance.now() - dueAtMs;
    if (lateMs < Math.max(LATE_MS, timeoutMs / 4)) expired();
    else timer = setTimeout(expired, timeoutMs);
  }, timeoutMs);
  return { cancel: () => clearTimeout(timer) };
}

const LATE_MS = 250; // a busy but living event loop is tens of milliseconds late
