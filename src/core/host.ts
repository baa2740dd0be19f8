import type { Answer, Candidate } from "./guards.ts";
import type { Observation } from "./observation.ts";
import { afterwards, holdsForHost, isAboutWork, isQuiet, notePressure, pressuresNow } from "./pressure.ts";
import { formatBytes } from "./quantities.ts";
import type { State } from "./state.ts";
import type { HostLimits } from "./strategy.ts";
import type { Turn } from "./turn.ts";

type HostReading = Extract<Observation, { kind: "host" }>;

/** What the machine itself has left: told where it is little. */
export function fileHost(turn: Turn, reading: HostReading): void {
  const limits = turn.state.policy.machine?.host ?? null;
  if (limits === null) return;
  for (const [part, reason] of Object.entries(hostTroubles(reading, limits)))
    notePressure(turn, `host:${part}`, { reason, atMs: reading.atMs, event: "alert" });
}

function hostTroubles({ memory, disk, loadPerCore }: HostReading, limits: HostLimits): Readonly<Record<string, string | null>> {
  const share = (what: string, left: { freeBytes: number; totalBytes: number } | null, leastPercent: number): string | null => {
    if (left === null || left.freeBytes >= (left.totalBytes * leastPercent) / 100) return null;
    const percent = ((100 * left.freeBytes) / left.totalBytes).toFixed(1);
    return `${what}: ${formatBytes(left.freeBytes)} of ${formatBytes(left.totalBytes)} left (${percent} %), less than ${leastPercent} %`;
  };
  const { loadPerCoreMax } = limits;
  const isLoaded = loadPerCore !== null && loadPerCoreMax !== null && loadPerCore > loadPerCoreMax;
  return {
    memory: share("the machine's memory", memory, limits.memoryPercentMin),
    disk: share("the disk that holds healer's records", disk, limits.diskPercentMin),
    load: isLoaded ? `the machine's load: ${loadPerCore.toFixed(1)} per core over a minute, more than ${loadPerCoreMax}` : null,
  };
}

/** Nothing is known of the machine any more. */
export function loseHost({ machine: { pressures } }: State): void {
  for (const part of pressures.keys()) if (part.startsWith("host:")) pressures.delete(part);
}

/** The guard `host`, where `host: {hold: true}`: what goes badly may go badly for that reason, and no restart mends it. */
export function askHost(state: State, candidate: Candidate): Answer {
  if (!holdsForHost(state) || !isAboutWork(candidate)) return null;
  const [first] = pressuresNow(state, "host:");
  if (first !== undefined)
    return { reason: `${first.reason}; a restart would not mend that`, untilMs: null, flip: "there is enough again" };
  const over = [...state.machine.pressures].find(
    ([part, { overAtMs }]) => part.startsWith("host:") && isQuiet(state, overAtMs, candidate.strategy),
  );
  return over === undefined ? null : afterwards(state, candidate, over[1]);
}
