import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTypedQueue, type TypedQueue } from "../support/typed-queue.ts";
import { until } from "../support/until.ts";
import { graceOver, nowIso, openStage, signalWorker, type Part, type Stage } from "./stage.ts";

// Workers whose other tasks all go well, so that only a task of healer's own can tell; and one behind a backlog that no timeout outlasts.

const RULE = { rule: "synthetic-task", every: "5s", timeout: "2s", failures: 2, startup: 0 };
const ILL = ["forgets", "fails"] as const;
const DEEP_TASKS = 2_000;

describe.concurrent("a synthetic task, beside a real PM2", { timeout: 150_000 }, () => {
  let stage: Stage;
  let queue: TypedQueue;

  beforeAll(async () => {
    queue = await startTypedQueue();
    const part = (app: string, env: Readonly<Record<string, string>>): Part => ({
      app,
      workers: { script: "typed-tasks.mjs", env: { QUEUE_URL: `${queue.url}/${app}`, ...env } },
      strategy: { queue: app, rules: [{ ...RULE, url: `${queue.url}/${app}/enqueue` }] },
    });
    const parts = [...ILL.map((fault) => part(fault, { FAULT: fault })), part("deep", { WORK_MS: "500" })];
    queue.fill("deep", DEEP_TASKS);
    const queues = parts.map(({ app }) => [app, { type: "http", url: `${queue.url}/${app}/stats`, every: "1s" }] as const);
    stage = await openStage(parts, { top: { queues: Object.fromEntries(queues) } });
  }, 90_000);
  afterAll(async () => {
    await stage?.dispose();
    await queue?.close();
  }, 60_000);

  test.each(ILL)("finds a worker that %s its health checks, and its heal has helped when three have come back", async (app) => {
    await graceOver(stage, app);
    await until(() => queue.sent(app, "health_check").length > 1, "the first health checks", 20_000);
    expect(stage.linesOf(app).filter(({ event }) => event === "symptom")).toEqual([]);
    const onset = nowIso();
    const pid = await signalWorker(stage, app, "SIGUSR2");
    const intent = await stage.waitFor(app, ({ event }) => event === "heal_intent", 40_000, onset);
    expect(intent).toMatchObject({ target: app, rule: "synthetic-task" });
    expect(intent.reason).toContain(app === "forgets" ? "not done after" : 'came back failed ("failed")');
    const verdict = await stage.waitFor(app, ({ event }) => event === "heal_verdict", 60_000, onset);
    expect(verdict).toMatchObject({ verdict: "recovered", heal_id: intent.heal_id });
    const [row] = await stage.rows(app);
    expect(row?.pid).not.toBe(pid);
  });

  test("leaves a worker alone whose queue is deep, puts no third task into it, and says why it knows nothing", async () => {
    const says = async (): Promise<string> => JSON.stringify((await stage.healer.call("GET", "/api/targets/deep")).json);
    await until(
      async () => /not back after \d+ s \(2 tasks out, no more are sent\), with \d+ other tasks? waiting/.test(await says()),
      "the third round",
      40_000,
    );
    expect(await says()).toContain("which proves nothing");
    expect(queue.sent("deep", "health_check")).toHaveLength(2);
    await graceOver(stage, "deep");
    expect(stage.linesOf("deep").filter(({ event }) => event === "symptom" || event === "heal_intent")).toEqual([]);
    expect((await stage.rows("deep"))[0]?.restarts).toBe(0);
  });
});
