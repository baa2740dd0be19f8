import { expect, test } from "vitest";
import { attackedPort, statusOf } from "../support/attacked-port.ts";
import { sealedRecord } from "../support/log-records.ts";
import { until } from "../support/until.ts";

// The limit itself, and one reader that stands still: stream.test.ts.

const STREAMS_MAX = 64;
const CLIENTS = 1_000;
const MB = 1024 * 1024;
const HOST = "Host: 127.0.0.1\r\n";

test("of 1,000 streams 64 are served, the others told to come back or hung up on, and an honest request is answered", async () => {
  const { open, plane, url } = await attackedPort();
  const before = process.memoryUsage().rss;
  const clients = Array.from({ length: CLIENTS }, open);
  for (const { socket } of clients) socket.write(`GET /api/stream?fleet=1 HTTP/1.1\r\n${HOST}\r\n`);
  const streaming = () => clients.filter(({ answer }) => answer().includes("retry: 2000"));
  const isServed = (client: (typeof clients)[number]): boolean => statusOf(client.answer()) === 200;
  await until(() => clients.every((client) => client.isOver() || isServed(client)), "an answer to each, or an end");
  await until(() => streaming().length === STREAMS_MAX, "64 streams");
  const refused = clients.filter(({ answer }) => [503, 429].includes(statusOf(answer())));
  expect(refused.some(({ answer }) => statusOf(answer()) === 503)).toBe(true);
  for (const { answer } of refused) {
    expect(answer()).toMatch(/retry-after: \d+\r\n/);
    expect(answer(), "who is refused keeps no connection").toContain("connection: close\r\n");
  }
  expect((await fetch(`${url}/api/status`)).status).toBe(200);
  for (let index = 0; index < 100; index += 1) plane.write(sealedRecord({ reason: `record ${index}`.padEnd(1_000) }));
  await until(() => streaming().every(({ answer }) => answer().length > 1_000), "records on each stream");
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * MB);
});

test("HEAD of the stream opens none", async () => {
  const { open, url } = await attackedPort();
  const clients = Array.from({ length: 2 * STREAMS_MAX }, open);
  for (const { socket } of clients) socket.write(`HEAD /api/stream HTTP/1.1\r\n${HOST}\r\n`);
  await until(() => clients.every(({ answer }) => statusOf(answer()) === 200), "an answer to each");
  const abort = new AbortController();
  expect((await fetch(`${url}/api/stream`, { signal: abort.signal })).status).toBe(200);
  abort.abort();
});
