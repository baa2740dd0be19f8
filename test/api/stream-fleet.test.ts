import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createApi } from "../../src/api/api.ts";
import { servePort } from "../../src/api/serve.ts";
import { daemonStatus, FakeControlPlane, targetStatus } from "../support/fake-control-plane.ts";
import { sealedRecord } from "../support/log-records.ts";
import { until } from "../support/until.ts";

async function served(targets: number) {
  const plane = new FakeControlPlane();
  const set = (memory: number): void => {
    const words = targets > 2 ? { state: `${memory} ${"x".repeat(2_000)}` } : {}; // two megabytes a turn
    const all = Array.from({ length: targets }, (_, index) => targetStatus({ id: `a:${index}`, memory_bytes: memory, ...words }));
    plane.current = daemonStatus({ targets: all });
  };
  set(1);
  const access = { via: "port", tokens: { admin: "a".repeat(40), ingest: "i".repeat(40) }, host: "127.0.0.1" } as const;
  const port = await servePort(createApi(plane, { access, streamsMax: 1 }), { host: "127.0.0.1", port: 0 });
  if (!port.ok) throw new Error(port.error);
  onTestFinished(() => port.value.close());
  return { plane, set, port: port.value.port, url: `http://127.0.0.1:${port.value.port}/api/stream` };
}

async function reading(url: string) {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const answer = await fetch(url, { signal: abort.signal });
  const stream = { status: answer.status, text: "" };
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) stream.text += decoder.decode(chunk as Uint8Array, { stream: true });
  };
  void read().catch(() => undefined);
  return stream;
}

test("who asks for the fleet gets it whole, then what turns change, with the records between them", async () => {
  const { plane, set, url } = await served(2);
  const stream = await reading(`${url}?fleet=1`);
  await until(() => stream.text.includes("event: fleet\ndata: "), "the whole fleet");
  plane.write(sealedRecord({ reason: "said" }));
  set(2);
  plane.turn();
  await until(() => stream.text.includes("event: turn\ndata: ") && stream.text.includes("event: record\ndata: "), "a turn and a record");
  expect(stream.text).toMatch(/event: turn\ndata: .*"changed":\[\{"fields":\["memory_bytes"\],"targets":\[\["a:0",2\],\["a:1",2\]\]\}\]/);
});

test("who does not ask for it gets records alone", async () => {
  const { plane, url } = await served(2);
  const stream = await reading(url);
  plane.turn();
  plane.write(sealedRecord({ reason: "said" }));
  await until(() => stream.text.includes("said"), "the record");
  expect(stream.text).not.toContain("event: turn");
});

test("a page that takes nothing is cut off after a few turns, not kept in memory", async () => {
  const { plane, set, port, url } = await served(1_000);
  const socket = connect({ host: "127.0.0.1", port });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined);
  socket.write("GET /api/stream?fleet=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  await new Promise((resolve) => socket.once("data", resolve));
  socket.pause();
  expect((await reading(url)).status, "its stream still counts").toBe(503);
  let memory = 2;
  const isCut = async (): Promise<boolean> => {
    set(memory++);
    plane.turn();
    await new Promise((resolve) => setTimeout(resolve, 100));
    return (await reading(url)).status === 200;
  };
  await until(isCut, "the room it took", 60_000);
}, 70_000);
