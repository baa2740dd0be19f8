import { afterEach, expect, test } from "vitest";
import type { Observation } from "../../src/core/observation.ts";
import { prometheusQueue } from "../../src/sensors/prometheus-queue.ts";
import { serveHttp, type TestServer } from "../support/http-server.ts";
import { tasksIn } from "../support/queue-stage.ts";
import { createPrometheus, hasPrometheus, type RealPrometheus } from "../support/real-prometheus.ts";
import { temporaryDir } from "../support/temporary-dir.ts";
import { until } from "../support/until.ts";
import { sensorContext, watchedWorkers } from "../support/watched-worker.ts";

/** As docs/configuration.md has it: a counter that is not there before its first increment counts as 0 beside the other one. */
const QUERIES = {
  completed: "sum(jobs_ok_total) by (worker) or 0 * sum(jobs_failed_total) by (worker)",
  failed: "sum(jobs_failed_total) by (worker) or 0 * sum(jobs_ok_total) by (worker)",
  pending: "sum(jobs_waiting)",
  oldest_age: "max(time() - jobs_oldest_enqueued_timestamp_seconds)",
};

/** What Prometheus refuses, and what it answers that is no figure. */
const NONSENSE: readonly (readonly [query: string, reason: RegExp])[] = [
  ["sum(jobs_ok_total", /completed: bad_data: .*parse error: unclosed left parenthesis$/],
  ['jobs_ok_total + on() {__name__=~"jobs_.*"}', /completed: execution: found duplicate series/],
  ["jobs_ok_total[1m]", /completed: got a matrix, expected one value a series/],
  ['"jobs"', /completed: got a string, expected numbers$/],
  ["jobs_ok_total", /several labels \(instance, job, kind, worker\)/],
  ["sum(jobs_ok_total) by (worker) / 0", /completed: series 1: got \+Inf, expected a number$/],
];

const ABSENT = ["no_such_total", "sum(no_such_total)", "scalar(no_such_total)", "jobs_waiting * NaN"];

let workers: TestServer | undefined;
let prometheus: RealPrometheus | undefined;
afterEach(async () => {
  await prometheus?.stop();
  await workers?.close();
});

/** By worker, tasks done well and failed. */
type Counts = Readonly<Record<string, readonly [ok: number, failed: number]>>;

/** As many libraries do: no counter before its first increment. */
function metricsOf(counts: Counts): string {
  const counter = (name: string, worker: string, value: number) => (value === 0 ? [] : [`${name}{worker="${worker}",kind="a"} ${value}`]);
  const lines = Object.entries(counts).flatMap(([worker, [ok, failed]]) => [
    ...counter("jobs_ok_total", worker, ok),
    ...counter("jobs_failed_total", worker, failed),
  ]);
  return [...lines, "jobs_waiting 3", `jobs_oldest_enqueued_timestamp_seconds ${Date.now() / 1000 - 30}`, ""].join("\n");
}

/** A queue of this Prometheus; each reading is five seconds of healer's time after the one before. */
function queueOf(url: string, queries: Readonly<Record<string, string>>) {
  const params = prometheusQueue.params.parse({ type: "prometheus", url, ...queries });
  const sensor = prometheusQueue.create(params, { name: "orders", strategies: ["rpa"], intervalMs: 2_000 });
  const context = sensorContext(watchedWorkers(2));
  const read = (afterMs = 5_000): Promise<readonly Observation[]> => {
    context.atMs += afterMs;
    return sensor.read(context);
  };
  /** Reads until one has what is waited for. */
  async function readUntil(has: (seen: readonly Observation[]) => boolean, what: string): Promise<readonly Observation[]> {
    let seen: readonly Observation[] = [];
    await until(async () => has((seen = await read())), what, 15_000);
    return seen;
  }
  /** All outcomes until there are so many: a scrape may fall between the queries of one reading. */
  async function outcomes(count: number): Promise<ReturnType<typeof tasksIn>> {
    const all: Record<string, [ok: number, failed: number]> = {};
    await readUntil((seen) => {
      for (const [target, [ok, failed]] of Object.entries(tasksIn(seen)))
        all[target] = [(all[target]?.[0] ?? 0) + ok, (all[target]?.[1] ?? 0) + failed];
      const counts = Object.values(all).flat();
      return counts.reduce((sum, each) => sum + each, 0) >= count;
    }, `${count} new outcomes`);
    return all;
  }
  return { read, readUntil, outcomes };
}

const depthIn = (seen: readonly Observation[]) => seen.find((each) => each.kind === "queue");
const mayRun = hasPrometheus || process.env["CI"] !== undefined; // the gate installs it, and is red without

test.skipIf(!mayRun)(
  "a real Prometheus (needs Debian's package prometheus) tells outcomes by worker, and is missed while it is away",
  async () => {
    let counts: Counts = { "rpa-0": [5, 0], "rpa-1": [7, 1] };
    workers = await serveHttp((_, response) => void response.end(metricsOf(counts)));
    prometheus = await createPrometheus(temporaryDir(), workers.url);
    await prometheus.start();
    const { url } = prometheus;
    const queue = queueOf(url, QUERIES);

    const first = depthIn(await queue.readUntil((seen) => depthIn(seen)?.counted?.length === 2, "counts of both workers"));
    expect(first).toMatchObject({ pending: 3, running: null, totalsOnly: false, finished: 0 });
    expect(first?.oldestMs).toBeGreaterThanOrEqual(29_000);

    counts = { "rpa-0": [8, 0], "rpa-1": [7, 3] };
    expect(await queue.outcomes(5)).toEqual({ "rpa:0": [3, 0], "rpa:1": [0, 2] });

    counts = { "rpa-0": [8, 0] };
    await queue.readUntil((seen) => depthIn(seen)?.counted?.join() === "rpa:0", "the series of a worker that has gone to be stale");

    for (const [completed, reason] of NONSENSE) {
      const [blind] = await queueOf(url, { completed, failed: QUERIES.failed }).read();
      expect(blind).toMatchObject({ kind: "blind", reason: expect.stringMatching(reason) as string });
    }
    for (const absent of ABSENT) {
      const nothing = queueOf(url, { completed: absent, failed: absent, pending: absent });
      await nothing.read();
      expect(await nothing.read(), absent).toMatchObject([{ kind: "queue", pending: null, finished: null, counted: [] }]);
    }

    await prometheus.stop();
    expect(await queue.read(), "a short silence is no news").toEqual([]);
    expect(await queue.read(60_000)).toMatchObject([{ kind: "blind", reason: `${url}/: connection refused` }]);
    await prometheus.start();
    const [sight, ...rest] = await queue.read();
    expect(sight).toMatchObject({ kind: "sight", sensor: "queue:orders", target: null });
    expect(tasksIn(rest)).toEqual({});
    await queue.readUntil((seen) => depthIn(seen)?.counted?.join() === "rpa:0", "increments after the restart");
    counts = { "rpa-0": [8, 1] };
    expect(await queue.outcomes(1)).toEqual({ "rpa:0": [0, 1] });
  },
);
