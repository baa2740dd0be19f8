import { afterEach, describe, expect, test } from "vitest";
import type { Observation } from "../../src/core/observation.ts";
import { httpQueue } from "../../src/sensors/queue-stats.ts";
import type { Sensor } from "../../src/sensors/sensor.ts";
import { serveHttp, serveJson, type TestServer } from "../support/http-server.ts";
import { facts, sensorContext, watchedWorker, watchedWorkers, type TestContext } from "../support/watched-worker.ts";

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A server whose answer the test sets, and the sensor that reads it. */
interface Stage {
  body: unknown;
  results: unknown;
  status: number;
  silent: boolean;
  readonly sensor: Sensor;
  readonly context: TestContext;
  /** One reading, five seconds after the one before. */
  read(): Promise<readonly Observation[]>;
}

async function stage(params: Record<string, unknown> = {}, workers = watchedWorkers(2), strategies = ["rpa"]): Promise<Stage> {
  const context = sensorContext(workers);
  const scene = { body: {} as unknown, results: [] as unknown, status: 200, silent: false };
  const server = await serveHttp((request, response) => {
    if (scene.silent) return;
    const answer = request.url === "/results" ? scene.results : scene.body;
    response.writeHead(scene.status, { "content-type": "text/html" }).end(typeof answer === "string" ? answer : JSON.stringify(answer));
  });
  servers.push(server);
  const url = `${server.url}/api/stats?token=s3cret`;
  const results = params["results"] === undefined ? {} : { results: `${server.url}/results` };
  const parsed = httpQueue.params.parse({ type: "http", url, timeout: "150ms", ...params, ...results });
  const sensor = httpQueue.create(parsed, { name: "llm", strategies, intervalMs: 2_000 });
  return Object.assign(scene, {
    sensor,
    context,
    async read() {
      context.atMs += 5_000;
      return sensor.read(context);
    },
  });
}

const QUIET = { pending: 0, running: 0, completed: 0, failed: 0 };

function tasksIn(observations: readonly Observation[]): Record<string, [ok: number, failed: number]> {
  return Object.fromEntries(observations.flatMap((seen) => (seen.kind === "tasks" ? [[seen.target, [seen.ok, seen.failed]]] : [])));
}

function kindsIn(observations: readonly Observation[]): string[] {
  return observations.map(({ kind }) => kind);
}

describe("totals only", () => {
  test("the first reading is a baseline; what is finished after it belongs to the group", async () => {
    const scene = await stage();
    scene.body = { total: 120, pending: 3, running: 2, completed: 100, failed: 15, uptime: "4 days", extra: [1] };
    const depth = { kind: "queue", queue: "llm", pending: 3, running: 2, totalsOnly: true };
    expect(await facts(scene.read())).toMatchObject([
      { ...depth, finished: null, atMs: 1_005_000 },
      { kind: "running", target: "rpa", tasks: 2 },
    ]);
    scene.body = { pending: 3, running: 2, completed: 107, failed: 17 };
    expect(await scene.read()).toMatchObject([
      { ...depth, finished: 9 },
      { kind: "tasks", target: "rpa", ok: 7, failed: 2, atMs: 1_010_000 },
      { kind: "running", target: "rpa", tasks: 2 },
    ]);
  });

  test("an idle queue is seen, and gives no rate", async () => {
    const scene = await stage();
    scene.body = QUIET;
    await scene.read();
    expect(await scene.read()).toMatchObject([{ kind: "queue", finished: 0 }, { kind: "running" }]);
  });

  test("the figures are those of every group whose strategy names the queue, and of no other", async () => {
    const workers = [watchedWorker({ name: "a" }, "one"), watchedWorker({ name: "b" }, "two"), watchedWorker({ name: "c" }, "three")];
    const scene = await stage({}, workers, ["one", "two"]);
    scene.body = QUIET;
    await scene.read();
    scene.body = { ...QUIET, completed: 1, failed: 4 };
    expect(tasksIn(await scene.read())).toEqual({ a: [1, 4], b: [1, 4] });
  });

  test.each([
    ["inflight, a number", { inflight: 4 }, 4],
    ["running, a list", { running: [{ id: 1 }, { id: 2 }] }, 2],
    ["not said", {}, 0],
  ])("what is running may be %s", async (_, part, running) => {
    const scene = await stage();
    scene.body = { pending: 1, completed: 0, failed: 0, ...part };
    expect(await scene.read()).toContainEqual(expect.objectContaining({ kind: "queue", running }));
  });

  test.each([
    ["a count", 3],
    ["a list of names", ["rpa-0", "rpa-1"]],
    ["a list without figures", [{ id: "rpa-0", state: "idle" }]],
    ["null", null],
    ["empty", {}],
  ])("workers that are %s say nothing of single workers", async (_, workers) => {
    const scene = await stage();
    scene.body = { ...QUIET, workers };
    expect(await scene.read()).toContainEqual(expect.objectContaining({ kind: "queue", totalsOnly: true }));
  });
});

