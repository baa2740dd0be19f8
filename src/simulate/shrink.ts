import { runWorld } from "./run-world.ts";
import type { Fault, WorldSpec } from "./world-spec.ts";

const RUNS_MAX = 400;

/**
 * Delta debugging (Zeller, Hildebrandt 2002): the fewest faults of a world with which it still breaks the same invariant. The
 * world itself stays as it was drawn, because its own chance does not depend on its faults.
 */
export function shrink(spec: WorldSpec, violation: string): WorldSpec {
  const invariant = violation.slice(0, violation.indexOf(":"));
  let runs = 0;
  const stillBreaks = (faults: readonly Fault[]): boolean =>
    runs++ < RUNS_MAX && (runWorld({ ...spec, faults }).violation?.startsWith(`${invariant}:`) ?? false);
  let faults = spec.faults;
  for (let chunk = Math.ceil(faults.length / 2); chunk >= 1; chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)) {
    for (let from = 0; from < faults.length;) {
      const fewer = [...faults.slice(0, from), ...faults.slice(from + chunk)];
      if (stillBreaks(fewer)) faults = fewer;
      else from += chunk;
    }
  }
  return { ...spec, faults };
}
