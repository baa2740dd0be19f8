import { formatDuration } from "../core/quantities.ts";
import { tellsWorkersApart } from "../core/worker-template.ts";
import type { ProbePace } from "./probe-ring.ts";
import type { RuleAdvice, Scene } from "./rule.ts";

const ANSWERS_A_PROBE = 5; // a timeout of a fifth of the pace leaves room for slow answers and never runs into the next

/** Times that are valid of any probe and still tell little, or too much. */
export function adviseTimes({ every, timeout, failures }: ProbePace): readonly RuleAdvice[] {
  const slow = `${formatDuration(timeout)} is as long as every (${formatDuration(every)}): a probe without an answer puts the next one off`;
  const rash = `${failures.bad} of ${failures.of}: one late answer restarts a worker`;
  return [
    ...(timeout >= every
      ? [{ key: "timeout", message: slow, write: formatDuration(Math.max(50, Math.floor(every / ANSWERS_A_PROBE))) }]
      : []),
    ...(failures.bad === 1 ? [{ key: "failures", message: rash, write: "3 of 5" }] : []),
  ];
}

/** The first group in which several workers would be asked the same, and how many they are; null = each is asked its own. */
export function sameForAll(
  templates: readonly string[],
  groups: Scene["groups"],
): { readonly group: string; readonly count: number } | null {
  const several = [...groups].find(([, rows]) => rows.length > 1);
  if (several === undefined || tellsWorkersApart(templates)) return null;
  return { group: several[0], count: several[1].length };
}
