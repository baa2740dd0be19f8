import { afterEach, describe, expect, test } from "vitest";
import type { Observation } from "../../src/core/observation.ts";
import { createHttpProbeSensor } from "../../src/sensors/http-probes.ts";
import type { Sensor, WatchedWorker } from "../../src/sensors/sensor.ts";
import { deadUrl, serveHttp, type TestServer } from "../support/http-server.ts";
import { until } from "../support/until.ts";
import { facts, sensorContext, watchedWorker, watchedWorkers } from "../support/watched-worker.ts";

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(...listener: Parameters<typeof serveHttp>): Promise<TestServer> {
  const server = await serveHttp(...listener);
  servers.push(server);
  return server;
}

interface Part {
  readonly every?: number;
  readonly timeout?: number;
  readonly expect?: readonly { readonly from: number; readonly to: number }[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly expect_header?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly slower_than?: number;
}

function probe(url: string, part: Part = {}): Sensor {
  const params = {
    url,
    every: 400,
    timeout: 5_000,
    failures: { bad: 3, of: 5 },
    expect: [{ from: 200, to: 399 }],
    startup: 300_000,
    ...part,
  };
  return createHttpProbeSensor({ strategy: "rpa", key: "http-probe", params });
}

function workerAt(port: number | string, index = 0): WatchedWorker {
  return watchedWorker({ pmId: index, instance: String(index), pid: 4000 + index, env: { PORT: String(port) } });
}

function portOf(url: string): string {
  return new URL(url).port;
}

const HEALTH = "http://127.0.0.1:{env.PORT}/health/{name}/{instance}/{pm_id}";

test("each worker is asked at its own address, and every answer names the rule", async () => {
  const asked: string[] = [];
  const { port } = await serve((request, response) => {
    asked.push(request.url ?? "");
    response.end("ok");
  });
  const observations = await facts(probe(HEALTH).read(sensorContext([workerAt(port), workerAt(port, 1)])));
  expect(asked.sort()).toEqual(["/health/rpa/0/0", "/health/rpa/1/1"]);
  const answer = { kind: "probe", rule: "http-probe", atMs: 1_000_000, ok: true, detail: "HTTP 200" };
  expect([...observations].sort(byTarget)).toEqual([
    { ...answer, target: "rpa:0" },
    { ...answer, target: "rpa:1" },
  ]);
});

test.each([
  ["HTTP 500", 500, false],
  ["HTTP 404", 404, false],
  ["HTTP 302", 302, true],
  ["HTTP 399", 399, true],
])("%s within 200-399 is good: %j", async (detail, status, ok) => {
  const { port } = await serve((_, response) => response.writeHead(status, { location: "/elsewhere" }).end());
  expect(await facts(probe(HEALTH).read(sensorContext([workerAt(port)])))).toMatchObject([{ kind: "probe", ok, detail }]);
});

test("a silent worker fails its probe, a dead one refuses, and neither makes the sensor blind", async () => {
  const { port } = await serve(() => {});
  const context = sensorContext([workerAt(port), workerAt(portOf(await deadUrl()), 1)]);
  const observations = await facts(probe(HEALTH, { timeout: 150 }).read(context));
  expect([...observations].sort(byTarget)).toMatchObject([
    { kind: "probe", target: "rpa:0", ok: false, detail: "no answer in 150 ms" },
    { kind: "probe", target: "rpa:1", ok: false, detail: "connection refused" },
  ]);
});

test("a worker whose environment lacks the port is not judged: blind for it, with the name of the variable", async () => {
  const { port } = await serve((_, response) => response.end());
  const sensor = probe(HEALTH);
  const context = sensorContext([watchedWorker(), workerAt(port, 1)]);
  const blind = {
    kind: "blind",
    sensor: "http-probe:rpa",
    target: "rpa:0",
    reason: "http-probe of rpa:0: its environment has no PORT, which its url needs",
  };
  expect([...(await facts(sensor.read(context)))].sort(byTarget)).toMatchObject([blind, { kind: "probe", target: "rpa:1", ok: true }]);
  context.workers = [workerAt(port), workerAt(port, 1)];
  const seen = await sensor.read(context);
  expect(seen.filter(({ kind }) => kind === "probe")).toHaveLength(2);
  expect(seen).toContainEqual({ kind: "sight", sensor: "http-probe:rpa", target: "rpa:0", atMs: 1_000_000 });
});

test.each([["70000"], ["-1"], ["not-a-port"]])("a PORT of %j makes no URL: blind, not sick", async (port) => {
  expect(await facts(probe("http://127.0.0.1:{env.PORT}").read(sensorContext([workerAt(port)])))).toMatchObject([
    { kind: "blind", target: "rpa:0" },
  ]);
});

test("a host that cannot be found says nothing of the worker", async () => {
  expect(await facts(probe("http://name.invalid/").read(sensorContext([workerAt(1)])))).toMatchObject([
    { kind: "blind", target: "rpa:0", reason: expect.stringMatching(/no such host|name server/) as string },
  ]);
});

test("workers of other strategies, stopped ones and those without a pid are not asked", async () => {
  let asked = 0;
  const { url } = await serve((_, response) => {
    asked += 1;
    response.end();
  });
  const workers = [
    watchedWorker({}, "other"),
    watchedWorker({ status: "stopped", pid: null }),
    watchedWorker({ status: "online", pid: null }),
    watchedWorker({ status: "launching" }),
    watchedWorker({ status: "stopping" }),
  ];
  expect(await facts(probe(url).read(sensorContext(workers)))).toEqual([]);
  expect(asked).toBe(0);
});

test("at most 16 probes are under way, and every worker gets its answer", async () => {
  let [now, most] = [0, 0];
  const { port } = await serve((_, response) => {
    most = Math.max(most, ++now);
    setTimeout(() => {
      now -= 1;
      response.end();
    }, 30);
  });
  const workers = Array.from({ length: 100 }, (_, index) => workerAt(port, index));
  const observations = await facts(probe(HEALTH, { every: 1 }).read(sensorContext(workers)));
  expect(new Set(observations.map((seen) => "target" in seen && seen.target)).size).toBe(100);
  expect(most).toBeLessThanOrEqual(16);
  expect(most).toBeGreaterThan(8);
});

test("when most workers hang, a reading still ends, and who was left out comes first in the next", async () => {
  const { port } = await serve(() => {});
  const workers = Array.from({ length: 120 }, (_, index) => workerAt(port, index));
  const sensor = probe(HEALTH, { every: 1, timeout: 60 });
  const first = new Set((await facts(sensor.read(sensorContext(workers)))).map((seen) => "target" in seen && seen.target));
  expect(first.size).toBeLessThan(120);
  const second = (await facts(sensor.read(sensorContext(workers)))).map((seen) => "target" in seen && seen.target);
  const leftOut = workers.filter(({ id }) => !first.has(id)).length;
  expect(second.slice(0, leftOut).filter((target) => first.has(target))).toEqual([]);
});

test("probes of many workers are spread over time, always in the same order", async () => {
  const order: string[] = [];
  const { port } = await serve((request, response) => {
    order.push(request.url ?? "");
    response.end();
  });
  const sensor = probe("http://127.0.0.1:{env.PORT}/{instance}", { every: 2_000 });
  const context = sensorContext(watchedWorkers(6, { env: { PORT: String(port) } }));
  await sensor.read(context);
  await sensor.read(context);
  expect(order.slice(6)).toEqual(order.slice(0, 6));
  expect([...order.slice(0, 6)].sort()).not.toEqual(order.slice(0, 6));
});

test("a probe every second is allowed, and a stopped reading ends at once without judging anyone", async () => {
  const server = await serve(() => {});
  const sensor = probe(HEALTH, { every: 1_000 });
  expect(sensor.everyMs).toBe(1_000);
  const context = sensorContext([workerAt(server.port)]);
  const reading = sensor.read(context);
  await until(() => server.connections() === 1, "the probe");
  context.stop.abort();
  expect(await reading).toMatchObject([{ kind: "blind", target: null, sensor: "http-probe:rpa" }]);
  await until(() => server.connections() === 0, "the connection to close");
});

test("an endless answer is an answer", async () => {
  const { port } = await serve((_, response) => {
    const stream = setInterval(() => response.write("x".repeat(32_768)), 1);
    response.on("close", () => clearInterval(stream));
  });
  expect(await facts(probe(HEALTH).read(sensorContext([workerAt(port)])))).toMatchObject([{ kind: "probe", ok: true, detail: "HTTP 200" }]);
});

describe("what the answer must hold", () => {
  const page = '{"status": "degraded", "token=s3cret": 1}';
  test.each([
    [{ body: "degraded" }, true, "HTTP 200"],
    [{ body: '"status": "ok"' }, false, 'HTTP 200, body does not contain ""status": "ok""'],
    [{ body: '/"status":\\s*"(ok|degraded)"/' }, true, "HTTP 200"],
    [{ body: "/^ok$/" }, false, "HTTP 200, body does not match /^ok$/"],
    [{ body: "/DEGRADED/i" }, true, "HTTP 200"],
    [{ expect_header: { "Content-Type": "application/json" } }, true, "HTTP 200"],
    [
      { expect_header: { "content-type": "text/html" } },
      false,
      'HTTP 200, header content-type: application/json; charset=utf-8 does not contain "text/html"',
    ],
    [{ expect_header: { "x-ready": "1" } }, false, "HTTP 200, no header x-ready"],
    [{ expect_header: { "set-cookie": "y" } }, false, 'HTTP 200, header set-cookie: *** does not contain "y"'],
    [{ slower_than: 5_000 }, true, "HTTP 200"],
  ] as const)("with %j is good: %j (%s)", async (part, ok, detail) => {
    const { port } = await serve((_, response) =>
      response.writeHead(200, { "content-type": "application/json; charset=utf-8", "set-cookie": "x=s3cret" }).end(page),
    );
    expect(await facts(probe(HEALTH, part).read(sensorContext([workerAt(port)])))).toMatchObject([{ kind: "probe", ok, detail }]);
  });

  test.each([
    ["within the first 64 KiB", 64 * 1024 - 2, true],
    ["and nothing behind them", 64 * 1024 - 1, false],
  ])("is looked for %s", async (_what, before, ok) => {
    const { port } = await serve((_request, response) => response.end(`${"x".repeat(before)}ok${"x".repeat(64 * 1024)}`));
    expect(await facts(probe(HEALTH, { body: "ok" }).read(sensorContext([workerAt(port)])))).toMatchObject([{ kind: "probe", ok }]);
  });

  test("is told by its status first: a wrong one needs no body", async () => {
    const { port } = await serve((_, response) => response.writeHead(500).end("ok"));
    const reading = probe(HEALTH, { body: "fine" }).read(sensorContext([workerAt(port)]));
    expect(await facts(reading)).toMatchObject([{ ok: false, detail: "HTTP 500" }]);
  });

  test("an expression that would take for ever makes it blind for that worker, and calls nobody sick", async () => {
    const { port } = await serve((_, response) => response.end(`${"a".repeat(60)}!`));
    const [seen] = await facts(probe(HEALTH, { body: "/^(a+)+$/" }).read(sensorContext([workerAt(port)])));
    expect(seen).toMatchObject({ kind: "blind", target: "rpa:0", reason: expect.stringContaining("takes more than 100 ms") as string });
  });
});

test("an answer later than slower_than is bad, and says how late", async () => {
  const { port } = await serve((_, response) => void setTimeout(() => response.end("ok"), 800));
  const reading = probe(HEALTH, { slower_than: 50 }).read(sensorContext([workerAt(port)]));
  const detail = expect.stringMatching(/^HTTP 200 after (\d{3} ms|\d+\.\d s), slower than 50ms$/) as string;
  expect(await facts(reading)).toMatchObject([{ kind: "probe", ok: false, detail }]);
});

test("time in which healer itself stood still makes no answer slow", async () => {
  let asked = false;
  const { port } = await serve((_, response) => {
    asked = true;
    setTimeout(() => response.end("ok"), 50);
  });
  const reading = probe(HEALTH, { every: 1, slower_than: 300 }).read(sensorContext([workerAt(port)]));
  await until(() => asked, "the probe");
  const stallUntilMs = performance.now() + 1_200;
  while (performance.now() < stallUntilMs);
  expect(await facts(reading)).toMatchObject([{ kind: "probe", ok: true, detail: "HTTP 200" }]);
});

test("the headers of the rule are sent, and stand in no observation", async () => {
  const got: string[] = [];
  const { port } = await serve((request, response) => {
    got.push(request.headers.authorization ?? "", request.headers.host ?? "");
    response.writeHead(401).end();
  });
  const headers = { authorization: "Bearer b34rer", host: "api.internal" };
  const observations = await probe(HEALTH, { headers }).read(sensorContext([workerAt(port)]));
  expect(got).toEqual(["Bearer b34rer", "api.internal"]);
  expect(JSON.stringify(observations)).not.toContain("b34rer");
});

function byTarget(one: Observation, other: Observation): number {
  const idOf = (observation: Observation): string => ("target" in observation ? (observation.target ?? "") : "");
  return idOf(one).localeCompare(idOf(other));
}
