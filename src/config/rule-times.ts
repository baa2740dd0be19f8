import type { Compiled } from "./compiled.ts";
import { healTimes, type Span } from "./heal-times.ts";
import { surroundings } from "./heal-times-table.ts";
import type { Observed } from "./observed.ts";
import { reckonRules } from "./rule-cases.ts";
import type { Selection } from "./selection.ts";
import { volumesFor } from "./volumes.ts";

/** One row of the table as data, for `--json`. */
export interface RuleTimes {
  readonly strategy: string;
  readonly rule: string;
  readonly alone_ms: Span;
  readonly crowded_ms: number;
  readonly recovered_ms: Span;
  readonly open_ms: Span;
}

export function ruleTimes(compiled: Compiled, selection: Selection | null, observed: Observed): readonly RuleTimes[] {
  return compiled.strategies.flatMap((strategy) => {
    const groups = selection?.chosen.find((one) => one.strategy === strategy)?.groups ?? null;
    const around = surroundings(compiled, strategy, groups);
    return reckonRules(compiled, strategy, volumesFor(strategy, observed)).flatMap(({ rule, case: reckoned }) => {
      if (reckoned === null) return [];
      const { aloneMs, crowdedMs, recoveredMs, openMs } = healTimes(reckoned, around);
      const row = { strategy: strategy.name, rule: rule.key };
      return [
        {
          ...row,
          alone_ms: rounded(aloneMs),
          crowded_ms: Math.round(crowdedMs),
          recovered_ms: rounded(recoveredMs),
          open_ms: rounded(openMs),
        },
      ];
    });
  });
}

function rounded({ best, worst }: Span): Span {
  return { best: Math.round(best), worst: Math.round(worst) };
}
