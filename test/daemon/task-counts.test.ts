import { expect, test } from "vitest";
import type { Observation } from "../../src/core/observation.ts";
import { TaskCounts } from "../../src/daemon/task-counts.ts";

const tasks = (target: string, ok: number, failed: number): Observation => ({ kind: "tasks", target, atMs: 0, ok, failed });
const appOf = (target: string): string => target.replace(/:.*$/, "");

test("the tasks of a group's workers, and of the group itself, are one sum that only grows", () => {
  const counts = new TaskCounts();
  counts.add([tasks("rpa:0", 3, 1), tasks("rpa:1", 2, 0), { kind: "heartbeat", target: "rpa:0", atMs: 0 }], appOf);
  counts.add([tasks("rpa", 1, 1), tasks("mailer:0", 0, 4)], appOf);
  expect(counts.all()).toEqual([
    { app: "rpa", ok: 6, failed: 2 },
    { app: "mailer", ok: 0, failed: 4 },
  ]);
});

test("tasks of a target that is gone are nobody's", () => {
  const counts = new TaskCounts();
  counts.add([tasks("gone:0", 3, 1)], () => null);
  expect(counts.all()).toEqual([]);
});

test("a flood of names is one more app, and no task is lost", () => {
  const counts = new TaskCounts();
  for (let index = 0; index < 5_000; index += 1) counts.add([tasks(`app-${index}:0`, 1, 0)], appOf);
  expect(counts.all()).toHaveLength(1_001);
  expect(counts.all().at(-1)).toEqual({ app: "other", ok: 4_000, failed: 0 });
});