describe("counts that go back", () => {
  test("a restarted server is a baseline, not minus a hundred tasks", async () => {
    const scene = await stage();
    for (const [completed, failed, expected] of [
      [100, 10, {}],
      [103, 10, { rpa: [3, 0] }],
      [2, 1, {}],
      [4, 1, { rpa: [2, 0] }],
    ] as const) {
      scene.body = { ...QUIET, completed, failed };
      expect(tasksIn(await scene.read())).toEqual(expected);
    }
  });

  test("only one of two counts going down is a restart all the same", async () => {
    const scene = await stage();
    scene.body = { ...QUIET, completed: 100, failed: 10 };
    await scene.read();
    scene.body = { ...QUIET, completed: 130, failed: 2 };
    expect(tasksIn(await scene.read())).toEqual({});
  });

  test("counts that keep going down count a window: blind for as long as they do", async () => {
    const scene = await stage();
    const kinds: string[] = [];
    for (let turn = 0; turn < 60; turn++) {
      scene.body = { ...QUIET, completed: 50 + (turn % 4), failed: 5 };
      kinds.push(...kindsIn(await scene.read()).filter((kind) => turn > 0 && (kind === "blind" || kind === "sight")));
    }
    expect(new Set(kinds)).toEqual(new Set(["blind"]));
    expect(kinds.length).toBeGreaterThan(45);
  });

  test("when the totals go down, no worker's figure is evidence", async () => {
    const scene = await stage();
    scene.body = {
      ...QUIET,
      completed: 90,
      failed: 9,
      workers: { "rpa-0": { completed: 1, failed: 0 }, "rpa-1": { completed: 89, failed: 9 } },
    };
    await scene.read();
    scene.body = {
      ...QUIET,
      completed: 9,
      failed: 3,
      workers: { "rpa-0": { completed: 4, failed: 3 }, "rpa-1": { completed: 5, failed: 0 } },
    };
    expect(tasksIn(await scene.read())).toEqual({});
  });
});

