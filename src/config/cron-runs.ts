import { Cron } from "croner";

const PATTERNS_MAX = 1_000;

/**
 * When PM2's cron patterns were last due: `(pattern, wallMs)` answers with the newest run at or before `wallMs`, to the second, in
 * this machine's time zone; null = none, or no pattern. PM2 itself runs them with the same package, in its own time zone.
 */
export function cronRuns(): (pattern: string, wallMs: number) => number | null {
  const jobs = new Map<string, Cron | null>();
  return (pattern, wallMs) => {
    if (!jobs.has(pattern)) {
      if (jobs.size >= PATTERNS_MAX) jobs.clear();
      jobs.set(pattern, jobOf(pattern));
    }
    return (
      jobs
        .get(pattern)
        ?.previousRuns(1, new Date(wallMs + 1))[0]
        ?.getTime() ?? null
    );
  };
}

/** Nothing is ever run by it. */
function jobOf(pattern: string): Cron | null {
  try {
    return new Cron(pattern, { paused: true });
  } catch {
    return null;
  }
}
