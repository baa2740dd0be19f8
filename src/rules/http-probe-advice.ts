import { formatDuration } from "../core/quantities.ts";
import type { HttpProbeParams } from "./http-probe.ts";
import type { RuleAdvice, Scene } from "./rule.ts";

const ANSWERS_A_PROBE = 5; // a timeout of a fifth of the pace leaves room for slow answers and never runs into the next

/** What is valid of a probe and still tells little, or too much. */
export function adviseProbe(params: HttpProbeParams, { groups }: Scene): readonly RuleAdvice[] {
  return [...sameAddress(params, groups), ...badTimes(params)];
}

/** Workers of a cluster share their port, so nine answers of ten come from the healthy ones. */
function sameAddress({ url }: HttpProbeParams, groups: Scene["groups"]): readonly RuleAdvice[] {
  const several = [...groups].find(([, rows]) => rows.length > 1);
  if (several === undefined || /\{(env\.|instance|pm_id)/.test(url)) return [];
  const [group, rows] = several;
  const message = `the same address for all ${rows.length} workers of ${group}: it does not tell which one is ill; put {env.PORT} or {instance} into it`;
  return [{ key: "url", message, write: null }];
}

function badTimes({ every, timeout, failures }: HttpProbeParams): readonly RuleAdvice[] {
  const slow = `${formatDuration(timeout)} is as long as every (${formatDuration(every)}): a probe without an answer puts the next one off`;
  const rash = `${failures.bad} of ${failures.of}: one late answer restarts a worker`;
  return [
    ...(timeout >= every
      ? [{ key: "timeout", message: slow, write: formatDuration(Math.max(50, Math.floor(every / ANSWERS_A_PROBE))) }]
      : []),
    ...(failures.bad === 1 ? [{ key: "failures", message: rash, write: "3 of 5" }] : []),
  ];
}
