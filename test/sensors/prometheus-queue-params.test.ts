import { expect, test } from "vitest";
import { prometheusQueue } from "../../src/sensors/prometheus-queue.ts";
import { serveHttp } from "../support/http-server.ts";
import { scalar } from "../support/prometheus-stage.ts";
import { sensorContext } from "../support/watched-worker.ts";

const VALID = { type: "prometheus", url: "http://127.0.0.1:9090", completed: "a", failed: "b" };
const SETTINGS = { name: "q", strategies: [], intervalMs: 2_000 };

test.each([
  ["an unknown key", { complted: "x" }, /complted/],
  ["another protocol", { url: "ftp://127.0.0.1" }, /http or https URL/],
  ["an empty query", { completed: " " }, /expected a PromQL query/],
  ["a query longer than a URL", { completed: "x".repeat(2001) }, /at most 2000 characters; a recording rule/],
  ["only one of the two counters", { failed: undefined }, /with only one of completed and failed every success rate/],
  ["nothing to ask", { completed: undefined, failed: undefined }, /expected one of completed, failed, pending, running, oldest_age/],
  ["a label that is none", { worker_label: "a-b" }, /name of a label/],
  ["milliseconds where seconds belong", { timeout: 3000 }, /did you mean 3s\?/],
  ["an unknown worker key", { worker_key: "uuid" }, /name-instance, pm_id, pid or env\.NAME/],
])("%s in the configuration is refused", (_, part, expected) => {
  expect(prometheusQueue.params.safeParse(VALID).success).toBe(true);
  const parsed = prometheusQueue.params.safeParse({ ...VALID, ...part });
  expect(parsed.success).toBe(false);
  expect(parsed.error?.message).toMatch(expected);
});

test("it is asked every five seconds, as said, or once a turn where turns are longer, and has time for two answers in a row", () => {
  const made = (part: object, intervalMs: number) =>
    prometheusQueue.create(prometheusQueue.params.parse({ ...VALID, ...part }), { ...SETTINGS, intervalMs });
  expect([made({}, 2_000), made({ every: "1s" }, 500), made({}, 10_000)].map(({ everyMs }) => everyMs)).toEqual([5_000, 1_000, 10_000]);
  expect(made({ timeout: "3s" }, 2_000).timeoutMs).toBeGreaterThan(6_000);
});

test("the variables that worker keys need are named, so that PM2's list can keep them", () => {
  expect(prometheusQueue.envNames(prometheusQueue.params.parse({ ...VALID, worker_key: "env.SLOT" }))).toEqual(["SLOT"]);
  expect(prometheusQueue.envNames(prometheusQueue.params.parse(VALID))).toEqual([]);
});

test("headers reach the server", async () => {
  let seen: unknown;
  const server = await serveHttp((request, response) => {
    seen = request.headers["authorization"];
    response.end(JSON.stringify(scalar(1)));
  });
  const params = prometheusQueue.params.parse({ ...VALID, url: server.url, headers: { Authorization: "Bearer abc" } });
  await prometheusQueue.create(params, SETTINGS).read(sensorContext());
  await server.close();
  expect(seen).toBe("Bearer abc");
});
