import type { RequestListener } from "node:http";
import { afterEach, expect, test } from "vitest";
import { getBounded, type GetOptions } from "../../../src/world/http/get-bounded.ts";
import { saysNothingOfServer } from "../../../src/world/http/http-failure.ts";
import { deadUrl, serveHttp, serveTcp, type TestServer } from "../../support/http-server.ts";
import { until } from "../../support/until.ts";

const MEGABYTE = 1024 ** 2;
const LIMITS: GetOptions = { timeoutMs: 10_000, maxBytes: 4 * MEGABYTE };
const IMPATIENT: GetOptions = { ...LIMITS, timeoutMs: 200 };

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(listener: RequestListener): Promise<TestServer> {
  const server = await serveHttp(listener);
  servers.push(server);
  return server;
}

test("an answer comes back with status, content type and body", async () => {
  const { url } = await serve((_, response) =>
    response.setHeader("content-type", "application/json").end('{"pending": 3, "text": "größer"}'),
  );
  const answer = await getBounded(`${url}/api/stats?full=1`, LIMITS);
  const headers = expect.objectContaining({ "content-type": "application/json" }) as object;
  const value = { status: 200, contentType: "application/json", headers, body: '{"pending": 3, "text": "größer"}' };
  expect(answer).toEqual({ ok: true, value });
});

test("HTTP 500 is a failure with its number, unless the caller accepts it", async () => {
  const { url } = await serve((_, response) => response.writeHead(500).end("oops"));
  expect(await getBounded(url, LIMITS)).toEqual({ ok: false, error: { kind: "status", message: "HTTP 500" } });
  expect(await getBounded(url, { ...LIMITS, accept: (status) => status === 500 })).toMatchObject({ ok: true, value: { body: "oops" } });
});

test("a redirect is an answer and is not followed", async () => {
  const elsewhere = await serve((_, response) => response.end("followed"));
  const { url } = await serve((_, response) => response.writeHead(302, { location: elsewhere.url }).end());
  expect(await getBounded(url, LIMITS)).toMatchObject({ ok: false, error: { message: "HTTP 302" } });
});

test("nobody listening is a refused connection", async () => {
  expect(await getBounded(await deadUrl(), LIMITS)).toEqual({ ok: false, error: { kind: "refused", message: "connection refused" } });
});

test("a server that says nothing is given up after the timeout, and its connection is closed", async () => {
  const server = await serve(() => {});
  expect(await getBounded(server.url, IMPATIENT)).toEqual({ ok: false, error: { kind: "timeout", message: "no answer in 200 ms" } });
  await until(() => server.connections() === 0, "the connection to close");
});

test("the deadline covers the body: a slow drip does not keep it alive", async () => {
  const { url } = await serve((_, response) => {
    const drip = setInterval(() => response.write(" "), 20);
    response.on("close", () => clearInterval(drip));
  });
  expect(await getBounded(url, IMPATIENT)).toMatchObject({ ok: false, error: { kind: "timeout" } });
});

test("200 MB of JSON are refused at the cap, after a few megabytes were sent", async () => {
  let sentBytes = 0;
  const block = Buffer.alloc(64 * 1024, "1,");
  const { url } = await serve((_, response) => {
    const more = (): void => {
      while (sentBytes < 200 * MEGABYTE && !response.destroyed) {
        sentBytes += block.length;
        if (!response.write(block)) return void response.once("drain", more);
      }
      response.end("]");
    };
    response.write("[");
    more();
  });
  expect(await getBounded(url, LIMITS)).toEqual({ ok: false, error: { kind: "too-large", message: "more than 4 MB" } });
  expect(sentBytes).toBeLessThan(50 * MEGABYTE); // what the kernel's socket buffers swallow beyond the 4 MB
});

test("who only asks for a sign of life gets a long body cut to the byte, not refused", async () => {
  const { url } = await serve((_, response) => response.end("x".repeat(MEGABYTE)));
  const answer = await getBounded(url, { ...LIMITS, maxBytes: 1024, overflow: "cut" });
  expect(answer).toMatchObject({ ok: true, value: { status: 200 } });
  expect(answer.ok && answer.value.body.length).toBe(1024);
});

