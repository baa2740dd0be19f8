import { connect } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createApi } from "../../src/api/api.ts";
import { servePort, serveSocket } from "../../src/api/serve.ts";
import { FakeControlPlane } from "../support/fake-control-plane.ts";
import { sealedRecord } from "../support/log-records.ts";
import { temporaryDir } from "../support/temporary-dir.ts";
import { until } from "../support/until.ts";

const HOST = { Host: "127.0.0.1" };

async function served(options: { heartbeatMs?: number; streamsMax?: number } = {}) {
  const plane = new FakeControlPlane();
  const tokens = { admin: "a".repeat(40), ingest: "i".repeat(40) };
  const api = createApi(plane, { access: { via: "port", tokens, host: "127.0.0.1" }, ...options });
  const port = await servePort(api, { host: "127.0.0.1", port: 0 });
  if (!port.ok) throw new Error(port.error);
  onTestFinished(() => port.value.close());
  return { plane, url: `http://127.0.0.1:${port.value.port}` };
}

/** Reads a stream into `text` until closed. */
async function open(url: string, headers: Record<string, string> = {}) {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const answer = await fetch(`${url}/api/stream`, { headers: { ...HOST, ...headers }, signal: abort.signal });
  const stream = { status: answer.status, text: "", ended: false, close: () => abort.abort() };
  const reading = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) stream.text += decoder.decode(chunk as Uint8Array, { stream: true });
  };
  void reading()
    .catch(() => undefined)
    .finally(() => (stream.ended = true));
  return stream;
}

function ids(text: string): string[] {
  return [...text.matchAll(/^id: (.+)$/gm)].map((match) => match[1] ?? "");
}

test("each record arrives as it is written, as the heal log has it", async () => {
  const { plane, url } = await served();
  const stream = await open(url);
  await until(() => stream.text.includes("retry: 2000"), "the stream's greeting");
  plane.write(sealedRecord({ event: "hold", reason: "line\nbreak", more: { guard: "grace" } }));
  await until(() => ids(stream.text).length === 1, "the record");
  const data = /^data: (.+)$/m.exec(stream.text)?.[1] ?? "";
  expect(JSON.parse(data)).toMatchObject({ event: "hold", reason: "line\nbreak", guard: "grace", v: 1 });
  expect(stream.text).toContain("event: record");
});

test("a reader that comes back gets what it missed, and nothing twice", async () => {
  const { plane, url } = await served();
  const first = await open(url);
  await until(() => first.text !== "", "the greeting");
  for (const reason of ["one", "two", "three"]) plane.write(sealedRecord({ reason }));
  await until(() => ids(first.text).length === 3, "three records");
  first.close();
  plane.write(sealedRecord({ reason: "four" }));
  const second = await open(url, { "Last-Event-ID": ids(first.text)[1] ?? "" });
  await until(() => ids(second.text).length === 2, "the two missed ones");
  expect([...second.text.matchAll(/"reason":"(\w+)"/g)].map((match) => match[1])).toEqual(["three", "four"]);
});

test("an id of a daemon that was restarted since resumes by its time", async () => {
  const { plane, url } = await served();
  plane.write(sealedRecord({ ts: "2026-11-22T03:00:00.000Z", reason: "old" }));
  plane.write(sealedRecord({ ts: "2026-11-22T05:00:00.000Z", reason: "missed" }));
  const stream = await open(url, { "Last-Event-ID": `${Date.parse("2026-11-22T04:00:00.000Z")}-99` });
  await until(() => ids(stream.text).length > 0, "the missed one");
  expect(stream.text).toContain("missed");
  expect(stream.text).not.toContain('"old"');
});

test.each(["nonsense", "1-", "9".repeat(40), "-1-1"])("the id %j resumes nothing and breaks nothing", async (id) => {
  const { plane, url } = await served();
  plane.write(sealedRecord({ reason: "before" }));
  const stream = await open(url, { "Last-Event-ID": id });
  await until(() => stream.text !== "", "the greeting");
  plane.write(sealedRecord({ reason: "after" }));
  await until(() => ids(stream.text).length === 1, "the new record");
  expect(stream.text).not.toContain('"before"');
});

test("a silent stream says that it lives", async () => {
  const { url } = await served({ heartbeatMs: 30 });
  const stream = await open(url);
  await until(() => stream.text.split("\n\n").filter((part) => part === ":").length >= 3, "three heartbeats");
});

test("streams are limited, and a closed one makes room at once, not at its next heartbeat", async () => {
  const { url } = await served({ streamsMax: 2 });
  const first = await open(url);
  const second = await open(url);
  expect([first.status, second.status, (await open(url)).status]).toEqual([200, 200, 503]);
  first.close();
  await until(async () => (await open(url)).status === 200, "room for another stream");
});

test("a reader that stands still is cut off instead of filling the memory", async () => {
  const { plane, url } = await served({ streamsMax: 1 });
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port) });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined);
  socket.write("GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  await new Promise((resolve) => socket.once("data", resolve));
  socket.pause();
  expect((await open(url)).status, "its stream still counts").toBe(503);
  for (let index = 0; index < 4_000; index += 1) plane.write(sealedRecord({ reason: "x".repeat(20_000) }));
  await until(async () => (await open(url)).status === 200, "the room it took");
});

test("the control socket is closed with its streams", async () => {
  const api = createApi(new FakeControlPlane(), { access: { via: "socket" } });
  const path = join(temporaryDir(), "healer.sock");
  const socket = await serveSocket(api, path);
  if (!socket.ok) throw new Error(socket.error);
  const reader = connect({ path });
  let ended = false;
  reader.on("close", () => (ended = true)).on("error", () => undefined);
  reader.write("GET /api/stream HTTP/1.1\r\nHost: healer\r\n\r\n");
  await new Promise((resolve) => reader.once("data", resolve));
  await socket.value.close();
  await until(() => ended, "the stream to end");
});
