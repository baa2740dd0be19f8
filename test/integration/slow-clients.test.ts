import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { attackedPort, statusOf, TOKENS } from "../support/attacked-port.ts";
import { daemonStatus, targetStatus } from "../support/fake-control-plane.ts";
import { until } from "../support/until.ts";

// Clients that hold connections and ask for nothing, or take nothing. In real time: the limits are 5 to 20 seconds.

const EACH = 30; // of six kinds, two of which send changes: no more than come through at once
const PATIENCE_MS = 100_000;
const TRICKLE_MS = 500;
const HOST = "Host: 127.0.0.1\r\n";
const BODY = `POST /api/pause HTTP/1.1\r\n${HOST}Authorization: Bearer ${TOKENS.admin}\r\nContent-Type: application/json\r\n`;

/** What each sends at first, and then again and again. */
const SLOW: readonly (readonly [kind: string, first: string, again: string])[] = [
  ["says nothing at all", "", ""],
  ["begins a request and leaves it", `GET /healthz HTTP/1.1\r\n${HOST}`, ""],
  ["sends headers letter by letter", `GET /healthz HTTP/1.1\r\n${HOST}X: `, "x"],
  ["sends a body letter by letter", `${BODY}Content-Length: 60000\r\n\r\n`, " "],
  ["sends chunks of one letter", `${BODY}Transfer-Encoding: chunked\r\n\r\n`, "1\r\n \r\n"],
  ["keeps a connection it was answered on", `GET /healthz HTTP/1.1\r\n${HOST}\r\n`, ""],
];

test("who is slow to ask is hung up on, whatever the way, and an honest client is served meanwhile", async () => {
  const { open, url, plane, bugs } = await attackedPort();
  const clients = SLOW.flatMap(([kind, first, again]) => Array.from({ length: EACH }, () => ({ ...open(), kind, first, again })));
  for (const { socket, first } of clients) if (first !== "") socket.write(first);
  const trickle = setInterval(() => {
    for (const { socket, isOver, again } of clients) if (again !== "" && !isOver()) socket.write(again);
  }, TRICKLE_MS);
  try {
    await until(() => clients.every(({ socket }) => !socket.connecting), "the connections");
    expect(new Set(clients.filter(({ isOver }) => isOver()).map(({ kind }) => kind))).toEqual(new Set());
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await until(() => clients.every(({ isOver }) => isOver()), "an end of all", PATIENCE_MS);
  } finally {
    clearInterval(trickle);
  }
  for (const { answer, kind } of clients) expect([0, 200, 408], kind).toContain(statusOf(answer()));
  expect(plane.asked).toEqual([]);
  expect(bugs).toEqual([]);
});

test("who takes nothing of a long answer is hung up on", async () => {
  const { open, port, plane, url } = await attackedPort();
  plane.current = daemonStatus({ targets: Array.from({ length: 20_000 }, (_, index) => targetStatus({ id: `app:${index}` })) });
  for (const { socket } of Array.from({ length: 3 }, open)) socket.pause().write(`GET /api/status HTTP/1.1\r\n${HOST}\r\n`);
  await until(() => connectionsOf(port) === 3, "the connections");
  expect((await fetch(`${url}/healthz`, { headers: { Connection: "close" } })).status).toBe(200);
  await until(() => connectionsOf(port) === 0, "an end of all", PATIENCE_MS);
});

/** As the kernel has them on the server's side: who does not read is not told of an end. */
function connectionsOf(port: number): number {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/net/tcp", "utf8").split("\n");
  return rows.map((row) => row.trim().split(/\s+/)).filter(([, from, , state]) => from === local && state === "01").length;
}