describe("figures by worker", () => {
  const both = (first: [number, number], second: [number, number]) => ({
    ...QUIET,
    completed: first[0] + second[0],
    failed: first[1] + second[1],
    workers: { "rpa-0": { completed: first[0], failed: first[1], running: 1 }, "rpa-1": { completed: second[0], failed: second[1] } },
  });

  test("each worker gets its own increments and what it has in hand; the group gets none", async () => {
    const scene = await stage();
    scene.body = both([10, 1], [20, 2]);
    await scene.read();
    scene.body = both([10, 5], [23, 2]);
    const observations = await scene.read();
    expect(tasksIn(observations)).toEqual({ "rpa:0": [0, 4], "rpa:1": [3, 0] });
    expect(observations).toContainEqual(expect.objectContaining({ kind: "running", target: "rpa:0", tasks: 1 }));
    expect(observations).toContainEqual(expect.objectContaining({ kind: "queue", finished: 7, totalsOnly: false }));
  });

  test("a worker seen for the first time, and one whose counts went down, have a baseline; the other is counted", async () => {
    const scene = await stage();
    const workers = (figures: Record<string, [number, number]>) => ({
      pending: 0,
      workers: Object.entries(figures).map(([id, [completed, failed]]) => ({ id, completed, failed })),
    });
    scene.body = workers({ "rpa-0": [50, 5] });
    await scene.read();
    scene.body = workers({ "rpa-0": [51, 5], "rpa-1": [7, 7] });
    expect(tasksIn(await scene.read())).toEqual({ "rpa:0": [1, 0] });
    scene.body = workers({ "rpa-0": [0, 1], "rpa-1": [8, 9] });
    expect(tasksIn(await scene.read())).toEqual({ "rpa:1": [1, 2] });
  });

  test("a map that is empty for a while does not turn the workers' figures into the group's", async () => {
    const scene = await stage();
    scene.body = both([10, 1], [20, 2]);
    await scene.read();
    scene.body = { ...QUIET, completed: 31, failed: 9, workers: {} };
    expect(tasksIn(await scene.read())).toEqual({});
  });

  test("other names, also inside, are mapped", async () => {
    const scene = await stage({ fields: { pending: "jobs.waiting", completed: "jobs.done", failed: "jobs.bad", workers: "nodes" } });
    const body = (done: number, bad: number) => ({ jobs: { waiting: 7, done, bad }, nodes: [{ name: "rpa-0", done, bad }] });
    scene.body = body(1, 1);
    await scene.read();
    scene.body = body(2, 3);
    const observations = await scene.read();
    expect(tasksIn(observations)).toEqual({ "rpa:0": [1, 2] });
    expect(observations).toContainEqual(expect.objectContaining({ kind: "queue", pending: 7, finished: 3 }));
  });

  test("keys that could mean two things are held: blind with the candidates, and no evidence", async () => {
    const workers = [watchedWorker({ name: "0", pmId: 1 }), watchedWorker({ name: "1", pmId: 0 })];
    const scene = await stage({}, workers);
    scene.body = { pending: 0, workers: { 0: { completed: 1, failed: 0 }, 1: { completed: 2, failed: 0 } } };
    expect(await scene.read()).toMatchObject([
      { kind: "blind", target: null, reason: expect.stringMatching(/fit both name and pm_id.*set worker_key/) as string },
    ]);
  });
});

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
      "none of total, pending, running, completed, failed, workers is there; it has ok, version (map names with fields:)",
    ],
    ["a negative count", { ...QUIET, completed: -3 }, "completed: got -3, expected a whole number, 0 or more"],
    ["half a task", { ...QUIET, failed: 0.5 }, "failed: got 0.5, expected a whole number, 0 or more"],
    ["infinity", '{"pending": 1e999}', "pending: got Infinity, expected a whole number, 0 or more"],
    ["what became of a NaN", { ...QUIET, pending: null }, "pending: got null, expected a whole number, 0 or more"],
    ["text for a number", { ...QUIET, completed: "12" }, 'completed: got the text "12", expected a whole number, 0 or more'],
    ["a list for a number", { ...QUIET, pending: [1] }, "pending: got a list of 1, expected a whole number, 0 or more"],
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
    const scene = await stage();
    scene.body = QUIET;
    await scene.read();
    scene.body = body;
    const [blind, ...rest] = await scene.read();
    const where = servers[0]!.url;
    expect(blind).toEqual({ kind: "blind", sensor: "queue:llm", target: null, atMs: 1_010_000, reason: `${where}/api/stats: ${reason}` });
    expect(rest).toEqual([]);
  });

  test("a field that the configuration names must be there", async () => {
    const scene = await stage({ fields: { pending: "waiting" } });
    scene.body = QUIET;
    expect(await scene.read()).toMatchObject([
      { kind: "blind", reason: expect.stringContaining('no field "waiting" (fields: pending)') as string },
    ]);
  });

  test("the reading after it is sight and a baseline", async () => {
    const scene = await stage();
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
    const scene = await stage();
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
    const scene = await stage();
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
    const scene = await stage();
    scene.body = QUIET;
    await scene.read();
    scene.status = 503;
    await scene.read();
    Object.assign(scene, { status: 200, body: { ...QUIET, completed: 3, failed: 1 } });
    expect(tasksIn(await scene.read())).toEqual({ rpa: [3, 1] });
  });

  test("a queue that was never seen is blind at once, and the reason shows no secret", async () => {
    const scene = await stage();
    scene.status = 500;
    const [blind] = await scene.read();
    expect(blind).toMatchObject({ kind: "blind", reason: `${servers[0]!.url}/api/stats: HTTP 500` });
  });

  test("more than 4 MB of JSON are not read", async () => {
    const scene = await stage();
    scene.body = `{"pending": 1, "list": "${"x".repeat(5 * 1024 ** 2)}"}`;
    expect(await scene.read()).toMatchObject([{ kind: "blind", reason: expect.stringContaining("more than 4 MB") as string }]);
  });

  test("a stopped reading is blind, not silent", async () => {
    const scene = await stage();
    scene.silent = true;
    const reading = scene.read();
    scene.context.stop.abort();
    expect(await reading).toMatchObject([{ kind: "blind", target: null }]);
  });
});

