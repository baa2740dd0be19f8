import { describe, expect, test } from "vitest";
import { createApi } from "../../src/api/api.ts";
import { FakeControlPlane } from "../support/fake-control-plane.ts";

async function trim(body: unknown, target = "rpa-worker", plane = new FakeControlPlane()) {
  const api = createApi(plane, { access: { via: "socket" } });
  const headers = { "Content-Type": "application/json" };
  const answer = await api.request(`/api/targets/${target}/trim`, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, json: await answer.json(), asked: plane.asked };
}

function answering(reply: FakeControlPlane["reply"]): FakeControlPlane {
  const plane = new FakeControlPlane();
  plane.reply = reply;
  return plane;
}

describe("POST /api/targets/:id/trim", () => {
  test("does what the configuration says unless told otherwise, and is no dry run", async () => {
    const { status, asked } = await trim({ keep: 1 });
    expect(status).toBe(200);
    expect(asked).toEqual([
      { by: "control socket", command: { name: "trim", target: "rpa-worker", keep: 1, outside: null, dryRun: false, force: [] } },
    ]);
  });

  test("takes what a person says, their name with it", async () => {
    const { asked } = await trim({ keep: 3, outside: "orphans", dry_run: true, force: ["observe"], by: "alice" }, "ns%2Frpa%20worker");
    const command = { name: "trim", target: "ns/rpa worker", keep: 3, outside: "orphans", dryRun: true, force: ["observe"] };
    expect(asked).toEqual([{ by: "alice", command }]);
  });

  test("answers the list, and the id of the trim that has begun; of a dry run none has", async () => {
    const text = "/srv/app.js: 2 workers where 1 may be\n  keep pm_id 1 (pid 101), up 1 h";
    const real = await trim({ keep: 1 }, "rpa-worker", answering({ code: 0, text, healId: "20261122-031245-1" }));
    expect(real).toMatchObject({ status: 200, json: { code: 0, text, heal_id: "20261122-031245-1" } });
    const dry = await trim({ keep: 1, dry_run: true }, "rpa-worker", answering({ code: 0, text, healId: null }));
    expect(dry).toMatchObject({ status: 200, json: { code: 0, text, heal_id: null } });
  });

  test.each([
    [4, 409, "not done: paused by bob until resumed (guard: pause; to override: --force pause)"],
    [2, 400, "a trim is of an app: healer trim rpa-worker"],
  ])("that is answered with code %i is HTTP %i, with the same words", async (code, status, text) => {
    const refused = await trim({ keep: 1 }, "rpa-worker", answering({ code: code as 2 | 4, text, healId: null }));
    expect(refused).toMatchObject({ status, json: { code, text, error: text, heal_id: null } });
  });

  test.each([
    ["nobody to keep: that would be no trim", { keep: 0 }, "keep: expected at least 1"],
    ["fewer than nobody", { keep: -1 }, "keep: expected at least 1"],
    ["half a worker", { keep: 1.5 }, "keep: expected a whole number of workers"],
    ["a number that is text", { keep: "1" }, "keep: expected a whole number of workers"],
    ["no number", {}, "keep: expected a whole number of workers"],
    ["null", { keep: null }, "keep: expected a whole number of workers"],
    ["more than anybody has", { keep: 10_001 }, "keep"],
    ["a dry run that is text", { keep: 1, dry_run: "true" }, "dry_run"],
    ["an unknown kind of copies", { keep: 1, outside: "everything" }, "outside"],
    ["guards that are no list", { keep: 1, force: "observe" }, "force"],
    ["a misspelt field, which could be the dry run", { keep: 1, dryrun: true }, "dryrun"],
    ["a list instead of an object", [1], "object"],
  ])("refuses %s, says where, and does nothing", async (_what, body, where) => {
    const { status, json, asked } = await trim(body);
    expect(status).toBe(400);
    expect(JSON.stringify(json)).toContain(where);
    expect(asked).toEqual([]);
  });
});
