import { expect, test } from "vitest";
import { bullmqQueue } from "../../src/sensors/bullmq-queue.ts";

const VALID = { type: "bullmq", url: "redis://127.0.0.1:6379", name: "emails" };

test("a URL and a name suffice; BullMQ's prefix is bull", () => {
  expect(bullmqQueue.params.parse(VALID)).toEqual({ ...VALID, prefix: "bull", timeout: 5_000 });
});

test.each([
  ["an unknown key", { queue: "x" }, /queue/],
  ["no URL", { url: undefined }, /expected the URL of a Redis/],
  ["the URL of a web server", { url: "http://127.0.0.1:6379" }, /expected a URL such as redis:/],
  ["no name", { name: undefined }, /expected the queue's name/],
  ["an empty name", { name: "" }, /expected the queue's name/],
  ["a name that is a key", { name: "bull:emails" }, /without a colon/],
  ["a name that is a number", { name: 7 }, /expected the queue's name/],
  ["an empty prefix", { prefix: "" }, /expected the prefix/],
  ["milliseconds where seconds belong", { timeout: 3000 }, /did you mean 3s\?/],
  ["a worker key, which no event of BullMQ's has", { worker_key: "pid" }, /worker_key/],
])("%s in the configuration is refused", (_, part, expected) => {
  expect(bullmqQueue.params.safeParse(VALID).success).toBe(true);
  const parsed = bullmqQueue.params.safeParse({ ...VALID, ...part });
  expect(parsed.success).toBe(false);
  expect(parsed.error?.message).toMatch(expected);
});
