import { describe, expect, test } from "vitest";
import { daemonStatus, explanation, targetStatus } from "../support/fake-control-plane.ts";
import { attackedPort, statusOf } from "../support/attacked-port.ts";
import { HOSTILE_ROWS } from "../support/hostile-names.ts";
import { sealedRecord } from "../support/log-records.ts";
import { until } from "../support/until.ts";

const END = "Host: 127.0.0.1\r\nConnection: close\r\n\r\n";
const HEADERS = ["content-type: application/json", "x-content-type-options: nosniff", "content-security-policy: default-src 'self'"];

describe.each(HOSTILE_ROWS)("a name with %s", (_what, name) => {
  const id = `${name}:0`;

  async function stage() {
    const port = await attackedPort();
    port.plane.current = daemonStatus({
      targets: [targetStatus({ id, symptom: name, state: name })],
      blind: [{ sensor: name, target: id, reason: name, for_ms: 1 }],
      needs_person: [name],
    });
    port.plane.explanations.set(id, explanation({ target: id, reason: name }));
    return port;
  }

  test("is told of its target as it is, in JSON that no browser takes for a page", async () => {
    const { send, bugs } = await stage();
    const answer = await send(`GET /api/targets/${encodeURIComponent(id)} HTTP/1.1\r\n${END}`);
    const [head = "", body = ""] = answer.split(/\r\n\r\n([^]*)/);
    expect(statusOf(answer)).toBe(200);
    for (const header of HEADERS) expect(head.toLowerCase()).toContain(header);
    expect(head.toLowerCase()).not.toContain("set-cookie");
    expect(JSON.parse(body)).toMatchObject({ status: { id, symptom: name }, explain: { target: id, reason: name } });
    expect(bugs).toEqual([]);
  });

  test("of nobody is an error that says the same, with the same headers", async () => {
    const { send } = await attackedPort();
    for (const path of [
      `/api/targets/${encodeURIComponent(id)}`,
      `/api/evidence/${encodeURIComponent(id)}`,
      `/${encodeURIComponent(id)}`,
    ]) {
      const answer = await send(`GET ${path} HTTP/1.1\r\n${END}`);
      const [head = "", body = ""] = answer.split(/\r\n\r\n([^]*)/);
      expect(statusOf(answer)).toBe(404);
      for (const header of HEADERS) expect(head.toLowerCase()).toContain(header);
      expect(head.toLowerCase()).not.toContain("set-cookie");
      expect(Object.keys(JSON.parse(body) as object)).toEqual(["error"]);
    }
  });

  test("makes no line of the metrics that healer did not write", async () => {
    const { url } = await stage();
    const plain = await attackedPort();
    plain.plane.current = daemonStatus({
      targets: [targetStatus({ id: "rpa:0" })],
      blind: [{ sensor: "queue", target: "rpa:0", reason: "", for_ms: 1 }],
      needs_person: [""],
    });
    const names = async (from: string): Promise<string[]> =>
      (await (await fetch(`${from}/metrics`)).text()).split("\n").map((line) => line.replace(/[{ ][^]*$/, ""));
    expect(await names(url)).toEqual(await names(plain.url));
  });

  test("is one event of the stream", async () => {
    const { open, plane } = await stage();
    const { socket, answer } = open();
    socket.write("GET /api/stream?fleet=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    await until(() => answer().includes("event: fleet"), "the fleet");
    plane.write(sealedRecord({ target: id, reason: name }));
    await until(() => answer().includes("event: record"), "the record");
    expect(answer().match(/^event: .*$/gm)).toEqual(["event: fleet", "event: record"]);
    expect(answer().match(/^data: /gm)).toHaveLength(2);
    const data = /event: record\ndata: (.*)$/m.exec(answer())?.[1] ?? "";
    expect(JSON.parse(data)).toMatchObject({ target: id, reason: name });
  });
});
