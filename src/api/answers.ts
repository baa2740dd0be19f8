import { z } from "zod";
import type { CommandReply, Curve } from "../daemon/status.ts";

/** Shapes of answers, by the name they have in the OpenAPI document. What has a type of its own in the sources is only pointed at. */
export const ANSWERS = {
  Error: z.strictObject({ error: z.string() }),
  Done: z.strictObject({ ok: z.literal(true) }),
  CommandReply: z.strictObject({
    code: z.literal([0, 2, 4]),
    text: z.string(),
    heal_id: z.string().nullable(),
    error: z.string().optional(),
  }) satisfies z.ZodType<Pick<CommandReply, "code" | "text">>,
  ChannelTrials: z.strictObject({
    channels: z.array(z.strictObject({ channel: z.string(), took_ms: z.number(), error: z.string().nullable() })),
  }),
  Records: z.strictObject({
    records: z.array(z.looseObject({ ts: z.string(), event: z.string(), target: z.string(), reason: z.string() })),
  }),
  Curve: z.strictObject({
    target: z.string(),
    step_s: z.number(),
    at: z.array(z.number()),
    series: z.record(z.string(), z.array(z.number().nullable())),
  }) satisfies z.ZodType<Curve>,
  Paths: z.strictObject({ healer: z.string(), paths: z.array(z.string()) }),
  Status: z.looseObject({ targets: z.array(z.looseObject({ id: z.string() })) }).describe("DaemonStatus in src/daemon/status.ts"),
  Target: z
    .looseObject({ status: z.looseObject({}).nullable(), explain: z.looseObject({ target: z.string() }) })
    .describe("TargetStatus in src/core/status.ts, Explanation in src/core/explain.ts; docs/http-api.md"),
  Config: z.looseObject({ settings: z.array(z.looseObject({ path: z.string() })) }).describe("ShownConfig in src/daemon/status.ts"),
  Evidence: z.strictObject({ evidence: z.array(z.looseObject({})) }).describe("Evidence in src/record/evidence.ts"),
};

export type AnswerName = keyof typeof ANSWERS;
