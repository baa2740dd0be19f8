import { describe, expect, test } from "vitest";
import { createApi } from "../../src/api/api.ts";
import { failure, success } from "../../src/core/outcome.ts";
import { FakeControlPlane } from "../support/fake-control-plane.ts";

async function post(body: unknown, plane = new FakeControlPlane(), bearer: string | null = null) {
  const access = bearer === null ? ({ via: "socket" } as const) : ({ via: "port", tokens: { admin: "adm1n", ingest: "1ngest" } } as const);
  const api = createApi(plane, { access });
  const headers = { "Content-Type": "application/json", Host: "127.0.0.1:7717", Authorization: `Bearer ${bearer}` };
  const answer = await api.request("/api/notify/test", { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, json: await answer.json(), tried: plane.tried };
}

describe("POST /api/notify/test", () => {
  test("answers what became of each channel, also where one did not deliver", async () => {
    const plane = new FakeControlPlane();
    const trials = [{ channel: "ops", took_ms: 3, error: "no such host" }];
    plane.trials = success(trials);
    expect(await post({ channel: "ops", by: "alice" }, plane)).toEqual({
      status: 200,
      json: { channels: trials },
      tried: [{ channel: "ops", by: "alice" }],
    });
  });

  test("tries all of them for an empty body", async () => {
    expect((await post({})).tried).toEqual([{ channel: null, by: "api" }]);
  });

  test("is 400 for a channel that is not there, and for a field nobody knows", async () => {
    const plane = new FakeControlPlane();
    plane.trials = failure('no channel "x"; there are ops');
    expect(await post({ channel: "x" }, plane)).toMatchObject({ status: 400, json: { error: 'no channel "x"; there are ops' } });
    expect(await post({ chanel: "x" })).toMatchObject({ status: 400, tried: [] });
  });

  test.each([
    ["adm1n", 200],
    ["1ngest", 403],
    ["other", 401],
  ])("over the port needs the admin's token: %s is %i", async (bearer, status) => {
    expect((await post({}, new FakeControlPlane(), bearer)).status).toBe(status);
  });
});
