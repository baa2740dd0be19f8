import type { z } from "zod";
import type { AnswerName } from "./answers.ts";
import { HealBody, HeartbeatBody, NotifyTestBody, OutcomesBody, PauseBody, PlainBody, TrimBody } from "./bodies.ts";

/** One path of the interface. `{id}` stands for a part of it that is URL-encoded. */
export interface Endpoint {
  readonly method: "get" | "post";
  readonly path: string;
  readonly does: string;
  /** Names of the query; those with a `!` are required. */
  readonly query?: readonly string[];
  readonly body?: z.ZodType;
  /** JSON of that shape, or text of a media type. */
  readonly answers: AnswerName | "text/plain" | "text/event-stream" | "application/json";
  readonly errors: readonly number[];
}

const COMMAND = { method: "post", answers: "CommandReply", errors: [400, 401, 403, 409, 413, 415, 429, 504] } as const;
const REPORT = { method: "post", answers: "Done", errors: [400, 401, 403, 413, 415, 429] } as const;
const READ = { method: "get", errors: [403, 429] } as const;
const FIND = { method: "get", errors: [400, 403, 404, 429] } as const;

/** Everything there is but the dashboard's files. The paths of `/`, the OpenAPI document and the check of the docs come from here. */
export const ENDPOINTS: readonly Endpoint[] = [
  { ...READ, path: "/", does: "the dashboard for a browser, these paths for others", answers: "Paths" },
  { ...READ, path: "/healthz", does: "200 while turns end, else 503", answers: "Done", errors: [403, 503] },
  { ...READ, path: "/readyz", does: "200 once PM2 has been listed, else 503", answers: "Done", errors: [403, 503] },
  { ...READ, path: "/metrics", does: "Prometheus text", answers: "text/plain" },
  { ...READ, path: "/api/openapi.json", does: "this document", answers: "application/json" },
  { ...READ, path: "/api/status", does: "the whole status", answers: "Status" },
  { ...READ, path: "/api/config", does: "the configuration in force, without secrets", answers: "Config" },
  { ...FIND, path: "/api/targets/{id}", does: "one target, and why it is (not) healed", answers: "Target" },
  { ...FIND, path: "/api/heals", does: "the newest records, at most 1,000", query: ["since"], answers: "Records" },
  { ...FIND, path: "/api/history", does: "figures over time", query: ["target!", "since"], answers: "Curve" },
  { ...FIND, path: "/api/evidence/{id}", does: "what was seen right before a heal", answers: "Evidence" },
  {
    ...READ,
    path: "/api/stream",
    does: "each record as it is written; with fleet=1 each turn as well",
    query: ["fleet", "last_event_id"],
    answers: "text/event-stream",
    errors: [403, 429, 503],
  },
  { ...COMMAND, path: "/api/targets/{id}/heal", does: "heals it, through the guards", body: HealBody },
  { ...COMMAND, path: "/api/targets/{id}/trim", does: "ends workers too many of a group", body: TrimBody },
  { ...COMMAND, path: "/api/targets/{id}/pause", does: "leaves it alone for a while", body: PauseBody },
  { ...COMMAND, path: "/api/targets/{id}/resume", does: "ends a pause", body: PlainBody },
  { ...COMMAND, path: "/api/targets/{id}/reset", does: "closes an open circuit", body: PlainBody },
  { ...COMMAND, path: "/api/pause", does: "leaves everything alone for a while", body: PauseBody },
  { ...COMMAND, path: "/api/resume", does: "ends the pause of everything", body: PlainBody },
  { ...COMMAND, path: "/api/notify/test", does: "a test message through each channel", body: NotifyTestBody, answers: "ChannelTrials" },
  { ...REPORT, path: "/api/outcomes", does: "tasks a worker has finished", body: OutcomesBody },
  { ...REPORT, path: "/api/heartbeat", does: "a worker lives", body: HeartbeatBody },
];
