import { afterEach, describe, expect, test } from "vitest";
import { closeQueueStages, QUIET, queueStage, tasksIn } from "../support/queue-stage.ts";

afterEach(closeQueueStages);

describe("recent results", () => {
  const result = (id: number, worker: string | null, success: boolean) => ({ id, worker, success });

  test("each counts once, for its worker, however often it is listed; what was there at first is a baseline", async () => {
    const scene = await queueStage({ results: true });
    scene.body = QUIET;
    scene.results = [result(1, "rpa-0", false), result(2, "rpa-1", true)];
    expect(tasksIn(await scene.read())).toEqual({});
    scene.results = { results: [result(2, "rpa-1", true), result(3, "rpa-0", false), result(4, "rpa-0", true), result(5, null, false)] };
    const observations = await scene.read();
    expect(tasksIn(observations)).toEqual({ "rpa:0": [1, 1] });
    expect(observations).toContainEqual(expect.objectContaining({ kind: "queue", totalsOnly: false, finished: 0 }));
    expect(tasksIn(await scene.read())).toEqual({});
  });

  test("a status is read as well, and what is not finished counts once it is", async () => {
    const scene = await queueStage({ results: true, worker_key: "pm_id" });
    scene.body = { pending: 0 };
    await scene.read();
    scene.results = ["completed", "FAILED", "timeout", "running", "cancelled"].map((status, id) => ({ id, worker_id: 1, status }));
    const observations = await scene.read();
    expect(tasksIn(observations)).toEqual({ "rpa:1": [1, 2] });
    expect(observations).toContainEqual(expect.objectContaining({ kind: "queue", finished: 3 }));
    scene.results = [{ id: 3, worker_id: 1, status: "failed" }];
    expect(tasksIn(await scene.read())).toEqual({ "rpa:1": [0, 1] });
  });

  test.each([
    ["no list", { items: [] }, "expected a list of results, or {results: [...]}, got undefined"],
    [
      "an item without id",
      [{ worker: "rpa-0", success: true }],
      "results[0]: id: got undefined, expected a text or a number of at most 200 characters",
    ],
    [
      "a status it does not know",
      [{ id: 1, worker: "rpa-0", status: "weird" }],
      'results[0]: status: got the text "weird", expected success: true or false, or a status such as completed or failed',
    ],
    [
      "success as text",
      [{ id: 1, worker: "rpa-0", success: "false" }],
      'results[0]: success: got the text "false", expected true or false',
    ],
    ["nobody's results", [{ id: 1, success: true }], "no result says which worker it is from (expected worker or worker_id)"],
    ["a number for an item", [7], "results[0]: got 7, expected an object"],
  ])("%s is blind, with the place", async (_, results, reason) => {
    const scene = await queueStage({ results: true });
    Object.assign(scene, { body: QUIET, results });
    expect(await scene.read()).toMatchObject([{ kind: "blind", reason: `${scene.origin}/results: ${reason}` }]);
  });
});
