import { describe, expect, test } from "vitest";
import { attackedPort, statusOf, TOKENS, type HeldConnection } from "../support/attacked-port.ts";
import { until } from "../support/until.ts";

// What clients that write their own bytes can try. What needs only headers of a well-formed request: access.test.ts.

const END = "Connection: close\r\n\r\n";
const HOST = "Host: 127.0.0.1\r\n";

describe("a name that is not ours", () => {
  test.each([
    ["in an absolute URL, behind a Host of ours", `GET http://evil.example/api/status HTTP/1.1\r\n${HOST}${END}`, 403],
    ["in the Host, behind an absolute URL of ours", `GET http://127.0.0.1/api/status HTTP/1.1\r\nHost: evil.example\r\n${END}`, 403],
    ["as a second Host", `GET /api/status HTTP/1.1\r\n${HOST}Host: evil.example\r\n${END}`, 403],
    ["as the first of two Hosts", `GET /api/status HTTP/1.1\r\nHost: evil.example\r\n${HOST}${END}`, 403],
    ["in a list", `GET /api/status HTTP/1.1\r\nHost: 127.0.0.1, evil.example\r\n${END}`, 400],
    ["behind ours as a user", `GET /api/status HTTP/1.1\r\nHost: 127.0.0.1@evil.example\r\n${END}`, 400],
    ["behind ours as a user of an absolute URL", `GET http://127.0.0.1@evil.example/api/status HTTP/1.1\r\n${HOST}${END}`, 403],
    ["as a user of ours", `GET http://evil.example:x@127.0.0.1/api/status HTTP/1.1\r\n${HOST}${END}`, 403],
    ["nowhere: HTTP/1.0 without a Host", "GET /api/status HTTP/1.0\r\n\r\n", 400],
    ["nowhere: HTTP/1.1 without a Host", `GET /api/status HTTP/1.1\r\n${END}`, 400],
    ["in a port that is none", `GET /api/status HTTP/1.1\r\nHost: 127.0.0.1:99999\r\n${END}`, 400],
  ])("%s is refused", async (_what, text, status) => {
    const { send, bugs } = await attackedPort();
    const answer = await send(text);
    expect(statusOf(answer)).toBe(status);
    expect(answer).not.toContain("/home/app");
    expect(bugs).toEqual([]);
  });
});

describe("a path out of the dashboard's files", () => {
  test.each([
    "/../../etc/passwd",
    "/assets/../../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/assets/..%2f..%2f..%2fetc%2fpasswd",
    "/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/assets/%252e%252e%252fetc%252fpasswd",
    "/assets/..\\..\\etc\\passwd",
    "/assets/..%5c..%5cetc%5cpasswd",
    "/assets/%c0%ae%c0%ae/etc/passwd",
    "/assets/index.html%00.js",
    "//etc/passwd",
    "file:///etc/passwd",
    "/api/evidence/..%2f..%2fetc%2fpasswd",
    "/api/history?target=../../etc/passwd",
  ])("GET %s finds nothing", async (path) => {
    const { send, bugs } = await attackedPort();
    const answer = await send(`GET ${path} HTTP/1.1\r\n${HOST}${END}`);
    expect([400, 404]).toContain(statusOf(answer));
    expect(answer).not.toContain("root:");
    expect(bugs).toEqual([]);
  });
});

describe("a request that two readers could take for two", () => {
  const head = `POST /api/pause HTTP/1.1\r\n${HOST}Authorization: Bearer ${TOKENS.admin}\r\nContent-Type: application/json\r\n`;

  test.each([
    ["a length and chunks", `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n${END}0\r\n\r\n`],
    ["two lengths", `${head}Content-Length: 2\r\nContent-Length: 5\r\n${END}{}`],
    ["a header with a bare line feed in it", `${head}X: a\nContent-Length: 2\r\n${END}{}`],
    ["a space before a colon", `${head}Content-Length : 2\r\n${END}{}`],
  ])("%s is refused", async (_what, text) => {
    const { send, plane } = await attackedPort();
    expect(statusOf(await send(text))).toBe(400);
    expect(plane.asked).toEqual([]);
  });

  test("headers of a megabyte are refused", async () => {
    const { send } = await attackedPort();
    expect(statusOf(await send(`GET /healthz HTTP/1.1\r\n${HOST}X: ${"x".repeat(1_000_000)}\r\n${END}`))).toBe(431);
  });
});

