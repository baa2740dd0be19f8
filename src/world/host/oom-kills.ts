import { readFileSync } from "node:fs";

/**
 * How many processes the kernel's OOM killer has ended since the machine started (`oom_kill` of /proc/vmstat: of the whole machine
 * and of every cgroup's limit; in a container, the host's). null = not Linux, or a kernel that does not count (before 4.13).
 */
export function readOomKills(): number | null {
  try {
    const found = /^oom_kill (\d+)$/m.exec(readFileSync("/proc/vmstat", "latin1"));
    return found === null ? null : Number(found[1]);
  } catch {
    return null;
  }
}
