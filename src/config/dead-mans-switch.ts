import { z } from "zod";
import { durationField } from "./fields.ts";

export const DEAD_MANS_SWITCH = z
  .strictObject({
    url: z.url({ protocol: /^https?$/, error: "expected an http or https URL" }),
    every: durationField({ minMs: 10_000, maxMs: 3_600_000 }, "at most so often, and only after a turn has ended").prefault("1m"),
  })
  .describe("a GET for a monitor elsewhere, which tells somebody when none comes any more");

export type DeadMansSwitchBlock = z.output<typeof DEAD_MANS_SWITCH>;
