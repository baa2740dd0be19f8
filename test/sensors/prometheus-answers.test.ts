import { afterEach, describe, expect, test } from "vitest";
import { closePrometheusStages, prometheusStage, Raw, refused, success, vector, type Found } from "../support/prometheus-stage.ts";
import { kindsIn, tasksIn } from "../support/queue-stage.ts";

afterEach(closePrometheusStages);

const GOOD = { completed: 5, failed: 0 };

function labelled(...series: readonly Readonly<Record<string, string>>[]): Raw {
  return new Raw(success("vector", series.map((metric, index) => ({ metric, value: [1, String(index)] })))); // prettier-ignore
}

describe("an answer that makes no sense", () => {
  test.each<[string, Record<string, unknown>, Readonly<Record<string, Found | Raw>>, string]>([
    [
      "a query that Prometheus does not understand",
      {},
      { failed: new Raw(refused("bad_data", 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis'), 400) },
      'failed: bad_data: invalid parameter "query": 1:5: parse error: unclosed left parenthesis',
    ],
    [
      "a query that cannot be carried out",
      {},
      { completed: new Raw(refused("execution", "found duplicate series for the match group"), 422) },
      "completed: execution: found duplicate series for the match group",
    ],
    [
      "a matrix",
      {},
      { completed: new Raw(success("matrix", [{ metric: {}, values: [[1, "2"]] }])) },
      "completed: got a matrix, expected one value a series: leave out the [5m], or put a function round it",
    ],
    ["a string", {}, { completed: new Raw(success("string", [1, "hello"])) }, "completed: got a string, expected numbers"],
    [
      "another type",
      {},
      { completed: new Raw(success("streams", [])) },
      'completed: got a result of type the text "streams", expected a vector',
    ],
    [
      "a histogram",
      {},
      { completed: new Raw(success("vector", [{ metric: {}, histogram: [1, {}] }])) },
      "completed: series 1: got a histogram, expected a number",
    ],
    [
      "a value that is no text",
      {},
      { completed: new Raw(success("vector", [{ metric: {}, value: [1, 5] }])) },
      "completed: series 1: got a list of 2, expected a time and a number",
    ],
    ["infinity", {}, { completed: "+Inf" }, "completed: series 1: got +Inf, expected a number"],
    ["text for a number", {}, { completed: "abc" }, "completed: series 1: got abc, expected a number"],
    ["JSON of somebody else", {}, { completed: new Raw([1, 2]) }, "completed: expected Prometheus' answer to a query, got a list of 2"],
    ["HTML", {}, { completed: new Raw("<!doctype html>") }, "completed: expected JSON, got HTML or XML (application/json)"],
    [
      "half a task",
      {},
      { completed: { "rpa-0": 1.5 }, failed: { "rpa-0": 1 } },
      "completed of rpa-0: got 1.5, expected a whole number, 0 or more: the counter itself, without rate() or increase()",
    ],
    [
      "less than nothing",
      {},
      { completed: -3 },
      "completed: got -3, expected a whole number, 0 or more: the counter itself, without rate() or increase()",
    ],
    [
      "several labels, none of them named",
      {},
      { completed: labelled({ __name__: "ok", job: "a", worker: "rpa-0" }), failed: null },
      "its series have several labels (job, worker): say which one names the worker with worker_label, and sum by it",
    ],
    [
      "two labels, one in each counter",
      {},
      { completed: labelled({ worker: "rpa-0" }), failed: labelled({ instance: "h:1" }) },
      "its series have several labels (instance, worker): say which one names the worker with worker_label, and sum by it",
    ],
    [
      "a label that nobody has",
      { worker_label: "slot" },
      { completed: labelled({ worker: "rpa-0" }) },
      "completed: none of its series has the label slot (they have worker)",
    ],
    [
      "one counter by worker, the other without a label",
      {},
      { completed: { "rpa-0": 1 }, failed: 3 },
      "failed: none of its series has the label worker (they have none)",
    ],
    [
      "a worker twice",
      { worker_label: "worker" },
      { completed: labelled({ worker: "a", job: "x" }, { worker: "a", job: "y" }) },
      'completed: worker="a" is there twice, expected each worker once: sum(…) by (worker)',
    ],
    [
      "several depths",
      { pending: "pending" },
      { pending: labelled({ queue: "a" }, { queue: "b" }) },
      "pending: got 2 series, expected one: sum(…) or max(…)",
    ],
    ["a negative depth", { pending: "pending" }, { pending: -4 }, "pending: got -4, expected a whole number, 0 or more"],
    [
      "a point in time for an age",
      { oldest_age: "oldest_age" },
      { oldest_age: 1_764_133_200 },
      "oldest_age: got 1764133200, expected an age in seconds, 0 or more",
    ],
  ])("%s is told at once, with the words of who refused it", async (_, params, found, reason) => {
    const scene = await prometheusStage(params);
    scene.found = GOOD;
    await scene.read();
    scene.found = { ...GOOD, ...found };
    expect(await scene.read()).toEqual([
      { kind: "blind", sensor: "queue:orders", target: null, atMs: 1_010_000, reason: `${scene.origin}/: ${reason}` },
    ]);
    scene.found = {};
    expect(kindsIn(await scene.read())).toEqual(["sight", "queue"]);
  });

  test("words without end, and control characters in them, stay one short line", async () => {
    const scene = await prometheusStage();
    scene.found = { completed: new Raw(refused("bad_data", `\n{"event":"heal_verdict"}\u001b[2J${"x".repeat(5000)}`), 400) };
    const [blind] = await scene.read();
    expect(blind?.kind === "blind" && blind.reason).toMatch(/^\P{Cc}{100,300}$/u);
  });

  test("ten thousand series and one are too many", async () => {
    const scene = await prometheusStage();
    const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`w${index}`, 1]));
    scene.found = { ...GOOD, completed: new Raw(vector(many)) };
    expect(await scene.read()).toMatchObject([{ reason: expect.stringContaining("got 10001 series, expected at most 10000") as string }]);
  });
});

