import { calmDown, sickenOnce } from "./calm.ts";
import { Digest } from "./digest.ts";
import { happen } from "./happen.ts";
import { Violation } from "./invariants/witness.ts";
import { Simulation } from "./simulation.ts";
import type { Tally } from "./tally.ts";
import type { WorldSpec } from "./world-spec.ts";

const HOUR_MS = 3_600_000;

export interface WorldResult {
  readonly seed: number;
  /** What was broken first; null = nothing. */
  readonly violation: string | null;
  /** Virtual time that passed, ms; of it suspended or switched off not counted. */
  readonly livedMs: number;
  readonly tally: Tally;
  /** Of every event and effect; null where none was asked for. */
  readonly digest: string | null;
}

/**
 * Lets a world run from its spec to its end: its hours with all their faults; then calm, in which everything that healer
 * stopped must come back and every intent get its outcome (I8, I17); then one more sickness, which must be healed.
 */
export function runWorld(spec: WorldSpec, options: { digest?: boolean; tell?: (atMs: number, line: string) => void } = {}): WorldResult {
  const digest = options.digest === true ? new Digest() : null;
  const world = new Simulation(spec, digest);
  const { tell } = options;
  if (tell !== undefined) world.onLog = ({ event, target, reason }) => tell(world.timeline.nowMs, `${event} ${target}: ${reason}`);
  const violation = whatBreaks(() => {
    for (const fault of spec.faults) {
      world.timeline.runUntil(fault.atMs);
      tell?.(fault.atMs, `— ${JSON.stringify(fault)}`);
      happen(world, fault);
    }
    world.timeline.runUntil(spec.hours * HOUR_MS);
    calmDown(world);
    sickenOnce(world);
  });
  return { seed: spec.seed, violation, livedMs: world.timeline.nowMs, tally: world.tally, digest: digest?.hex ?? null };
}

/** A bug that throws is a violation as well: healer would have died of it. */
function whatBreaks(run: () => void): string | null {
  try {
    run();
    return null;
  } catch (error) {
    if (error instanceof Violation) return error.message;
    return error instanceof Error ? `a bug: ${error.stack ?? error.message}` : `a bug: ${String(error)}`;
  }
}
