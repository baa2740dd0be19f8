import { expect, test } from "vitest";
import { createWorkerKeys, type WorkerKey } from "../../src/sensors/queue/worker-keys.ts";
import { watchedWorker, watchedWorkers } from "../support/watched-worker.ts";

const three = watchedWorkers(3).map((worker, index) => ({ ...worker, row: { ...worker.row, env: { WORKER_ID: `w${index}` } } }));

test.each<[string, WorkerKey | null, readonly string[], Record<string, string>]>([
  ["name-instance is found", null, ["rpa-0", "rpa-2"], { "rpa-0": "rpa:0", "rpa-2": "rpa:2" }],
  ["pm_id is found", null, ["1", "2"], { "1": "rpa:1", "2": "rpa:2" }],
  ["pid is found", null, ["4001"], { "4001": "rpa:1" }],
  ["a variable is used when it is named", "env.WORKER_ID", ["w1", "w0"], { w1: "rpa:1", w0: "rpa:0" }],
  ["keys of other hosts are left out when the key is named", "pid", ["4001", "99999"], { "4001": "rpa:1" }],
])("%s", (_, configured, keys, expected) => {
  const resolved = createWorkerKeys(configured).resolve(keys, three);
  expect(resolved.ok && Object.fromEntries(resolved.value)).toEqual(expected);
});

test.each<[string, WorkerKey | null, readonly string[], RegExp]>([
  [
    "one key that fits nothing holds all",
    null,
    ["rpa-0", "other-host-7"],
    /not clear.*name-instance 1 of 2.*watched: rpa:0, rpa:1, rpa:2.*set worker_key/,
  ],
  ["a variable is never guessed", null, ["w0", "w1"], /not clear which workers its keys "w0", "w1" mean/],
  ["a name three workers share", "name", ["rpa"], /worker_key: name does not tell rpa:0, rpa:1, rpa:2 apart/],
  ["a named key that none has", "env.NOPE", ["w0"], /none of its worker keys "w0" is a env\.NOPE; no watched worker has env\.NOPE/],
  ["a named key that fits none", "pid", ["1"], /the watched workers' are 4000, 4001, 4002/],
])("%s: hold, with the candidates", (_, configured, keys, expected) => {
  const resolved = createWorkerKeys(configured).resolve(keys, three);
  expect(resolved.ok ? "resolved" : resolved.error).toMatch(expected);
});

test("two readings that lead to the same workers are no contradiction", () => {
  const worker = watchedWorker({ name: "7", pmId: 7 });
  const resolved = createWorkerKeys(null).resolve(["7"], [worker]);
  expect(resolved.ok && resolved.value.get("7")).toBe("7:0");
});

test("a reading once found is kept: the key of a worker deleted later does no harm", () => {
  const keys = createWorkerKeys(null);
  keys.resolve(["0", "1", "2"], three);
  const later = keys.resolve(["0", "1", "2"], three.slice(0, 2));
  expect(later.ok && [...later.value]).toEqual([
    ["0", "rpa:0"],
    ["1", "rpa:1"],
  ]);
});

test("nobody watched, or no keys, is nothing to hold for", () => {
  expect(createWorkerKeys(null).resolve(["x"], [])).toEqual({ ok: true, value: new Map() });
  expect(createWorkerKeys(null).resolve([], three)).toEqual({ ok: true, value: new Map() });
});
