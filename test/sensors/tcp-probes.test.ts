import { afterEach, expect, test } from "vitest";
import type { Sensor } from "../../src/sensors/sensor.ts";
import { createTcpProbeSensor } from "../../src/sensors/tcp-probes.ts";
import { deadUrl, serveTcp, type TestServer } from "../support/http-server.ts";
import { facts, sensorContext, watchedWorker } from "../support/watched-worker.ts";

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

function probe(part: { readonly host?: string; readonly port?: string } = {}): Sensor {
  const params = {
    host: "127.0.0.1",
    port: "{env.PORT}",
    every: 400,
    timeout: 5_000,
    failures: { bad: 3, of: 5 },
    startup: 300_000,
    ...part,
  };
  return createTcpProbeSensor({ strategy: "rpa", key: "tcp-probe", params });
}

function read(sensor: Sensor, env: Readonly<Record<string, string>>) {
  return facts(sensor.read(sensorContext([watchedWorker({ env })])));
}

async function listening(): Promise<TestServer> {
  const server = await serveTcp(() => {});
  servers.push(server);
  return server;
}

test("each worker's own port is connected to, and every answer names the rule", async () => {
  const [here, gone] = [(await listening()).port, new URL(await deadUrl()).port];
  const workers = [here, gone].map((port, index) => watchedWorker({ pmId: index, instance: String(index), env: { PORT: String(port) } }));
  const seen = await facts(probe().read(sensorContext(workers)));
  const answer = { kind: "probe", rule: "tcp-probe", atMs: 1_000_000 };
  expect(seen).toHaveLength(2);
  expect(seen).toContainEqual({ ...answer, target: "rpa:0", ok: true, detail: "connected" });
  expect(seen).toContainEqual({ ...answer, target: "rpa:1", ok: false, detail: "connection refused" });
});

test("a fixed port needs nothing of the worker", async () => {
  const { port } = await listening();
  expect(await read(probe({ port: String(port) }), {})).toMatchObject([{ kind: "probe", ok: true }]);
});

test.each([
  ["a worker without the variable", {}, {}, "tcp-probe of rpa:0: its environment has no PORT, which its port needs"],
  [
    "a worker without the host",
    { host: "{env.HOST}" },
    { PORT: "80" },
    "tcp-probe of rpa:0: its environment has no HOST, which its host needs",
  ],
  ["port 0", {}, { PORT: "0" }, "tcp-probe of rpa:0: its port, with this worker's values put in, is none from 1 to 65535"],
  ["port 65536", {}, { PORT: "65536" }, "tcp-probe of rpa:0: its port, with this worker's values put in, is none from 1 to 65535"],
  ["a port in words", {}, { PORT: "http" }, "tcp-probe of rpa:0: its port, with this worker's values put in, is none from 1 to 65535"],
])("%s makes it blind, and nobody sick", async (_what, part, env, reason) => {
  expect(await read(probe(part), env)).toEqual([{ kind: "blind", sensor: "tcp-probe:rpa", target: "rpa:0", atMs: 1_000_000, reason }]);
});

test("a host that cannot be found says nothing of the worker", async () => {
  expect(await read(probe({ host: "name.invalid" }), { PORT: "80" })).toMatchObject([
    { kind: "blind", target: "rpa:0", reason: expect.stringMatching(/no such host|name server/) as string },
  ]);
});
