import { z } from "zod";
import { parseStatusRanges } from "../core/quantities.ts";
import { durationField } from "./fields.ts";

const URL_EXPECTED = 'expected an address such as "http://db-proxy:8080/health"';

/**
 * `dependency_probe` of a strategy: an address that answers well while what all its workers need is there. One probe for
 * all of them, so that nothing in it can be a worker's own.
 */
export const DEPENDENCY_PROBE = z
  .strictObject({
    url: z
      .string()
      .max(2000)
      .superRefine((url, context) => {
        const placeholder = /\{[^{}]*\}/.exec(url)?.[0];
        if (placeholder !== undefined)
          context.addIssue({ code: "custom", message: `${placeholder} is a worker's own; one probe speaks for all workers of a strategy` });
        else if (!/^https?:\/\/[^\s/]+/.test(url) || !URL.canParse(url)) context.addIssue({ code: "custom", message: URL_EXPECTED });
      })
      .meta({ description: "http:// or https:// address of what all the workers need" }),
    every: durationField({ minMs: 1000, maxMs: 300_000 }, "how often to ask").prefault("10s"),
    timeout: durationField({ minMs: 50, maxMs: 60_000 }, "for the whole answer").prefault("2s"),
    expect: z
      .union([z.string().max(200), z.number(), z.array(z.union([z.string().max(200), z.number()])).max(20)])
      .transform((value, context) => {
        const parsed = parseStatusRanges(value);
        if (parsed.ok) return parsed.value;
        context.addIssue({ code: "custom", message: `expected ${parsed.error}` });
        return z.NEVER;
      })
      .prefault("200-399")
      .meta({ description: "HTTP status codes: 200-399, 204, or 200-299,401" }),
  })
  .describe("an HTTP probe of what all these workers need; while it fails none of them is restarted");

export type DependencyProbe = z.output<typeof DEPENDENCY_PROBE>;
