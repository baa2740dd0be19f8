import { z } from "zod";
import { ASKED_OVER_HTTP, httpUrl } from "./queue-param-schemas.ts";

const QUERY_LENGTH_MAX = 2000; // it travels in a URL, which proxies cut at 8 KB

/** What is asked, in the words of the configuration, and what of it is about outcomes. */
export const FIGURES = ["completed", "failed", "pending", "running", "oldest_age"] as const;
export type Figure = (typeof FIGURES)[number];

/** What stands under `queues:` with `type: prometheus`. Durations come out as ms. */
export const PrometheusQueueParams = z
  .strictObject({
    type: z.literal("prometheus"),
    url: httpUrl("the Prometheus server; /api/v1/query is added"),
    completed: query("PromQL: tasks done well since the start of whoever counts, a counter; best summed by worker"),
    failed: query("PromQL: tasks that failed, likewise"),
    pending: query("PromQL: tasks that wait now, one number"),
    running: query("PromQL: tasks in hand now, one number or by worker"),
    oldest_age: query("PromQL: how long the oldest waiting task has waited, in seconds, one number"),
    worker_label: z
      .string("expected the name of a label")
      .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "expected the name of a label")
      .optional()
      .describe("the label that names the worker; left out: the only one there is"),
    ...ASKED_OVER_HTTP,
  })
  .superRefine((params, context) => {
    const refuse = (key: Figure, message: string): void => context.addIssue({ code: "custom", path: [key], message });
    const [completed, failed] = [params.completed !== undefined, params.failed !== undefined];
    if (completed !== failed) refuse(completed ? "failed" : "completed", ONE_OF_TWO);
    if (FIGURES.every((figure) => params[figure] === undefined)) refuse("completed", `is missing; expected one of ${FIGURES.join(", ")}`);
  });

const ONE_OF_TWO = "is missing; with only one of completed and failed every success rate would be 0 % or 100 %";

export type PrometheusQueueParams = z.infer<typeof PrometheusQueueParams>;

function query(summary: string): z.ZodOptional<z.ZodString> {
  const expected = "expected a PromQL query";
  return z
    .string(expected)
    .regex(/\S/, expected)
    .max(QUERY_LENGTH_MAX, `${expected} of at most ${QUERY_LENGTH_MAX} characters; a recording rule gives a long one a name`)
    .optional()
    .describe(summary);
}
