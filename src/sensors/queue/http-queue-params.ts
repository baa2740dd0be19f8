import { z } from "zod";
import { ASKED_OVER_HTTP, httpUrl } from "./queue-param-schemas.ts";

const FieldName = z.string().min(1, "expected the server's name of this field").optional();

/** What stands under `queues:` with `type: http`. Durations come out as ms. */
export const HttpQueueParams = z.strictObject({
  type: z.literal("http"),
  url: httpUrl("answers JSON: pending, running or inflight, completed, failed, workers; counts since the server's start"),
  ...ASKED_OVER_HTTP,
  fields: z
    .strictObject({
      total: FieldName,
      pending: FieldName,
      running: FieldName,
      completed: FieldName,
      failed: FieldName,
      workers: FieldName,
      oldest_age_seconds: FieldName,
      results: FieldName,
      id: FieldName,
      task: FieldName,
      worker: FieldName,
      success: FieldName,
      status: FieldName,
    })
    .default({})
    .describe("what the server calls each field, where it differs; a path with dots reaches inside"),
  results: httpUrl("lists recent results, each with an id, a worker, and success or status").optional(),
});

export type HttpQueueParams = z.infer<typeof HttpQueueParams>;
