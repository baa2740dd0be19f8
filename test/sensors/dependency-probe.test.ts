import { afterEach, expect, test } from "vitest";
import { createDependencyProbe } from "../../src/sensors/dependency-probe.ts";
import type { Sensor } from "../../src/sensors/sensor.ts";
import { deadUrl, serveHttp, type TestServer } from "../support/http-server.ts";
import { facts, sensorContext } from "../support/watched-worker.ts";

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

function probe(url: string, part: { timeout?: number } = {}): Sensor {
  return createDependencyProbe({ strategy: "rpa", url, every: 10_000, timeout: 5_000, expect: [{ from: 200, to: 399 }], ...part });
}

async function serve(status: number): Promise<string> {
  const server = await serveHttp((_request, response) => response.writeHead(status).end("ok"));
  servers.push(server);
  return server.url;
}

const answer = { kind: "dependency", strategy: "rpa", atMs: 1_000_000 };

test("asks once a reading, though no worker runs, and tells the status", async () => {
  expect(await facts(probe(await serve(200)).read(sensorContext([])))).toEqual([{ ...answer, ok: true, detail: "HTTP 200" }]);
  expect(await facts(probe(await serve(503)).read(sensorContext([])))).toEqual([{ ...answer, ok: false, detail: "HTTP 503" }]);
});

test("a refused connection and no answer in time speak against what is asked", async () => {
  expect(await facts(probe(await deadUrl()).read(sensorContext()))).toEqual([{ ...answer, ok: false, detail: "connection refused" }]);
  const silent = await serveHttp(() => {});
  servers.push(silent);
  expect(await facts(probe(silent.url, { timeout: 100 }).read(sensorContext()))).toEqual([
    { ...answer, ok: false, detail: "no answer in 100 ms" },
  ]);
});

test("a reading that was stopped, or a host nobody knows, says nothing of it: the sensor is blind, and sees again", async () => {
  const context = sensorContext();
  context.stop.abort();
  const sensor = probe(await serve(200));
  const blind = { kind: "blind", sensor: "dependency:rpa", target: null, atMs: 1_000_000 };
  expect(await sensor.read(context)).toMatchObject([blind]);
  expect(await sensor.read(sensorContext())).toMatchObject([{ kind: "sight", sensor: "dependency:rpa", target: null }, { ok: true }]);
  expect(await probe("http://nobody.invalid/").read(sensorContext())).toMatchObject([blind]);
});
