import { spawn } from "node:child_process";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createApi } from "../../src/api/api.ts";
import { servePort, serveSocket } from "../../src/api/serve.ts";
import { openTokens } from "../../src/api/tokens.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { FakeControlPlane } from "../support/fake-control-plane.ts";
import { temporaryDir } from "../support/temporary-dir.ts";
import { until } from "../support/until.ts";

const api = createApi(new FakeControlPlane(), { access: { via: "socket" } });

function statusOver(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ socketPath: path, path: "/healthz" }, (answer) => resolve(answer.resume().statusCode ?? 0))
      .on("error", reject)
      .end();
  });
}

test("the control socket is its owner's alone", async () => {
  const path = join(temporaryDir(), "healer.sock");
  const served = await serveSocket(api, path);
  onTestFinished(() => (served.ok ? served.value.close() : undefined));
  expect(served.ok).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await statusOver(path)).toBe(200);
});

test("a socket that a killed process left behind is taken over", async () => {
  const path = join(temporaryDir(), "healer.sock");
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)})`;
  const other = spawn(process.execPath, ["-e", script], { stdio: "ignore" });
  await until(() => existsSync(path), "the other process's socket");
  const gone = new Promise((resolve) => other.once("exit", resolve));
  other.kill("SIGKILL");
  await gone;
  expect(existsSync(path), "a killed process leaves its socket").toBe(true);
  const served = await serveSocket(api, path);
  onTestFinished(() => (served.ok ? served.value.close() : undefined));
  expect(await statusOver(path)).toBe(200);
});

test("a socket somebody listens on is left alone", async () => {
  const path = join(temporaryDir(), "healer.sock");
  const first = await serveSocket(api, path);
  onTestFinished(() => (first.ok ? first.value.close() : undefined));
  expect(await serveSocket(api, path)).toEqual({ ok: false, error: `somebody listens on ${path} already` });
  expect(await statusOver(path)).toBe(200);
});

test("a path too long for a socket is said, not thrown", async () => {
  const path = join(temporaryDir(), "x".repeat(120));
  expect(await serveSocket(api, path)).toEqual({ ok: false, error: expect.stringContaining("longer than 103 bytes") as unknown });
});

test("a taken port is an answer, and port 0 takes a free one and tells which", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void taken.close());
  await new Promise((resolve) => taken.once("listening", resolve));
  const { port } = taken.address() as { port: number };
  expect(await servePort(api, { host: "127.0.0.1", port })).toEqual({ ok: false, error: `127.0.0.1:${port} is taken` });
  const free = await servePort(api, { host: "127.0.0.1", port: 0 });
  if (!free.ok) throw new Error(free.error);
  onTestFinished(() => free.value.close());
  expect((await fetch(`http://127.0.0.1:${free.value.port}/healthz`)).status).toBe(200);
});

test("a host that is not this machine's is an answer too", async () => {
  expect(await servePort(api, { host: "192.0.2.1", port: 0 })).toEqual({ ok: false, error: "cannot listen on 192.0.2.1:0: EADDRNOTAVAIL" });
});

test("tokens are made once, for the owner alone, and are different", () => {
  const home = temporaryDir();
  const first = openTokens(systemFiles(), home);
  if (!first.ok) throw new Error(first.error);
  expect(first.value.admin).toMatch(/^[\w-]{43}$/);
  expect(first.value.admin).not.toBe(first.value.ingest);
  for (const name of ["admin.token", "ingest.token"]) expect(statSync(join(home, name)).mode & 0o777).toBe(0o600);
  expect(openTokens(systemFiles(), home)).toEqual(first);
});

test.each([
  ["that others may read", "x".repeat(40), 0o644, "chmod 600"],
  ["with too short a token", "secret", 0o600, "at least 24"],
  ["with a text in it", "one two three four five six seven", 0o600, "without spaces"],
])("a token file %s is refused", (_what, content, mode, word) => {
  const home = temporaryDir();
  writeFileSync(join(home, "admin.token"), content, { mode });
  expect(openTokens(systemFiles(), home)).toEqual({ ok: false, error: expect.stringContaining(word) as unknown });
});

/** A request as bytes, because clients differ in how they frame a body. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    let answer = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (answer += chunk));
    socket.on("end", () => resolve(answer)).on("error", reject);
    socket.write(text);
  });
}

describe("over a real connection", () => {
  const head = (framing: string) =>
    `POST /api/pause HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/json\r\n${framing}\r\n`;
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
  const long = JSON.stringify({ reason: "x".repeat(70_000) });

  test.each([
    ["no body at all", head(""), "200"],
    ["a body of length 0", head("Content-Length: 0\r\n"), "200"],
    ["a body with its length", `${head("Content-Length: 14\r\n")}{"by":"alice"}`, "200"],
    ["a body in chunks", `${head("Transfer-Encoding: chunked\r\n")}${chunk('{"by":')}${chunk('"alice"}')}0\r\n\r\n`, "200"],
    ["a long body with its length", `${head(`Content-Length: ${long.length}\r\n`)}${long}`, "413"],
    ["a long body in chunks", `${head("Transfer-Encoding: chunked\r\n")}${chunk(long)}0\r\n\r\n`, "413"],
  ])("a command with %s is answered", async (_what, text, status) => {
    const served = await servePort(api, { host: "127.0.0.1", port: 0 });
    if (!served.ok) throw new Error(served.error);
    onTestFinished(() => served.value.close());
    expect((await raw(served.value.port, text)).slice(9, 12)).toBe(status);
  });
});
