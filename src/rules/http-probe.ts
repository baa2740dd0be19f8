import { z } from "zod";
import { formatDuration, type StatusRange } from "../core/quantities.ts";
import { statusRanges, workerUrl } from "./param-schemas.ts";
import { adviseTimes, sameForAll } from "./probe-advice.ts";
import { expectedHeaders, probePace, probeTime, requestHeaders, startup, textPattern } from "./probe-params.ts";
import type { ProbePace } from "./probe-ring.ts";
import { defineProbe } from "./probe-rule.ts";
import { shownText } from "./probe-subject.ts";
import type { RuleAdvice, Scene } from "./rule.ts";

/** As `sensors/http-probes` reads them too: durations in ms, `expect` as ranges of status codes. */
interface HttpProbeParams extends ProbePace {
  readonly url: string;
  readonly expect: readonly StatusRange[];
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly expect_header?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  readonly slower_than?: number | undefined;
}

/** Too many of the last answers of a worker's HTTP address were bad. A probe that could not be sent is not an answer. */
export const httpProbe = defineProbe<HttpProbeParams>({
  name: "http-probe",
  summary: "too many of the last answers of url were bad: wrong status, header or body, too slow, none in time, or no connection",
  params: z.strictObject({
    url: workerUrl(),
    ...probePace({ every: "10s", timeout: "2s" }),
    expect: statusRanges().prefault("200-399"),
    startup: startup(),
    headers: requestHeaders().optional(),
    expect_header: expectedHeaders().optional(),
    body: textPattern().optional(),
    slower_than: probeTime().optional(),
  }),
  secrets: ["headers"],
  subject: ({ url }, row) => shownText(url, row),
  ends: { soonest: "refused at once", latest: "silent for" },
  advise: (params, { groups }) => [...sameAddress(params, groups), ...adviseTimes(params), ...neverSlow(params)],
});

/** Workers of a cluster share their port, so nine answers of ten come from the healthy ones. */
function sameAddress({ url }: HttpProbeParams, groups: Scene["groups"]): readonly RuleAdvice[] {
  const same = sameForAll([url], groups);
  if (same === null) return [];
  const message = `the same address for all ${same.count} workers of ${same.group}: it does not tell which one is ill; put {env.PORT} or {instance} into it`;
  return [{ key: "url", message, write: null }];
}

function neverSlow({ slower_than: slowerThan, timeout }: HttpProbeParams): readonly RuleAdvice[] {
  if (slowerThan === undefined || slowerThan < timeout) return [];
  const message = `${formatDuration(slowerThan)} is no less than timeout (${formatDuration(timeout)}): an answer that slow is given up before it can be called slow`;
  return [{ key: "slower_than", message, write: formatDuration(Math.max(50, Math.floor(timeout / 2))) }];
}