test("an answer cut short is broken, not a short answer", async () => {
  const { url } = await serve((_, response) => {
    response.writeHead(200, { "content-length": "100" }).write('{"completed": 1');
    setTimeout(() => response.destroy(), 20);
  });
  expect(await getBounded(url, LIMITS)).toMatchObject({ ok: false, error: { kind: "broken" } });
});

test("a server that does not speak HTTP is broken", async () => {
  const server = await serveTcp((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
  servers.push(server);
  expect(await getBounded(server.url, LIMITS)).toEqual({ ok: false, error: { kind: "broken", message: "the answer is not HTTP" } });
});

test("stopping ends the request at once, also when it was stopped before it began", async () => {
  const server = await serve(() => {});
  const stop = new AbortController();
  const answer = getBounded(server.url, { ...LIMITS, signal: stop.signal });
  await until(() => server.connections() === 1, "the connection");
  stop.abort();
  expect(await answer).toMatchObject({ ok: false, error: { kind: "stopped" } });
  expect(await getBounded(server.url, { ...LIMITS, signal: stop.signal })).toMatchObject({ ok: false, error: { kind: "stopped" } });
  await until(() => server.connections() === 0, "the connection to close");
});

test("credentials of the URL are sent, and stand in no message", async () => {
  const { url } = await serve((request, response) => response.writeHead(403, { "x-auth": request.headers.authorization ?? "" }).end());
  const secret = url.replace("//", "//ada:s3cret@");
  const accepted = await getBounded(secret, { ...LIMITS, accept: () => true });
  expect(accepted.ok).toBe(true);
  const dead = (await deadUrl()).replace("//", "//ada:s3cret@");
  for (const outcome of [
    await getBounded(secret, LIMITS),
    await getBounded(dead, LIMITS),
    await getBounded("ftp://ada:s3cret@host/", LIMITS),
  ]) {
    expect(JSON.stringify(outcome)).not.toContain("s3cret");
    expect(outcome.ok).toBe(false);
  }
});

test("the caller's headers are sent, and no connection outlives its answer", async () => {
  const seen: unknown[] = [];
  const server = await serve(({ headers }, response) => {
    seen.push(headers["x-token"], headers.authorization, headers.connection);
    response.end("{}");
  });
  await getBounded(server.url.replace("//", "//ada:s3cret@"), { ...LIMITS, headers: { "X-Token": "abc" } });
  expect(seen).toEqual(["abc", `Basic ${btoa("ada:s3cret")}`, "close"]);
  await until(() => server.connections() === 0, "the connection to close");
});

test("a port that browsers call unsafe is asked like any other", async () => {
  // fetch refuses 6665–6669 and 6000 as "bad ports"; a worker may well listen there.
  for (const port of [6000, 6665, 6666, 6667, 6668, 6669]) {
    const server = await serveHttp((_, response) => response.end("up"), port).catch(() => null);
    if (server === null) continue; // taken on this host; one of them is enough
    servers.push(server);
    expect(await getBounded(server.url, LIMITS)).toMatchObject({ ok: true, value: { body: "up" } });
    return;
  }
});

test.each([
  ["not a URL", "nonsense"],
  ["no http", "file:///etc/passwd"],
  ["an impossible port", "http://127.0.0.1:99999/"],
  ["a name that cannot exist", "http://name.invalid/"],
])("%s says nothing of a server", async (_, url) => {
  const outcome = await getBounded(url, LIMITS);
  expect(outcome.ok).toBe(false);
  expect(!outcome.ok && saysNothingOfServer(outcome.error)).toBe(true);
});

test("a header that cannot be sent is a returned failure", async () => {
  const outcome = await getBounded("http://127.0.0.1:1/", { ...LIMITS, headers: { "x-token": "two\nlines" } });
  expect(outcome).toMatchObject({ ok: false, error: { kind: "unreachable" } });
});

test("when healer itself could not run, the server gets its full time once more", async () => {
  const { url } = await serve((_, response) => void setTimeout(() => response.end("late, but here"), 50));
  const answer = getBounded(url, IMPATIENT);
  await until(() => true, "the request to leave");
  const stallUntilMs = performance.now() + 700;
  while (performance.now() < stallUntilMs);
  expect(await answer).toMatchObject({ ok: true, value: { body: "late, but here" } });
});
