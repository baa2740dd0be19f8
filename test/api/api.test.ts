import { describe, expect, test } from "vitest";
import { createApi } from "../../src/api/api.ts";
import { daemonStatus, explanation, FakeControlPlane, targetStatus } from "../support/fake-control-plane.ts";
import { sealedRecord } from "../support/log-records.ts";

function onSocket(plane = new FakeControlPlane()) {
  return { plane, api: createApi(plane, { access: { via: "socket" } }) };
}

function post(body: unknown): RequestInit {
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

describe("health", () => {
  test("is 200 while turns end and 503 when they do not", async () => {
    const { api, plane } = onSocket();
    expect((await api.request("/healthz")).status).toBe(200);
    plane.healthy = false;
    expect((await api.request("/healthz")).status).toBe(503);
  });

  test("is ready once PM2 was listed", async () => {
    const { api, plane } = onSocket();
    plane.ready = false;
    expect((await api.request("/readyz")).status).toBe(503);
    plane.ready = true;
    expect((await api.request("/readyz")).status).toBe(200);
  });
});

describe("GET /api/targets/:id", () => {
  test.each(["ns/app:0", "50%/a b:0", "ü#3", "a%2Fb"])("finds %s by its encoded id", async (id) => {
    const { api, plane } = onSocket();
    plane.explanations.set(id, explanation({ target: id }));
    plane.current = daemonStatus({ targets: [targetStatus({ id })] });
    const answer = await api.request(`/api/targets/${encodeURIComponent(id)}`);
    expect(await answer.json()).toMatchObject({ status: { id }, explain: { target: id } });
  });

  test("is 404 with the candidates where there is none", async () => {
    const answer = await onSocket().api.request("/api/targets/nobody");
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ error: 'no target "nobody"; targets: rpa-worker' });
  });
});

describe("GET /api/heals", () => {
  test("gives the records since an instant, flat as in the heal log", async () => {
    const { api, plane } = onSocket();
    plane.write(sealedRecord({ ts: "2026-11-22T03:00:00.000Z" }));
    plane.write(sealedRecord({ ts: "2026-11-22T04:00:00.000Z", event: "hold", more: { guard: "grace" } }));
    const answer = await api.request("/api/heals?since=2026-11-22T03:30:00Z");
    expect(await answer.json()).toEqual({ records: [expect.objectContaining({ event: "hold", guard: "grace" }) as unknown] });
  });

  test.each(["yesterday", "9999999999999999", ""])("refuses since=%s", async (since) => {
    expect((await onSocket().api.request(`/api/heals?since=${since}`)).status).toBe(400);
  });
});

describe("a command", () => {
  test("that a guard refuses is 409 with the command line's exit code", async () => {
    const { api, plane } = onSocket();
    plane.reply = { code: 4, text: "not done: in its grace period (guard: grace)", healId: null };
    const answer = await api.request("/api/targets/rpa-worker%3A0/heal", post({ action: "reload", force: ["budget"], by: "alice" }));
    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({ code: 4, error: expect.stringContaining("grace") as unknown });
    expect(plane.asked).toEqual([{ by: "alice", command: { name: "heal", target: "rpa-worker:0", action: "reload", force: ["budget"] } }]);
  });

  test("that begins a heal answers its id", async () => {
    const { api, plane } = onSocket();
    plane.reply = { code: 0, text: "restart of rpa-worker:0 begins", healId: "20261122-031245-1" };
    const answer = await api.request("/api/targets/rpa-worker%3A0/heal", { method: "POST" });
    expect(await answer.json()).toEqual({ code: 0, text: "restart of rpa-worker:0 begins", heal_id: "20261122-031245-1" });
  });

  test("pauses for one hour unless said, and for ever only when said", async () => {
    const { api, plane } = onSocket();
    await api.request("/api/pause", { method: "POST" });
    await api.request("/api/pause", post({ for_ms: null }));
    expect(plane.asked.map(({ command }) => command)).toEqual([
      { name: "pause", target: null, forMs: 3_600_000, reason: "" },
      { name: "pause", target: null, forMs: null, reason: "" },
    ]);
  });

  test.each([
    ["an unknown field", { fro_ms: 1 }, "fro_ms"],
    ["a duration that is text", { for_ms: "1h" }, "for_ms"],
    ["a duration of nothing", { for_ms: 0 }, "for_ms"],
    ["a name that is an object", { by: {} }, "by"],
    ["a list instead of an object", [], "object"],
  ])("with %s is refused and says where", async (_what, body, where) => {
    const { api, plane } = onSocket();
    const answer = await api.request("/api/pause", post(body));
    expect(answer.status).toBe(400);
    expect(JSON.stringify(await answer.json())).toContain(where);
    expect(plane.asked).toEqual([]);
  });

  test("that is no JSON is refused", async () => {
    const answer = await onSocket().api.request("/api/pause", { ...post({}), body: "{" });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: "the body is not JSON" });
  });
});

describe("every answer", () => {
  test("carries the headers that keep a browser from guessing and framing", async () => {
    const { headers } = await onSocket().api.request("/api/status");
    expect(Object.fromEntries(headers)).toMatchObject({
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
      "content-security-policy": expect.stringContaining("frame-ancestors 'none'") as unknown,
    });
    expect(headers.get("Strict-Transport-Security")).toBeNull();
  });

  test("is JSON where there is nothing", async () => {
    const answer = await onSocket().api.request("/api/nothing");
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ error: "nothing at GET /api/nothing" });
  });

  test("is JSON where the daemon itself is at fault, which is told to who runs it", async () => {
    const plane = new FakeControlPlane();
    const bugs: string[] = [];
    const api = createApi(plane, { access: { via: "socket" }, onBug: ({ message }) => void bugs.push(message) });
    plane.status = () => {
      throw new Error("a bug");
    };
    const answer = await api.request("/api/status");
    expect(answer.status).toBe(500);
    expect(await answer.json()).toEqual({ error: "internal error: a bug" });
    expect(bugs).toEqual(["a bug"]);
  });

  test("to a bad report says where and what was expected", async () => {
    const answer = await onSocket().api.request("/api/outcomes", post({}));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: "worker: expected a worker" });
  });
});
