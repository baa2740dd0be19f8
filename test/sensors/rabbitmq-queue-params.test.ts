import { expect, test } from "vitest";
import { rabbitmqQueue } from "../../src/sensors/rabbitmq-queue.ts";

const VALID = { type: "rabbitmq", url: "http://127.0.0.1:15672", queue: "orders" };
const SETTINGS = { name: "q", strategies: [], intervalMs: 2_000 };

test("a URL and a queue suffice; the virtual host is /", () => {
  expect(rabbitmqQueue.params.parse(VALID)).toEqual({ ...VALID, vhost: "/", headers: {}, timeout: 5_000 });
});

test.each([
  ["an unknown key", { name: "x" }, /name/],
  ["no URL", { url: undefined }, /expected an http or https URL/],
  ["the URL that its workers use", { url: "amqp://127.0.0.1:5672" }, /expected an http or https URL/],
  ["no queue", { queue: undefined }, /expected a name of 1 to 255 characters/],
  ["an empty queue", { queue: "" }, /expected a name of 1 to 255 characters/],
  ["a queue that is a number", { queue: 7 }, /expected a name of 1 to 255 characters/],
  ["a queue with a line break", { queue: "a\nb" }, /expected a name of 1 to 255 characters/],
  ["a dead-letter queue that is the queue", { dead_letter_queue: "orders" }, /expected another queue than the one that is worked off/],
  ["a user without a password", { username: "healer" }, /is missing; expected username and password, or neither/],
  ["a password without a user", { password: "x" }, /is missing; expected username and password, or neither/],
  ["a user with a colon", { username: "a:b", password: "x" }, /without a colon/],
  ["milliseconds where seconds belong", { timeout: 3000 }, /did you mean 3s\?/],
  ["a worker key, which no figure of RabbitMQ's has", { worker_key: "pid" }, /worker_key/],
])("%s in the configuration is refused", (_, part, expected) => {
  expect(rabbitmqQueue.params.safeParse(VALID).success).toBe(true);
  const parsed = rabbitmqQueue.params.safeParse({ ...VALID, ...part });
  expect(parsed.success).toBe(false);
  expect(parsed.error?.message).toMatch(expected);
});

test("it is asked every five seconds, or as said, and has time for two answers in a row", () => {
  const made = (part: object) => rabbitmqQueue.create(rabbitmqQueue.params.parse({ ...VALID, ...part }), SETTINGS);
  expect([made({}), made({ every: "10s" })].map(({ everyMs }) => everyMs)).toEqual([5_000, 10_000]);
  expect(made({ timeout: "3s" }).timeoutMs).toBeGreaterThan(6_000);
});
