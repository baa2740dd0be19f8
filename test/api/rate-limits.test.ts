import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createApi } from "../../src/api/api.ts";
import { TokenBucket } from "../../src/api/rate-limits.ts";
import { TOKENS } from "../support/attacked-port.ts";
import { FakeControlPlane } from "../support/fake-control-plane.ts";

const HOST = { Host: "127.0.0.1:7717" };
const RESET = "/api/targets/rpa-worker/reset";

function onPort() {
  const plane = new FakeControlPlane();
  const api = createApi(plane, { access: { via: "port", tokens: TOKENS, host: "127.0.0.1" } });
  const post = (path: string, token: string | null, body: unknown = {}) =>
    api.request(path, {
      method: "POST",
      headers: { ...HOST, "Content-Type": "application/json", ...(token === null ? {} : { Authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    });
  return { plane, api, post };
}

/** How often it is let through before the first 429, and that answer. */
async function untilRefused(ask: () => Response | Promise<Response>): Promise<{ readonly count: number; readonly refused: Response }> {
  for (let count = 0; count < 20_000; count += 1) {
    const answer = await ask();
    if (answer.status === 429) return { count, refused: answer };
  }
  throw new Error("was never refused");
}

describe("a bucket", () => {
  test("gives its burst at once, then what has come in since, and says how long to wait", () => {
    const bucket = new TokenBucket({ perSecond: 0.5, burst: 3 }, 0);
    expect([bucket.take(0), bucket.take(0), bucket.take(0), bucket.take(0)]).toEqual([null, null, null, 2]);
    expect(bucket.take(1_900)).toBe(1);
    expect(bucket.take(2_000)).toBeNull();
    expect(bucket.take(2_000)).toBe(2);
  });

  test("holds no more than its burst, however long nobody came", () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 2 }, 0);
    expect([bucket.take(1e9), bucket.take(1e9), bucket.take(1e9)]).toEqual([null, null, 1]);
  });
});

describe("over the port", () => {
  // However slow the machine: nothing comes in meanwhile unless the test says so.
  beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
  afterEach(() => void vi.useRealTimers());

  test("who guesses at the token is told to wait after ten guesses, and the right token still works", async () => {
    const { post, plane } = onPort();
    let guess = 0;
    const { count, refused } = await untilRefused(() => post(RESET, `guess-${(guess += 1)}`));
    expect(count).toBe(10);
    expect(refused.headers.get("Retry-After")).toBe("6");
    expect(await refused.json()).toEqual({ error: "too many requests: try again in 6 s" });
    vi.advanceTimersByTime(6_000);
    expect((await post(RESET, "guess")).status).toBe(401);
    expect((await post(RESET, "guess")).status).toBe(429);
    expect(plane.asked).toEqual([]);
    expect((await post(RESET, TOKENS.admin)).status).toBe(200);
    expect((await post("/api/heartbeat", TOKENS.ingest, { worker: "rpa-worker:0" })).status).toBe(200);
  });

  test("a request without a token is no guess", async () => {
    const { post } = onPort();
    for (let index = 0; index < 50; index += 1) expect((await post(RESET, null)).status).toBe(401);
    expect((await post(RESET, "guess")).status).toBe(401);
  });

  test("a loop of changes is stopped, and reports go on", async () => {
    const { post, plane } = onPort();
    const { count, refused } = await untilRefused(() => post(RESET, TOKENS.admin));
    expect(count).toBe(60);
    expect(plane.asked).toHaveLength(count);
    expect(refused.headers.get("Retry-After")).toBe("1");
    expect((await post("/api/heartbeat", TOKENS.ingest, { worker: "rpa-worker:0" })).status).toBe(200);
  });

  test("a flood of reports is stopped, beyond what a thousand workers send", async () => {
    const { post } = onPort();
    const { count } = await untilRefused(() => post("/api/outcomes", TOKENS.ingest, { worker: "rpa-worker:0", ok: 1 }));
    expect(count).toBe(5_000);
  });

  test("a loop of reads is stopped; health is told to whoever asks however often, and changes are made", async () => {
    const { api, post } = onPort();
    const { count, refused } = await untilRefused(() => api.request("/api/status", { headers: HOST }));
    expect(count).toBe(200);
    expect(refused.headers.get("Retry-After")).toBe("1");
    for (let index = 0; index < 300; index += 1) expect((await api.request("/healthz", { headers: HOST })).status).toBe(200);
    expect((await post(RESET, TOKENS.admin)).status).toBe(200);
  });

  test("requests under another's name use nothing up", async () => {
    const { api } = onPort();
    for (let index = 0; index < 400; index += 1)
      expect((await api.request("/api/status", { headers: { Host: "evil.example" } })).status).toBe(403);
    expect((await api.request("/api/status", { headers: HOST })).status).toBe(200);
  });
});

test("the control socket takes any number", async () => {
  const api = createApi(new FakeControlPlane(), { access: { via: "socket" } });
  for (let index = 0; index < 500; index += 1) expect((await api.request("/api/status")).status).toBe(200);
});
