import { afterEach, describe, expect, test } from "vitest";
import { closeQueueStages, kindsIn, QUIET, queueStage, tasksIn } from "../support/queue-stage.ts";

afterEach(closeQueueStages);

describe("an answer that makes no sense", () => {
  test.each([
    ["HTML", "<!DOCTYPE html><p>Login</p>", "expected JSON, got HTML or XML (text/html)"],
    ["nothing", "", "expected JSON, got an empty answer (text/html)"],
    ["NaN", '{"pending": NaN}', "expected JSON, got something else (text/html)"],
    ["a list", [1, 2], "expected an object with figures, got a list of 2"],
    ["null", "null", "expected an object with figures, got null"],
    [
      "nothing it knows",
      { ok: true, version: "1" },
      "none of total, pending, running, completed, failed, workers, oldest_age_seconds is there; it has ok, version (map names with fields:)",
    ],
    ["a negative count", { ...QUIET, completed: -3 }, "completed: got -3, expected a whole number, 0 or more"],
    ["half a task", { ...QUIET, failed: 0.5 }, "failed: got 0.5, expected a whole number, 0 or more"],
    ["infinity", '{"pending": 1e999}', "pending: got Infinity, expected a whole number, 0 or more"],
    ["what became of a NaN", { ...QUIET, pending: null }, "pending: got null, expected a whole number, 0 or more"],
    ["text for a number", { ...QUIET, completed: "12" }, 'completed: got the text "12", expected a whole number, 0 or more'],
    ["a list for a number", { ...QUIET, pending: [1] }, "pending: got a list of 1, expected a whole number, 0 or more"],
    [
      "an age of less than nothing",
      { ...QUIET, oldest_age_seconds: -2 },
      "oldest_age_seconds: got -2, expected an age in seconds, 0 or more",
    ],
    [
      "a point in time for an age",
      { ...QUIET, oldest_age_seconds: 1_764_133_200 },
      "oldest_age_seconds: got 1764133200, expected an age in seconds, 0 or more",
    ],
    ["a negative total", { ...QUIET, total: -1 }, "total: got -1, expected a whole number, 0 or more"],
    [
      "workers as text",
      { ...QUIET, workers: "three" },
      'workers: got the text "three", expected a whole number, 0 or more, or a map from worker to figures',
    ],
    [
      "a worker's negative count",
      { ...QUIET, workers: { a: { completed: 1, failed: -1 } } },
      "workers.a.failed: got -1, expected a whole number, 0 or more",
    ],
    [
      "a worker twice",
      {
        ...QUIET,
        workers: [
          { id: "a", completed: 1, failed: 0 },
          { id: "a", completed: 2, failed: 0 },
        ],
      },
      'workers[1]: the text "a" is there twice, expected each worker once',
    ],
    [
      "a worker without id",
      { ...QUIET, workers: [{ completed: 1, failed: 0 }] },
      "workers[0]: expected an id, a name or a worker that is text or a number",
    ],
    [
      "failures only",
      { pending: 0, failed: 4 },
      "failed is there, but completed is not (if it has another name, say so with fields: {completed: …})",
    ],
  ])("%s makes the sensor blind, with the place and what was expected", async (_, body, reason) => {
    const scene = await queueStage();
    scene.body = QUIET;
    await scene.read();
    scene.body = body;
    const [blind, ...rest] = await scene.read();
    const where = scene.origin;
    expect(blind).toEqual({ kind: "blind", sensor: "queue:llm", target: null, atMs: 1_010_000, reason: `${where}/api/stats: ${reason}` });
    expect(rest).toEqual([]);
  });

  test("a field that the configuration names must be there", async () => {
    const scene = await queueStage({ fields: { pending: "waiting" } });
    scene.body = QUIET;
    expect(await scene.read()).toMatchObject([
      { kind: "blind", reason: expect.stringContaining('no field "waiting" (fields: pending)') as string },
    ]);
  });

  test("the reading after it is sight and a baseline", async () => {
    const scene = await queueStage();
    scene.body = QUIET;
    await scene.read();
    scene.body = "<html>";
    await scene.read();
    scene.body = { ...QUIET, completed: 5, failed: 50 };
    expect(await scene.read()).toMatchObject([
      { kind: "sight", sensor: "queue:llm", target: null },
      { kind: "queue", finished: null },
      { kind: "running" },
    ]);
    scene.body = { ...QUIET, completed: 6, failed: 50 };
    const observations = await scene.read();
    expect(tasksIn(observations)).toEqual({ rpa: [1, 0] });
    expect(kindsIn(observations)).not.toContain("sight");
  });

  test("a text full of control characters cannot forge a log line", async () => {
    const scene = await queueStage();
    scene.body = { ...QUIET, completed: `1\n{"event":"heal_verdict"}\u001b[2J${"x".repeat(1000)}` };
    const [blind] = await scene.read();
    expect(blind).toMatchObject({ kind: "blind" });
    expect(blind?.kind === "blind" && blind.reason).not.toMatch(/\p{Cc}/u);
    expect(blind?.kind === "blind" && blind.reason.length).toBeLessThan(300);
  });
});

describe("no answer", () => {
  test.each([
    ["silence", { silent: true }],
    ["HTTP 500", { status: 500 }],
  ])("%s is no evidence, and blindness after a minute", async (_, trouble) => {
    const scene = await queueStage();
    scene.body = QUIET;
    await scene.read();
    Object.assign(scene, trouble);
    for (let seconds = 5; seconds < 60; seconds += 5) expect(await scene.read()).toEqual([]);
    expect(await scene.read()).toMatchObject([{ kind: "blind", reason: expect.stringMatching(/no answer in 150 ms|HTTP 500/) as string }]);
    expect(await scene.read()).toMatchObject([{ kind: "blind" }]);
    Object.assign(scene, { silent: false, status: 200, body: { ...QUIET, failed: 40 } });
    expect(kindsIn(await scene.read())).toEqual(["sight", "queue", "running"]);
  });

  test("tasks finished during a short silence are counted when it ends", async () => {
    const scene = await queueStage();
    scene.body = QUIET;
    await scene.read();
    scene.status = 503;
    await scene.read();
    Object.assign(scene, { status: 200, body: { ...QUIET, completed: 3, failed: 1 } });
    expect(tasksIn(await scene.read())).toEqual({ rpa: [3, 1] });
  });

  test("a queue that was never seen is blind at once, and the reason shows no secret", async () => {
    const scene = await queueStage();
    scene.status = 500;
    const [blind] = await scene.read();
    expect(blind).toMatchObject({ kind: "blind", reason: `${scene.origin}/api/stats: HTTP 500` });
  });

  test("more than 4 MB of JSON are not read", async () => {
    const scene = await queueStage({ timeout: "5s" });
    scene.body = `{"pending": 1, "list": "${"x".repeat(5 * 1024 ** 2)}"}`;
    expect(await scene.read()).toMatchObject([{ kind: "blind", reason: expect.stringContaining("more than 4 MB") as string }]);
  });

  test("a stopped reading is blind, not silent", async () => {
    const scene = await queueStage();
    scene.silent = true;
    const reading = scene.read();
    scene.context.stop.abort();
    expect(await reading).toMatchObject([{ kind: "blind", target: null }]);
  });
});