test.each([
  ["a length", "Content-Length: 60000\r\n\r\n"],
  ["chunks", "Transfer-Encoding: chunked\r\n\r\n"],
])("a body with %s that ends early is no command, and no bug", async (_what, framing) => {
  const { open, plane, bugs, url } = await attackedPort();
  const { socket } = open();
  const chunk = framing.startsWith("T") ? "e\r\n" : "";
  socket.write(
    `POST /api/pause HTTP/1.1\r\n${HOST}Authorization: Bearer ${TOKENS.admin}\r\nContent-Type: application/json\r\n${framing}${chunk}{"by":"alice"}`,
  );
  await until(() => !socket.connecting, "the connection");
  await fetch(`${url}/healthz`);
  socket.destroy();
  await fetch(`${url}/healthz`);
  await fetch(`${url}/healthz`);
  expect(plane.asked).toEqual([]);
  expect(bugs).toEqual([]);
});

describe("a body of 100 MB", () => {
  const MB = 1024 * 1024;
  const TAKEN_MAX = 20 * MB; // what the kernel's buffers on both ends hold, far below what was offered
  const head = (token: string, framing: string) =>
    `POST /api/pause HTTP/1.1\r\n${HOST}${token}Content-Type: application/json\r\n${framing}\r\n`;
  const ADMIN = `Authorization: Bearer ${TOKENS.admin}\r\n`;
  const CHUNK = `${MB.toString(16)}\r\n${"x".repeat(MB)}\r\n`;

  /** Writes for as long as anybody reads, 100 MB at most. */
  function pour({ socket, isOver }: HeldConnection, piece: string): Promise<void> {
    let left = 100;
    const more = (): void => {
      while (!isOver() && left > 0 && socket.write(piece, "latin1")) left -= 1;
      left -= 1;
    };
    socket.on("drain", more);
    more();
    return until(() => isOver() || left <= 0, "an end of the body");
  }

  test.each([
    ["in chunks, with the token", head(ADMIN, "Transfer-Encoding: chunked\r\n"), CHUNK, 413],
    ["with its length, with the token", head(ADMIN, `Content-Length: ${100 * MB}\r\n`), "x".repeat(MB), 413],
    ["in chunks, without a token", head("", "Transfer-Encoding: chunked\r\n"), CHUNK, 401],
    ["with its length, of a reading request", head("", `Content-Length: ${100 * MB}\r\n`).replace("POST", "GET"), "x".repeat(MB), 404],
    ["with its length, without a token", head("", `Content-Length: ${100 * MB}\r\n`), "x".repeat(MB), 401],
  ])("%s is answered and cut off early", async (_what, text, piece, status) => {
    const { open, plane, url, bugs } = await attackedPort();
    const client = open();
    client.socket.write(text);
    await pour(client, piece);
    await until(client.isOver, "the server to hang up");
    expect(client.socket.bytesWritten - client.socket.writableLength).toBeLessThan(TAKEN_MAX);
    if (client.answer() !== "") expect(statusOf(client.answer())).toBe(status); // a reset may overtake the answer
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(plane.asked).toEqual([]);
    expect(bugs).toEqual([]);
  });

  test("that follows a length of 14 is not part of the command", async () => {
    const { open, plane } = await attackedPort();
    const client = open();
    client.socket.write(`${head(ADMIN, "Content-Length: 14\r\n")}{"by":"alice"}`);
    await pour(client, "x".repeat(MB));
    await until(client.isOver, "the server to hang up");
    expect(client.socket.bytesWritten - client.socket.writableLength).toBeLessThan(TAKEN_MAX);
    expect(plane.asked).toMatchObject([{ by: "alice (api)" }]);
  });
});