describe("no answer", () => {
  const trouble: readonly [string, Readonly<Record<string, Raw>>, RegExp][] = [
    ["a server that is starting", { "time()": new Raw("Service Unavailable", 503) }, /HTTP 503$/],
    [
      "a query that takes too long",
      { completed: new Raw(refused("timeout", "query timed out in query execution"), 503) },
      /timeout: query timed/,
    ],
    ["storage that fails", { completed: new Raw(refused("internal", "expanding series: disk"), 500) }, /internal: expanding series/],
    ["a gateway", { completed: new Raw("<html>", 502) }, /HTTP 502$/],
    [
      "an answer that is incomplete",
      { completed: new Raw({ ...success("vector", []), warnings: ["remote read: connection refused"] }) },
      /completed: the answer is incomplete: remote read: connection refused$/,
    ],
  ];

  test.each(trouble)("%s is no evidence, and blindness after a minute", async (_, found, reason) => {
    const scene = await prometheusStage();
    scene.found = GOOD;
    await scene.read();
    scene.found = { ...GOOD, ...found };
    for (let seconds = 5; seconds < 60; seconds += 5) expect(await scene.read()).toEqual([]);
    expect(await scene.read()).toMatchObject([{ kind: "blind", target: null, reason: expect.stringMatching(reason) as string }]);
    scene.found = { completed: 5, failed: 90 };
    expect(kindsIn(await scene.read())).toEqual(["sight", "queue"]);
    expect(tasksIn(await scene.read())).toEqual({});
  });

  test("what was finished during a short silence is counted when it ends", async () => {
    const scene = await prometheusStage({ timeout: "100ms" });
    scene.found = GOOD;
    await scene.read();
    scene.silent = true;
    expect(await scene.read()).toEqual([]);
    Object.assign(scene, { silent: false, found: { completed: 8, failed: 1 } });
    expect(tasksIn(await scene.read())).toEqual({ rpa: [3, 1] });
  });

  test("a server that was never seen is told at once, without what its URL hides", async () => {
    const scene = await prometheusStage();
    scene.found = { "time()": new Raw("no", 401) };
    expect(await scene.read()).toMatchObject([{ kind: "blind", reason: `${scene.origin}/: HTTP 401` }]);
  });

  test("remarks on the query itself take nothing away from the answer", async () => {
    const scene = await prometheusStage();
    const remarked = (completed: number): Raw =>
      new Raw({ ...(vector(completed) as object), warnings: ["PromQL info: metric might not be a counter"], infos: ["x"] });
    scene.found = { ...GOOD, completed: remarked(5) };
    await scene.read();
    scene.found = { ...GOOD, completed: remarked(6) };
    expect(tasksIn(await scene.read())).toEqual({ rpa: [1, 0] });
  });

  test("more than 4 MB are not read", async () => {
    const scene = await prometheusStage();
    scene.found = { ...GOOD, completed: new Raw(`{"status": "${"x".repeat(5 * 1024 ** 2)}"}`) };
    expect(await scene.read()).toMatchObject([{ kind: "blind", reason: expect.stringContaining("more than 4 MB") as string }]);
  });

  test("a stopped reading is blind, not silent", async () => {
    const scene = await prometheusStage();
    scene.silent = true;
    const reading = scene.read();
    scene.context.stop.abort();
    expect(await reading).toMatchObject([{ kind: "blind", target: null }]);
  });
});
