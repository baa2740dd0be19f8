import { z } from "zod";
import { ASKED, HEADERS, httpUrl } from "./queue-param-schemas.ts";

const NAME_LENGTH_MAX = 255; // as AMQP has it

/** What stands under `queues:` with `type: rabbitmq`. Durations come out as ms. */
export const RabbitmqQueueParams = z
  .strictObject({
    type: z.literal("rabbitmq"),
    url: httpUrl("RabbitMQ's management plugin, such as http://127.0.0.1:15672; /api/queues is added"),
    queue: name("the queue's name"),
    vhost: name("its virtual host").default("/"),
    dead_letter_queue: name("the queue that keeps what workers reject; without it nobody can tell what failed").optional(),
    username: z
      .string("expected a user of RabbitMQ")
      .regex(/^[^:\p{Cc}]+$/u, "expected a user of RabbitMQ, without a colon")
      .optional()
      .describe("a user with the tag monitoring or management, and any permission in the virtual host"),
    password: z.string("expected text").optional().describe("of that user"),
    ...ASKED,
    ...HEADERS,
  })
  .superRefine(({ queue, dead_letter_queue: deadLetters, username, password }, context) => {
    const refuse = (key: string, message: string): void => context.addIssue({ code: "custom", path: [key], message });
    if (deadLetters === queue) refuse("dead_letter_queue", "expected another queue than the one that is worked off");
    if ((username === undefined) !== (password === undefined))
      refuse(username === undefined ? "username" : "password", "is missing; expected username and password, or neither");
  });

export type RabbitmqQueueParams = z.infer<typeof RabbitmqQueueParams>;

function name(summary: string): z.ZodString {
  const expected = "expected a name of 1 to 255 characters";
  return z
    .string(expected)
    .regex(/^[^\p{Cc}]+$/u, expected)
    .max(NAME_LENGTH_MAX, expected)
    .describe(summary);
}