describe("recent results", () => {
  const result = (id: number, worker: string | null, success: boolean) => ({ id, worker, success });

  test("each counts once, for its worker, however often it is listed; what was there at first is a baseline", async () => {
    const scene = await stage({ results: true });
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
    const scene = await stage({ results: true, worker_key: "pm_id" });
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
    const scene = await stage({ results: true });
    Object.assign(scene, { body: QUIET, results });
    expect(await scene.read()).toMatchObject([{ kind: "blind", reason: `${servers[0]!.url}/results: ${reason}` }]);
  });
});

test("a queue is asked every five seconds, as said, or once a turn where turns are longer", () => {
  const everyMs = (part: object, intervalMs: number): number =>
    httpQueue.create(httpQueue.params.parse({ type: "http", url: "http://127.0.0.1/", ...part }), { name: "q", strategies: [], intervalMs })
      .everyMs;
  expect([everyMs({}, 2_000), everyMs({ every: 1 }, 500), everyMs({}, 10_000), everyMs({ every: "1s" }, 2_000)]).toEqual([
    5_000, 1_000, 10_000, 2_000,
  ]);
});

test.each([
  ["an unknown key", { urll: "x" }, /urll/],
  ["another protocol", { url: "redis://127.0.0.1" }, /http or https URL/],
  ["milliseconds where seconds belong", { timeout: 3000 }, /did you mean 3s\?/],
  ["an unknown worker key", { worker_key: "uuid" }, /name-instance, pm_id, pid or env\.NAME/],
  ["a header of two lines", { headers: { "x-a": "1\r\nx-b: 2" } }, /one line/],
  ["an unknown field", { fields: { finished: "done" } }, /finished/],
])("%s in the configuration is refused", (_, part, expected) => {
  const parsed = httpQueue.params.safeParse({ type: "http", url: "http://127.0.0.1:1/", ...part });
  expect(parsed.success).toBe(false);
  expect(parsed.error?.message).toMatch(expected);
});

test("the variables that worker keys need are named, so that PM2's list can keep them", () => {
  const names = (worker_key?: string): readonly string[] =>
    httpQueue.envNames(
      httpQueue.params.parse({ type: "http", url: "http://127.0.0.1/", ...(worker_key === undefined ? {} : { worker_key }) }),
    );
  expect([names(), names("pid"), names("env.WORKER_ID")]).toEqual([[], [], ["WORKER_ID"]]);
});

test("headers reach the server", async () => {
  let seen: unknown;
  const server = await serveHttp((request, response) => {
    seen = request.headers["authorization"];
    response.end(JSON.stringify(QUIET));
  });
  servers.push(server);
  const params = httpQueue.params.parse({ type: "http", url: server.url, headers: { Authorization: "Bearer abc" } });
  await httpQueue.create(params, { name: "q", strategies: [], intervalMs: 2_000 }).read(sensorContext());
  expect(seen).toBe("Bearer abc");
});

test("the sample server of the support folder speaks what the sensor reads", async () => {
  const server = await serveJson(() => QUIET);
  servers.push(server);
  const params = httpQueue.params.parse({ type: "http", url: server.url });
  const observations = await facts(httpQueue.create(params, { name: "q", strategies: [], intervalMs: 2_000 }).read(sensorContext()));
  expect(kindsIn(observations)).toEqual(["queue"]);
});
