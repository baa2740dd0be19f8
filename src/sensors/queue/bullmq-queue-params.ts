import { z } from "zod";
import { readRedisUrl } from "../../world/bullmq/redis-address.ts";
import { ASKED } from "./queue-param-schemas.ts";

const TEXT_MAX = 200;
const URL_TYPE = "expected the URL of a Redis, such as redis://127.0.0.1:6379";
const NAME_EXPECTED = "expected the queue's name as in new Queue(NAME): text without a colon";
const PREFIX_EXPECTED = "expected the prefix of BullMQ's keys, as in new Queue(NAME, {prefix})";

/** What stands under `queues:` with `type: bullmq`. Durations come out as ms. */
export const BullmqQueueParams = z.strictObject({
  type: z.literal("bullmq"),
  url: z
    .string(URL_TYPE)
    .superRefine((text, context) => {
      const address = readRedisUrl(text);
      if (!address.ok) context.addIssue({ code: "custom", message: address.error });
    })
    .describe("the Redis that BullMQ uses: redis:// or rediss:// (TLS), user and password, host, port, and the number of the database"),
  name: z
    .string(NAME_EXPECTED)
    .regex(/^[^:\p{Cc}]+$/u, NAME_EXPECTED)
    .max(TEXT_MAX, NAME_EXPECTED)
    .describe("the queue's name, as in new Queue(NAME)"),
  prefix: z
    .string(PREFIX_EXPECTED)
    .regex(/^[^\p{Cc}]+$/u, PREFIX_EXPECTED)
    .max(TEXT_MAX, PREFIX_EXPECTED)
    .default("bull")
    .describe("what BullMQ's keys begin with"),
  ...ASKED,
});

export type BullmqQueueParams = z.infer<typeof BullmqQueueParams>;
