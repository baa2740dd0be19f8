import { afterEach, expect, test, vi } from "vitest";
import { createIngest, type IngestKind } from "../../src/sensors/ingest.ts";
import { overHttp } from "../../src/worker/over-http.ts";
import { newTally } from "../../src/worker/tally.ts";
import { deadUrl, serveHttp, type TestServer } from "../support/http-server.ts";
import { watchedWorkers } from "../support/watched-worker.ts";

let server: TestServer | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  await server?.close();
});

/** healer's own ingest behind a real server that may be told to answer something else, or nothing. */
async function ingestServer() {
  const ingest = createIngest();
  const state = { status: 200 as number | "silent", tokens: new Set<string | undefined>(), requests: 0 };
  server = await serveHttp((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      state.requests++;
      if (state.status === "silent") return void request.socket.destroy();
      state.tokens.add(request.headers.authorization);
      if (state.status !== 200) return void response.writeHead(state.status).end("{}");
      const kind = (request.url ?? "").replace("/api/", "") as IngestKind;
      const taken = ingest.accept(kind, JSON.parse(body), { atMs: 1, workers: watchedWorkers(2) });
      response.writeHead(taken.ok ? 200 : 400).end("{}");
    });
  });
  return { ingest, state, url: new URL(server.url) };
}

const LIVING = { closed: false };
const tasks = (ok: number, failed: number) => ({ kind: "tasks", target: "rpa:1", atMs: 1, ok, failed });
const beat = { kind: "heartbeat", target: "rpa:1", atMs: 1 };

test("what was finished since the last message goes to healer's ingest, and a heartbeat where one was due", async () => {
  const { ingest, state, url } = await ingestServer();
  const send = overHttp({ url, token: "t0ken", worker: "rpa#1" });
  const tally = { ...newTally(), ok: 3, failed: 1, beats: 1 };
  expect(await send(tally, LIVING)).toBe(true);
  expect(await send({ ...tally, ok: 5 }, LIVING)).toBe(true);
  expect(await send({ ...tally, ok: 5 }, LIVING)).toBe(true);
  expect(ingest.drain()).toEqual([tasks(3, 1), beat, tasks(2, 0)]);
  expect([...state.tokens]).toEqual(["Bearer t0ken"]);
});

test.each([500, 401, 400] as const)("what a healer refuses with %i is kept and told later, once", async (status) => {
  const { ingest, state, url } = await ingestServer();
  const send = overHttp({ url, token: "", worker: "rpa#1" });
  const tally = { ...newTally(), ok: 3, failed: 1 };
  state.status = status;
  expect(await send(tally, LIVING)).toBe(false);
  expect(await send({ ...tally, ok: 4 }, LIVING)).toBe(false);
  state.status = 200;
  expect(await send({ ...tally, ok: 4 }, LIVING)).toBe(true);
  expect(ingest.drain()).toEqual([tasks(4, 1)]);
});

test("what may have been counted, because no answer came, is not told twice", async () => {
  const { ingest, state, url } = await ingestServer();
  const send = overHttp({ url, token: "", worker: "rpa#1" });
  state.status = "silent";
  expect(await send({ ...newTally(), ok: 3 }, LIVING)).toBe(true);
  state.status = 200;
  expect(await send({ ...newTally(), ok: 4 }, LIVING)).toBe(true);
  expect(ingest.drain()).toEqual([tasks(1, 0)]);
});

test("where nobody listens it fails quietly, and the deltas stay, no more than one message holds and at their rate", async () => {
  const dead = overHttp({ url: new URL(await deadUrl()), token: "", worker: "rpa#1" });
  expect(await dead({ ...newTally(), ok: 3 }, LIVING)).toBe(false);
  const { ingest, url } = await ingestServer();
  const send = overHttp({ url, token: "", worker: "rpa#1" });
  expect(await send({ ...newTally(), ok: 900_000, failed: 100_000 }, LIVING)).toBe(true);
  expect(ingest.drain()).toEqual([tasks(90_000, 10_000)]);
  expect(await send({ ...newTally(), ok: 900_000, failed: 100_000 }, LIVING)).toBe(true);
  expect(ingest.drain()).toEqual([]);
});

test("it goes around any proxy", async () => {
  for (const name of ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]) vi.stubEnv(name, await deadUrl());
  vi.stubEnv("NODE_USE_ENV_PROXY", "1");
  const { ingest, url } = await ingestServer();
  await overHttp({ url, token: "", worker: "rpa#1" })({ ...newTally(), ok: 1 }, LIVING);
  expect(ingest.drain()).toEqual([tasks(1, 0)]);
});

test("a token that no header can hold is a refusal, not an error", async () => {
  const { state, url } = await ingestServer();
  expect(await overHttp({ url, token: "a\nb", worker: "rpa#1" })({ ...newTally(), ok: 1 }, LIVING)).toBe(false);
  expect(state.requests).toBe(0);
});
