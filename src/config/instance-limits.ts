import type { Compiled } from "./compiled.ts";
import { formatPath, type ConfigPath, type ConfigProblem } from "./config-error.ts";
import type { Selection } from "./selection.ts";

/**
 * `max_workers` below what PM2 is configured to run of an app: an error, for PM2 would start what healer ends. Where it was
 * inherited the place is the strategy's, which can say another number.
 */
export function noteInstances(compiled: Compiled, { chosen }: Selection): readonly ConfigProblem[] {
  return chosen.flatMap(({ strategy, groups }) => {
    const { maxWorkers } = strategy.knobs;
    if (maxWorkers === null) return [];
    const path: ConfigPath = [...strategy.path, "max_workers"];
    return [...groups].flatMap(([group, rows]) => {
      const configured = Math.max(...rows.map(({ configuredInstances }) => configuredInstances));
      if (configured <= maxWorkers) return [];
      const message = `${maxWorkers} is less than the ${configured} instances PM2 is configured to run of ${group}: nothing would be trimmed`;
      return [{ ...compiled.place(path), path: formatPath(path), message }];
    });
  });
}

/** `trim_outside` where nobody counts. */
export function whyIdleTrim(strategy: Compiled["strategies"][number]): string | null {
  if (strategy.knobs.maxWorkers !== null || strategy.knobs.trimOutside === "none") return null;
  return `${strategy.knobs.trimOutside} without max_workers: copies are only ended where they keep a worker of PM2's from running; say max_workers to have them trimmed`;
}
