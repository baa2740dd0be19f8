import type { EndOrder } from "../core/effect.ts";
import { pause } from "../world/clock/pause.ts";
import { commandHash } from "../world/processes/command-hash.ts";
import type { EndSignal, ProcessIdentity, Processes } from "../world/processes/processes.ts";

const POLL_MS = 100;
const KILLED_MS = 5_000; // SIGKILL needs no time of the process's own; who is still there after this waits in the kernel

/**
 * Ends processes outside PM2, one after the other, each with what it has started. Looked at once more before the first
 * signal: another process under the same pid, or the same one with another command line by now, is left alone. Answers
 * what went wrong, or null; a process that has ended by itself meanwhile is what was wanted.
 */
export async function endProcesses(processes: Processes, orders: readonly EndOrder[]): Promise<string | null> {
  for (const order of orders) {
    const error = isStill(processes, order) ? await endTree(processes, order) : null;
    if (error !== null) return error;
  }
  return null;
}

function isStill(processes: Processes, { pid, startTicks, commandHash: expected }: EndOrder): boolean {
  const now = processes.brief(pid);
  return now !== null && now.startTicks === startTicks && commandHash(now.argv) === expected;
}

/** The root first: a worker that finishes its task before it ends may need its children for that. Then what it leaves behind. */
async function endTree(processes: Processes, order: EndOrder): Promise<string | null> {
  const tree = processes.snapshot().tree(order.pid);
  const [root] = tree;
  if (root === undefined || root.startTicks !== order.startTicks) return null;
  const told = processes.signal(root, politeSignal(processes, root.pid));
  if (told === "forbidden") return `pid ${root.pid} belongs to another user: not ended`;
  await untilEnded(processes, [root], order.waitMs);
  if (isAlive(processes, root)) processes.signal(root, "SIGKILL");
  const stubborn = await endSurvivors(processes, tree, order.waitMs);
  return stubborn.length === 0 ? null : `would not end: pid ${stubborn.map(({ pid }) => pid).join(", ")}`;
}

/** SIGTERM; but what only cares for SIGINT, as PM2's workers are taught to, is asked with that. */
function politeSignal(processes: Processes, pid: number): EndSignal {
  const catches = processes.details(pid)?.catches ?? [];
  return catches.includes("SIGINT") && !catches.includes("SIGTERM") ? "SIGINT" : "SIGTERM";
}

/** SIGTERM to what is left, leaves first; SIGKILL after the worker's own kill_timeout. Returns who is still there. */
export async function endSurvivors(
  processes: Processes,
  tree: readonly ProcessIdentity[],
  killTimeoutMs: number,
): Promise<readonly ProcessIdentity[]> {
  const leavesFirst = [...tree].reverse();
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const left = leavesFirst.filter((process) => isAlive(processes, process));
    if (left.length === 0) return [];
    const told = left.filter((process) => processes.signal(process, signal) === "sent");
    await untilEnded(processes, told, signal === "SIGTERM" ? killTimeoutMs : KILLED_MS);
  }
  return leavesFirst.filter((process) => isAlive(processes, process));
}

async function untilEnded(processes: Processes, told: readonly ProcessIdentity[], waitMs: number): Promise<void> {
  const deadlineMs = performance.now() + waitMs;
  while (performance.now() < deadlineMs && told.some((process) => isAlive(processes, process))) await pause(POLL_MS);
}

/** A zombie has ended; only its parent has not noticed yet. */
function isAlive(processes: Processes, process: ProcessIdentity): boolean {
  return processes.startTicks(process.pid) === process.startTicks && processes.pulse(process.pid)?.state !== "Z";
}
