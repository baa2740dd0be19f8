import { z } from "zod";
import { adviseTimes, sameForAll } from "./probe-advice.ts";
import { probePace, startup, workerHost, workerPort } from "./probe-params.ts";
import type { ProbePace } from "./probe-ring.ts";
import { defineProbe } from "./probe-rule.ts";
import { shownText } from "./probe-subject.ts";
import type { RuleAdvice, Scene } from "./rule.ts";

/** As `sensors/tcp-probes` reads them too: durations in ms, `port` as text. */
interface TcpProbeParams extends ProbePace {
  readonly host: string;
  readonly port: string;
}

/**
 * Too many of the last connections to a worker's port failed. The kernel accepts for a process that stands still, until its
 * backlog is full: this finds a port that nobody listens on, and `http-probe` finds one that nobody answers on.
 */
export const tcpProbe = defineProbe<TcpProbeParams>({
  name: "tcp-probe",
  summary: "too many of the last connections to port failed: refused, or not made in time",
  params: z.strictObject({
    host: workerHost().prefault("127.0.0.1"),
    port: workerPort(),
    ...probePace({ every: "10s", timeout: "2s" }),
    startup: startup(),
  }),
  subject: ({ host, port }, row) => `${shownText(host.includes(":") ? `[${host}]` : host, row)}:${shownText(port, row)}`,
  ends: { soonest: "refused at once", latest: "silent for" },
  advise: (params, { groups }) => [...samePort(params, groups), ...adviseTimes(params)],
});

function samePort({ host, port }: TcpProbeParams, groups: Scene["groups"]): readonly RuleAdvice[] {
  const same = sameForAll([host, port], groups);
  if (same === null) return [];
  const message = `the same port for all ${same.count} workers of ${same.group}: whoever still listens answers for the others; write {env.PORT}`;
  return [{ key: "port", message, write: null }];
}
