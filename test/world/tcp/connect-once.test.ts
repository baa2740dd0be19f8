import { spawn, type ChildProcess } from "node:child_process";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { connectOnce } from "../../../src/world/tcp/connect-once.ts";
import { deadUrl, serveTcp, type TestServer } from "../../support/http-server.ts";
import { until } from "../../support/until.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

function connectTo(port: number, part: { host?: string; timeoutMs?: number; signal?: AbortSignal } = {}) {
  return connectOnce({ host: "127.0.0.1", port, timeoutMs: 10_000, signal: new AbortController().signal, ...part });
}

async function serve(onConnection: (socket: Socket) => void): Promise<TestServer> {
  const server = await serveTcp(onConnection);
  open.push(server);
  return server;
}

test("whoever listens is connected to, and left again", async () => {
  const server = await serve(() => {});
  expect(await connectTo(server.port)).toEqual({ ok: true, value: null });
  await until(() => server.connections() === 0, "the connection to close");
});

test("where nobody listens the connection is refused", async () => {
  const refused = await connectTo(Number(new URL(await deadUrl()).port));
  expect(refused).toEqual({ ok: false, error: { kind: "refused", message: "connection refused" } });
});

test("a name that does not exist says nothing of who should listen there", async () => {
  expect(await connectTo(80, { host: "name.invalid" })).toMatchObject({ ok: false, error: { kind: "unreachable" } });
});

test("a server that greets is parted from without a reset: a careless one would die of it", async () => {
  const [errors, ends]: [string[], boolean[]] = [[], []];
  const { port } = await serve((socket) => {
    socket.write("220 mail.example ESMTP\r\n");
    setImmediate(() => socket.write("220 ready\r\n"));
    socket.on("error", (error) => errors.push(error.message));
    socket.on("close", (hadError) => ends.push(hadError));
    socket.resume();
  });
  for (let time = 0; time < 20; time++) await connectTo(port);
  await until(() => ends.length === 20, "all connections to close");
  expect(errors).toEqual([]);
  expect(ends).not.toContain(true);
});

test("a server that never hangs up is hung up on", async () => {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    const talk = setInterval(() => socket.write("x"), 20);
    socket.on("close", () => clearInterval(talk));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(server);
  const address = server.address();
  await connectTo(typeof address === "object" && address !== null ? address.port : 0);
  await until(() => sockets.size === 0, "the connection to be cut");
});

/** A process that listens and then stands still: the kernel accepts for it until its backlog is full. */
async function standstill(): Promise<{ readonly port: number; readonly child: ChildProcess }> {
  const program = `require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, function () {
    require("node:fs").writeSync(1, String(this.address().port) + "\\n");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  })`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  open.push({ close: () => child.kill("SIGKILL") });
  let printed = "";
  child.stdout?.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  await until(() => printed.includes("\n"), "the port");
  return { port: Number(printed), child };
}

test("a process that stands still is connected to until its backlog is full, and to nobody after that", async () => {
  const { port } = await standstill();
  expect(await connectTo(port)).toMatchObject({ ok: true });
  for (let time = 0; time < 8; time++) {
    const filler = connect({ host: "127.0.0.1", port }).on("error", () => {});
    open.push({ close: () => filler.destroy() });
  }
  let answer = await connectTo(port, { timeoutMs: 200 });
  await until(async () => !(answer = await connectTo(port, { timeoutMs: 200 })).ok, "a full backlog");
  expect(answer).toEqual({ ok: false, error: { kind: "timeout", message: "no connection in 200 ms" } });
});

test("a stopped reading ends at once", async () => {
  const { port } = await standstill();
  const fillers = Array.from({ length: 8 }, () => connect({ host: "127.0.0.1", port }).on("error", () => {}));
  open.push({ close: () => fillers.forEach((filler) => filler.destroy()) });
  await until(async () => !(await connectTo(port, { timeoutMs: 200 })).ok, "a full backlog");
  const stop = new AbortController();
  const connecting = connectTo(port, { signal: stop.signal });
  stop.abort();
  expect(await connecting).toMatchObject({ ok: false, error: { kind: "stopped" } });
  expect(await connectTo(port, { signal: stop.signal })).toMatchObject({ ok: false, error: { kind: "stopped" } });
});
