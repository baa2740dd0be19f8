import { describe, expect, test } from "vitest";
import { createPoisonTasks } from "../../src/sensors/queue/poison-tasks.ts";
import { createRecentResults, type Result } from "../../src/sensors/queue/recent-results.ts";
import { randomFrom } from "../support/prng.ts";

let ids = 0;
const result = (task: string, worker: string, ok: boolean): Result => ({ id: `id-${ids++}`, task, worker, ok });

/** `a b+ c-`: worker a did something well, … `c:bad-` failed the task "bad". */
function said(text: string): Result[] {
  return text.split(" ").map((word) => {
    const [, worker = "", task = `task-${ids}`, sign] = /^(\w)(?::(\w+))?([+-])$/.exec(word) ?? [];
    return result(task, worker, sign === "+");
  });
}

const sift = (text: string, workers = 3) => createPoisonTasks().sift(said(text), workers);

describe("a task is poison", () => {
  test("once it has failed on three workers that did others well right before and right after", () => {
    expect(sift("a+ a:bad- a+ b+ b:bad- b+ c+ c:bad- c+").found).toEqual([{ task: "bad", workers: ["a", "b", "c"] }]);
    expect(sift("a+ b+ c+ a:bad- a+ b:bad- c+ b+ c:bad- a+ c+").found).toHaveLength(1);
  });

  test("on both, where two workers share the queue", () => {
    expect(sift("a+ a:bad- a+ b+ b:bad- b+", 2).found).toEqual([{ task: "bad", workers: ["a", "b"] }]);
    expect(sift("a+ a:bad- a+ b+ b:bad- b+", 3).found).toEqual([]);
  });

  test("told once", () => {
    expect(sift("a+ a:bad- a+ b+ b:bad- b+ c+ c:bad- c+ d+ d:bad- d+ a:bad- a+").found).toHaveLength(1);
  });

  test.each([
    ["failed on one only, however often", "a+ a:bad- a+ a:bad- a+ a:bad- a+"],
    ["nobody did another well after it", "a+ a:bad- b+ b:bad- c+ c:bad-"],
    ["everything else failed too", "a- a:bad- a- b- b:bad- b- c- c:bad- c-"],
    ["the workers fail others right after it", "a+ a:bad- a- b+ b:bad- b- c+ c:bad- c-"],
    ["it succeeds after all", "a+ a:bad- a+ b+ b:bad- b+ c:bad+ c+ c:bad- c+"],
  ])("not where it %s", (_, text) => {
    expect(sift(text).found).toEqual([]);
  });

  test("never for an outage in which every task is tried by everybody", () => {
    const random = randomFrom(7);
    const tasks = createPoisonTasks();
    const found = Array.from({ length: 3000 }, (_, tick) => {
      const isAway = tick % 1000 > 600;
      const worker = "abc"[Math.floor(random() * 3)]!;
      const task = `t${Math.floor(tick / 9)}`; // tried up to nine times in a row
      return tasks.sift([result(task, worker, !isAway)], 3).found;
    });
    expect(found.flat()).toEqual([]);
  });
});

describe("what counts", () => {
  const counted = (text: string): readonly string[] => sift(text).counted.map(({ worker, ok }) => `${worker}${ok ? "+" : "-"}`);

  test("a task against a worker once, however often that worker tries it", () => {
    expect(counted("a:bad- a:bad- a:bad- b:bad-")).toEqual(["a-", "b-"]);
    expect(counted("a:bad- a:bad+")).toEqual(["a-", "a+"]);
  });

  test("poison against nobody", () => {
    expect(counted("a+ a:bad- a+ b+ b:bad- b+ c+ c:bad- c+ d:bad- d+").filter((word) => word.endsWith("-"))).toEqual(["a-", "b-", "c-"]);
  });

  test("a worker that fails everything still does", () => {
    expect(counted("a- a- a- a- a-")).toHaveLength(5);
  });
});

test("memory is bounded, whatever is listed", () => {
  const tasks = createPoisonTasks();
  for (let round = 0; round < 5; round++)
    tasks.sift(
      Array.from({ length: 10_000 }, (_, index) => result(`t${round}-${index}`, `w${round}-${index}`, false)),
      3,
    );
  expect(tasks.sift(said("a+ a:bad- a+ b+ b:bad- b+ c+ c:bad- c+"), 3).found).toHaveLength(1);
});

test("other tries of a task under the same id count for nobody, and still tell which workers it fails on", () => {
  const recent = createRecentResults();
  recent.advance([], 2);
  const list = (worker: string, ...rest: Result[]) =>
    recent.advance(
      [result(`x${worker}`, worker, true), { id: "7", task: "7", worker, ok: false }, result(`y${worker}`, worker, true), ...rest],
      2,
    );
  expect(list("a")).toMatchObject({ byWorker: new Map([["a", { ok: 2, failed: 1 }]]), poison: [] });
  expect(list("b")).toEqual({ byWorker: new Map([["b", { ok: 2, failed: 0 }]]), poison: [{ task: "7", workers: ["a", "b"] }] });
});
