import { expect, test } from "vitest";
import { createIngest, findWorker } from "../../src/sensors/ingest.ts";
import { watchedWorker, watchedWorkers } from "../support/watched-worker.ts";

const rpa = watchedWorkers(3);
const mail = watchedWorker({ name: "mail", pmId: 7, pid: 5000 });
const staged = watchedWorker({ name: "crawl", namespace: "stage", pmId: 9, pid: 5001, instance: "2" });
const workers = [...rpa, mail, staged];
const now = { atMs: 42, workers };

test.each([
  ["an id", "rpa:1", "rpa:1"],
  ["an app and a pm_id", "rpa#2", "rpa:2"],
  ["the name of an app with one worker", "mail", "mail:0"],
  ["a pid", "4001", "rpa:1"],
  ["an id with its namespace", "stage/crawl:2", "stage/crawl:2"],
  ["an id without its namespace", "crawl:2", "stage/crawl:2"],
  ["a name and a pm_id without the namespace", "crawl#9", "stage/crawl:2"],
])("%s finds its worker", (_, text, id) => {
  const found = findWorker(text, workers);
  expect(found.ok && found.value.id).toBe(id);
});

test.each([
  ["rpa", 'worker: "rpa" is ambiguous: rpa:0, rpa:1, rpa:2'],
  ["rpa:7", 'worker: no watched worker is "rpa:7"; did you mean rpa:0, rpa:1, rpa:2?'],
  ["rpa#7", 'worker: no watched worker is "rpa#7"; did you mean rpa:0, rpa:1, rpa:2?'],
  ["99999", 'worker: no watched worker is "99999"; there are rpa:0, rpa:1, rpa:2, mail:0, stage/crawl:2'],
])("%s is refused with the candidates", (text, error) => {
  expect(findWorker(text, workers)).toEqual({ ok: false, error });
});

test("a name that is another worker's pid is ambiguous, not a guess", () => {
  const found = findWorker("5000", [...workers, watchedWorker({ name: "5000", pmId: 8, pid: 6000 })]);
  expect(found).toEqual({ ok: false, error: 'worker: "5000" is ambiguous: mail:0, 5000:0' });
});

test("outcomes and heartbeats become observations once, with the time at which they came", () => {
  const ingest = createIngest();
  expect(ingest.accept("outcomes", { worker: "rpa:1", ok: 2, failed: 1, type: "scrape", ms: 12.5 }, now).ok).toBe(true);
  expect(ingest.accept("outcomes", { worker: 5000, failed: 1 }, { ...now, atMs: 43 }).ok).toBe(true);
  expect(ingest.accept("heartbeat", { worker: "mail" }, { ...now, atMs: 44 }).ok).toBe(true);
  expect(ingest.drain()).toEqual([
    { kind: "tasks", target: "rpa:1", atMs: 42, ok: 2, failed: 1 },
    { kind: "tasks", target: "mail:0", atMs: 43, ok: 0, failed: 1 },
    { kind: "heartbeat", target: "mail:0", atMs: 44 },
  ]);
  expect(ingest.drain()).toEqual([]);
});

test.each([
  ["no body", undefined, /expected object/],
  ["a list", [], /expected object/],
  ["no worker", { ok: 1 }, /worker: expected app:INSTANCE/],
  ["nothing finished", { worker: "mail" }, /at least one finished task/],
  ["a negative count", { worker: "mail", failed: -1 }, /failed: expected a whole number from 0 to 100000/],
  ["a count as text", { worker: "mail", ok: "1" }, /ok: expected a whole number/],
  ["too many at once", { worker: "mail", failed: 1e9 }, /failed: expected a whole number/],
  ["an unknown field", { worker: "mail", ok: 1, fialed: 1 }, /fialed/],
  ["a worker nobody watches", { worker: "other", ok: 1 }, /no watched worker is "other"/],
])("%s is refused and leaves nothing behind", (_, body, expected) => {
  const ingest = createIngest();
  const answer = ingest.accept("outcomes", body, now);
  expect(answer.ok ? "accepted" : answer.error).toMatch(expected);
  expect(ingest.drain()).toEqual([]);
});

test("ten thousand messages between two turns are the most", () => {
  const ingest = createIngest();
  for (let message = 0; message < 10_000; message++) ingest.accept("heartbeat", { worker: "mail" }, now);
  const refused = ingest.accept("heartbeat", { worker: "mail" }, now);
  expect(refused).toEqual({ ok: false, error: "more than 10000 messages between two turns; send fewer, with larger counts" });
  expect(ingest.drain()).toHaveLength(10_000);
  expect(ingest.accept("heartbeat", { worker: "mail" }, now).ok).toBe(true);
});
