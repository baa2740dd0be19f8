import { describe, expect, test } from "vitest";
import { createApi } from "../../src/api/api.ts";
import { explanation, FakeControlPlane } from "../support/fake-control-plane.ts";

const TOKENS = { admin: "admin-".repeat(6), ingest: "ingest-".repeat(6) };
const HOST = { Host: "127.0.0.1:7717" };
const ADMIN = { ...HOST, Authorization: `Bearer ${TOKENS.admin}` };

function onPort() {
  const plane = new FakeControlPlane();
  return { plane, api: createApi(plane, { access: { via: "port", tokens: TOKENS, host: "127.0.0.1" } }) };
}

function post(headers: Record<string, string>, body?: string): RequestInit {
  const type = body === undefined ? {} : { "Content-Type": "application/json" };
  return { method: "POST", headers: { ...type, ...headers }, ...(body === undefined ? {} : { body }) };
}

describe("reading over the port", () => {
  test.each(["127.0.0.1:7717", "localhost:7717", "LOCALHOST", "[::1]:7717", "127.0.0.1:9000"])(
    "is open under the name %s",
    async (name) => {
      expect((await onPort().api.request("/api/status", { headers: { Host: name } })).status).toBe(200);
    },
  );

  test.each(["evil.example", "evil.example:7717", "127.0.0.1.evil.example", "localhost.evil.example:7717", "127.0.0.1@evil.example", ""])(
    "is refused under the rebound name %j",
    async (name) => {
      const answer = await onPort().api.request("/api/status", { headers: { Host: name } });
      expect(answer.status).toBe(403);
      expect(await answer.json()).toEqual({ error: expect.stringContaining("name") as unknown });
    },
  );

  test("is refused without a name", async () => {
    expect((await onPort().api.request("/api/status")).status).toBe(403);
  });

  test("lets no page of another site read: nothing allows it across origins", async () => {
    const answer = await onPort().api.request("/api/status", { headers: { ...HOST, Origin: "http://evil.example" } });
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBeNull();
  });
});

describe("a change over the port", () => {
  const path = "/api/targets/rpa-worker/reset";

  test("needs a token, and says where it is", async () => {
    const { api, plane } = onPort();
    const answer = await api.request(path, post(HOST));
    expect(answer.status).toBe(401);
    expect(answer.headers.get("WWW-Authenticate")).toBe("Bearer");
    expect(JSON.stringify(await answer.json())).toContain("admin.token");
    expect(plane.asked).toEqual([]);
  });

  test.each([
    ["a wrong token", "Bearer wrong"],
    ["a prefix of the token", `Bearer ${TOKENS.admin.slice(0, -1)}`],
    ["the token with more behind it", `Bearer ${TOKENS.admin}x`],
    ["an empty token", "Bearer "],
    ["the token under another scheme", `Basic ${TOKENS.admin}`],
    ["a token of a megabyte", `Bearer ${"x".repeat(1_000_000)}`],
  ])("is refused with %s", async (_what, authorization) => {
    const { api, plane } = onPort();
    expect((await api.request(path, post({ ...HOST, Authorization: authorization }))).status).toBe(401);
    expect(plane.asked).toEqual([]);
  });

  test("is done with the admin token, and the record says it came over the API", async () => {
    const { api, plane } = onPort();
    expect((await api.request(path, post(ADMIN, '{"by":"alice"}'))).status).toBe(200);
    expect(plane.asked).toEqual([{ by: "alice (api)", command: { name: "reset", target: "rpa-worker" } }]);
  });

  test("is refused with the ingest token: a worker may report, not command", async () => {
    const { api, plane } = onPort();
    const headers = { ...HOST, Authorization: `Bearer ${TOKENS.ingest}` };
    expect((await api.request(path, post(headers))).status).toBe(403);
    expect((await api.request("/api/pause", post(headers))).status).toBe(403);
    expect((await api.request("/api/heartbeat/../pause", post(headers))).status).toBe(403);
    expect(plane.asked).toEqual([]);
    expect((await api.request("/api/heartbeat", post(headers, '{"worker":"rpa-worker:0"}'))).status).toBe(200);
    expect(plane.ingested).toHaveLength(1);
  });

  test.each([
    ["of another site", { Origin: "http://evil.example" }],
    ["of another port of this machine", { Origin: "http://127.0.0.1:3000" }],
    ["of a file", { Origin: "null" }],
    ["that the browser calls cross-site", { "Sec-Fetch-Site": "cross-site" }],
    ["that the browser calls same-site", { "Sec-Fetch-Site": "same-site" }],
  ])("from a page %s is refused even with the token", async (_what, headers) => {
    const { api, plane } = onPort();
    expect((await api.request(path, post({ ...ADMIN, ...headers }))).status).toBe(403);
    expect(plane.asked).toEqual([]);
  });

  test("from healer's own page is done", async () => {
    const { api } = onPort();
    const headers = { ...ADMIN, Origin: "http://127.0.0.1:7717", "Sec-Fetch-Site": "same-origin" };
    expect((await api.request(path, post(headers))).status).toBe(200);
  });

  test("sent as a form is refused", async () => {
    const { api, plane } = onPort();
    const headers = { ...ADMIN, "Content-Type": "text/plain" };
    expect((await api.request(path, { method: "POST", headers, body: '{"by":"x"}' })).status).toBe(415);
    expect(plane.asked).toEqual([]);
  });

  test("with a body over 64 KiB is refused", async () => {
    const { api, plane } = onPort();
    const body = JSON.stringify({ reason: "x".repeat(65 * 1024) });
    expect((await api.request("/api/pause", post(ADMIN, body))).status).toBe(413);
    expect(plane.asked).toEqual([]);
  });
});

describe("on the control socket", () => {
  test("no token is asked for, and the record names who the command line says it was", async () => {
    const plane = new FakeControlPlane();
    plane.explanations.set("ns/app:0", explanation());
    const api = createApi(plane, { access: { via: "socket" } });
    await api.request("/api/targets/ns%2Fapp%3A0/pause", post({}, '{"for_ms":60000,"reason":"deploy","by":"alice"}'));
    await api.request("/api/resume", post({}));
    expect(plane.asked).toEqual([
      { by: "alice", command: { name: "pause", target: "ns/app:0", forMs: 60_000, reason: "deploy" } },
      { by: "control socket", command: { name: "resume", target: null } },
    ]);
  });
});
