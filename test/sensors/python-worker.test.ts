import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createIngest, type IngestKind } from "../../src/sensors/ingest.ts";
import { deadUrl, serveHttp, type TestServer } from "../support/http-server.ts";
import { until } from "../support/until.ts";
import { watchedWorkers } from "../support/watched-worker.ts";

const EXAMPLE = join(import.meta.dirname, "../../docs/examples/worker.py");
const hasPython = spawnSync("python3", ["--version"]).status === 0;

let worker: ChildProcess | undefined;
let server: TestServer | undefined;
afterEach(async () => {
  worker?.kill("SIGKILL");
  await server?.close();
});

function startExample(url: string): { readonly child: ChildProcess; readonly errors: () => string } {
  const env = {
    PATH: process.env["PATH"],
    HEALER_URL: url,
    HEALER_TOKEN: "t0ken",
    name: "rpa",
    pm_id: "1",
    http_proxy: "http://127.0.0.1:9",
  };
  const child = spawn("python3", [EXAMPLE], { env, stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  worker = child;
  return { child, errors: () => errors };
}

test.skipIf(!hasPython)("the Python example reports its outcomes and heartbeats as the worker PM2 says it is", async () => {
  const ingest = createIngest();
  const refused: unknown[] = [];
  server = await serveHttp((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      if (request.headers.authorization !== "Bearer t0ken" || request.headers["content-type"] !== "application/json")
        refused.push(request.headers);
      const kind = (request.url ?? "").replace("/api/", "") as IngestKind;
      const taken = ingest.accept(kind, JSON.parse(body), { atMs: 1, workers: watchedWorkers(2) });
      if (!taken.ok) refused.push(taken.error);
      response.end("{}");
    });
  });
  startExample(server.url);
  const seen: unknown[] = [];
  await until(() => (seen.push(...ingest.drain()), seen.length >= 4), "four reports");
  expect(refused).toEqual([]);
  expect(seen.slice(0, 4)).toEqual([
    { kind: "tasks", target: "rpa:1", atMs: 1, ok: 1, failed: 0 },
    { kind: "tasks", target: "rpa:1", atMs: 1, ok: 1, failed: 0 },
    { kind: "tasks", target: "rpa:1", atMs: 1, ok: 0, failed: 1 },
    { kind: "heartbeat", target: "rpa:1", atMs: 1 },
  ]);
});

test.skipIf(!hasPython)("the Python example goes on working while healer is down", async () => {
  const { child, errors } = startExample(await deadUrl());
  await until(() => (errors().match(/healer: /g) ?? []).length >= 2, "two reports that could not be made");
  expect(child.exitCode).toBeNull();
});
