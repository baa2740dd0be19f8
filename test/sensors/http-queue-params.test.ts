import { expect, test } from "vitest";
import { httpQueue } from "../../src/sensors/queue-stats.ts";
import { QUIET } from "../support/queue-stage.ts";
import { serveHttp } from "../support/http-server.ts";
import { sensorContext } from "../support/watched-worker.ts";

test("a queue is asked every five seconds, as said, or once a turn where turns are longer", () => {
  const everyMs = (part: object, intervalMs: number): number =>
    httpQueue.create(httpQueue.params.parse({ type: "http", url: "http://127.0.0.1/", ...part }), { name: "q", strategies: [], intervalMs })
      .everyMs;
  expect([everyMs({}, 2_000), everyMs({ every: 1 }, 500), everyMs({}, 10_000), everyMs({ every: "1s" }, 2_000)]).toEqual([
    5_000, 1_000, 10_000, 2_000,
  ]);
});

test.each([
  ["an unknown key", { urll: "x" }, /urll/],
  ["another protocol", { url: "redis://127.0.0.1" }, /http or https URL/],
  ["milliseconds where seconds belong", { timeout: 3000 }, /did you mean 3s\?/],
  ["an unknown worker key", { worker_key: "uuid" }, /name-instance, pm_id, pid or env\.NAME/],
  ["a header of two lines", { headers: { "x-a": "1\r\nx-b: 2" } }, /one line/],
  ["an unknown field", { fields: { finished: "done" } }, /finished/],
])("%s in the configuration is refused", (_, part, expected) => {
  const parsed = httpQueue.params.safeParse({ type: "http", url: "http://127.0.0.1:1/", ...part });
  expect(parsed.success).toBe(false);
  expect(parsed.error?.message).toMatch(expected);
});

test("the variables that worker keys need are named, so that PM2's list can keep them", () => {
  const names = (worker_key?: string): readonly string[] =>
    httpQueue.envNames(
      httpQueue.params.parse({ type: "http", url: "http://127.0.0.1/", ...(worker_key === undefined ? {} : { worker_key }) }),
    );
  expect([names(), names("pid"), names("env.WORKER_ID")]).toEqual([[], [], ["WORKER_ID"]]);
});

test("headers reach the server", async () => {
  let seen: unknown;
  const server = await serveHttp((request, response) => {
    seen = request.headers["authorization"];
    response.end(JSON.stringify(QUIET));
  });
  const params = httpQueue.params.parse({ type: "http", url: server.url, headers: { Authorization: "Bearer abc" } });
  await httpQueue.create(params, { name: "q", strategies: [], intervalMs: 2_000 }).read(sensorContext());
  await server.close();
  expect(seen).toBe("Bearer abc");
});
