import { expect, test } from "vitest";
import { createApi } from "../../src/api/api.ts";
import { FakeControlPlane } from "../support/fake-control-plane.ts";

function api() {
  const plane = new FakeControlPlane();
  return { plane, api: createApi(plane, { access: { via: "socket" } }) };
}

test("GET /api/history gives the curve of what is asked for", async () => {
  const { plane, api: app } = api();
  plane.curveNow = { step_s: 10, at: [100, 110], series: { memory_bytes: [1, null] } };
  const answer = await app.request("/api/history?target=a%3A0&since=2026-11-22T03:00:00Z");
  expect(await answer.json()).toEqual({ target: "a:0", step_s: 10, at: [100, 110], series: { memory_bytes: [1, null] } });
});

test.each([
  ["", 400, "target: expected a target's id"],
  ["?target=a&since=yesterday", 400, "since: expected an ISO 8601 time"],
  ["?target=nobody", 404, 'no history of "nobody"'],
])("GET /api/history%s is %i and says why", async (query, status, error) => {
  const answer = await api().api.request(`/api/history${query}`);
  expect(answer.status).toBe(status);
  expect(JSON.stringify(await answer.json()).replaceAll("\\", "")).toContain(error);
});

test("GET /api/evidence of a heal nobody has seen is 404", async () => {
  const answer = await api().api.request("/api/evidence/..%2F..%2Fetc%2Fpasswd");
  expect(answer.status).toBe(404);
  expect(await answer.json()).toEqual({ error: 'no evidence of a heal "../../etc/passwd"' });
});
