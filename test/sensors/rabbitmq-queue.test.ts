import { afterEach, describe, expect, test } from "vitest";
import { kindsIn, tasksIn } from "../support/queue-stage.ts";
import { changed, closeRabbitmqStages, rabbitmqStage, recorded, type RabbitmqStage } from "../support/rabbitmq-stage.ts";

afterEach(closeRabbitmqStages);

const acked = (ack: number) => changed("working", { message_stats: { ack, deliver_no_ack: 0, get_no_ack: 0 } });
const deadLetters = (messages: number) => changed("dead", { messages });

describe("outcomes", () => {
  test("are the group's: what was acknowledged, and what came into the dead-letter queue; the first reading is a baseline", async () => {
    const scene = await rabbitmqStage();
    expect(await scene.read()).toMatchObject([
      { kind: "sight", sensor: "queue:orders", target: null },
      { kind: "queue", queue: "orders", pending: 20, running: 0, oldestMs: expect.any(Number) as number, totalsOnly: true, counted: [] },
      { kind: "running", target: "rpa", tasks: 0 },
    ]);
    Object.assign(scene, { orders: recorded("working"), dead: recorded("dead") });
    const observations = await scene.read();
    expect(tasksIn(observations)).toEqual({ rpa: [6, 4] });
    expect(observations[0]).toMatchObject({ kind: "queue", pending: 7, running: 3, finished: 10, counted: ["rpa"] });
    expect(observations).toContainEqual(expect.objectContaining({ kind: "running", target: "rpa", tasks: 3 }));
  });

  test("of the dead-letter queue are what it grows by: emptying it is no news, and what comes then counts", async () => {
    const scene = await rabbitmqStage();
    Object.assign(scene, { orders: acked(6), dead: deadLetters(100) });
    await scene.read();
    Object.assign(scene, { orders: acked(7), dead: deadLetters(0) });
    expect(tasksIn(await scene.read())).toEqual({ rpa: [1, 0] });
    Object.assign(scene, { orders: acked(8), dead: deadLetters(3) });
    expect(tasksIn(await scene.read())).toEqual({ rpa: [1, 3] });
  });

  test("of a server that began anew are a baseline", async () => {
    const scene = await rabbitmqStage();
    scene.orders = acked(50);
    await scene.read();
    scene.orders = recorded("restarted");
    expect(tasksIn(await scene.read())).toEqual({});
    scene.orders = recorded("working");
    expect(tasksIn(await scene.read()), "from no acknowledgement at all to six").toEqual({ rpa: [6, 0] });
  });

  test("without a dead-letter queue are unknown: progress is told, and no success rate of 100 %", async () => {
    const scene = await rabbitmqStage({ dead_letter_queue: undefined });
    await scene.read();
    scene.orders = recorded("working");
    const observations = await scene.read();
    expect(tasksIn(observations)).toEqual({});
    expect(observations[0]).toMatchObject({ kind: "queue", finished: 6, totalsOnly: true, counted: ["rpa"] });
    expect(scene.asked.map(({ path }) => path)).not.toContain("/api/queues/%2F/orders.dead");
  });

  test("with automatic acknowledgement are what was sent", async () => {
    const scene = await rabbitmqStage({ dead_letter_queue: undefined });
    await scene.read();
    scene.orders = recorded("automatic");
    expect((await scene.read())[0]).toMatchObject({ kind: "queue", finished: 5 });
  });
});

test("the age of the oldest task is known where its publisher gave a timestamp, by RabbitMQ's clock", async () => {
  const scene = await rabbitmqStage();
  const age = Date.parse(recorded("waiting").date) - 1000 * Number(/"head_message_timestamp":(\d+)/.exec(recorded("waiting").body)?.[1]);
  expect((await scene.read())[1]).toMatchObject({ oldestMs: age });
  for (const head_message_timestamp of [null, 1_795_701_889_000, 17]) {
    scene.orders = changed("waiting", { head_message_timestamp });
    const [seen] = await scene.read();
    expect(seen).toMatchObject({ kind: "queue", pending: 20 });
    expect(seen).not.toHaveProperty("oldestMs");
  }
});

describe("what is asked", () => {
  test("names the virtual host and the queue, and only what is needed; the overview only while nothing was counted", async () => {
    const scene = await rabbitmqStage({ username: "healer", password: "pä:ss" });
    scene.orders = recorded("working");
    await scene.read();
    expect(scene.asked.map(({ path }) => path).toSorted()).toEqual(["/api/queues/%2F/orders", "/api/queues/%2F/orders.dead"]);
    expect(scene.asked[0]?.columns).toContain("messages_ready,messages_unacknowledged");
    expect(new Set(scene.asked.map(({ authorization }) => authorization))).toEqual(new Set(["Basic aGVhbGVyOnDDpDpzcw=="]));
    scene.orders = recorded("waiting");
    await scene.read();
    expect(scene.asked.at(-1)).toMatchObject({ path: "/api/overview", columns: "disable_stats,rates_mode" });
  });

  test("goes to a server behind a path, escaped", async () => {
    const scene = await rabbitmqStage();
    const below = await rabbitmqStage({ url: `${scene.origin}/mq/`, queue: "a/b c", vhost: "v?#", dead_letter_queue: undefined });
    await below.read();
    expect(scene.asked[0]?.path).toBe("/mq/api/queues/v%3F%23/a%2Fb%20c");
  });
});

/** What is said the first time, when nothing was seen before. */
async function reason(scene: RabbitmqStage): Promise<string> {
  const [blind] = await scene.read();
  if (blind?.kind !== "blind") throw new Error(`expected blindness, got ${blind?.kind}`);
  return blind.reason;
}

const LOGIN = "expected username and password of a user with the tag monitoring or management, and any permission in the virtual host";
const NOT_COUNTED = "RabbitMQ does not count, because of";

/** Which answers, and what healer says after the place. */
const BLIND: readonly (readonly [answers: Partial<Record<"orders" | "dead" | "overview", string>>, said: string])[] = [
  [{ orders: "missing" }, "there is no such queue, or no such virtual host"],
  [{ orders: "noVhost" }, "there is no such queue, or no such virtual host"],
  [{ orders: "badPassword" }, `RabbitMQ refuses the login (Login failed); ${LOGIN}`],
  [{ orders: "noLogin" }, `RabbitMQ refuses the login; ${LOGIN}`],
  [{ orders: "noTag" }, `RabbitMQ refuses the login (Not management user); ${LOGIN}`],
  [{ orders: "noVhostPermission" }, `RabbitMQ refuses the login (User not authorised to access virtual host); ${LOGIN}`],
  [
    { orders: "disabled", overview: "overviewDisabled" },
    `${NOT_COUNTED} management.disable_stats or management_agent.disable_metrics_collector in its configuration`,
  ],
  [{ orders: "ratesNone", overview: "overviewRatesNone" }, `${NOT_COUNTED} management.rates_mode = none in its configuration`],
  [{ orders: "justDeclared" }, "RabbitMQ has no figures of this queue yet"],
  [{ orders: "stream" }, "it is a stream, which keeps what was read; expected a queue"],
  [{ dead: "missing" }, "dead_letter_queue orders.dead: there is no such queue, or no such virtual host"],
  [{ dead: "justDeclared" }, "dead_letter_queue orders.dead: RabbitMQ has no figures of this queue yet"],
  [
    { dead: "deadConsumed" },
    "dead_letter_queue orders.dead: it has 1 consumer, so that what failed leaves it uncounted; expected a queue that keeps it",
  ],
];

describe("no figures", () => {
  test.each(BLIND)("%o is told in words", async (answers, said) => {
    const scene = await rabbitmqStage();
    for (const [place, name] of Object.entries(answers)) Object.assign(scene, { [place]: recorded(name) });
    expect(await reason(scene)).toBe(`${scene.origin}/ queue orders in /: ${said}`);
  });

  test.each([
    ["another server's page", { body: "<html>", contentType: "text/html" }, "expected JSON, got HTML or XML (text/html)"],
    ["a list", { body: "[]" }, "expected an object, got a list of 0"],
    ["another server's 404", { status: 404, body: "no" }, "HTTP 404; expected RabbitMQ's management API"],
    ["a failure of its own", { status: 500, body: '{"error":"x","reason":"boom"}' }, "HTTP 500 (boom)"],
    ["a queue of a lost node", { body: '{"type":"classic","state":"down"}' }, "RabbitMQ says that the queue is down"],
    ["half a task", { body: '{"messages_ready":1.5}' }, "messages_ready: got 1.5, expected a whole number, 0 or more"],
    [
      "a text",
      { body: '{"messages_ready":1,"message_stats":{"ack":"x"}}' },
      'message_stats.ack: got the text "x", expected a whole number',
    ],
  ])("%s is told", async (_, part, said) => {
    const scene = await rabbitmqStage();
    scene.orders = { ...recorded("waiting"), ...part };
    expect(await reason(scene)).toContain(`: ${said}`);
  });

  test("of a server that is silent for a moment are no news; after a minute they are, and the token in the URL is not told", async () => {
    const scene = await rabbitmqStage({ timeout: "100ms" });
    await scene.read();
    scene.silent = true;
    expect(await scene.read()).toEqual([]);
    const [blind] = await scene.read(60_000);
    expect(blind).toMatchObject({ kind: "blind", reason: `${scene.origin}/ queue orders in /: no answer in 100 ms` });
    Object.assign(scene, { silent: false, orders: recorded("working"), dead: recorded("dead") });
    const back = await scene.read();
    expect(kindsIn(back)).toEqual(["sight", "queue", "running"]);
    expect(tasksIn(back), "nobody knows what happened meanwhile").toEqual({});
  });

  test("a refused login is told at once, also after good readings", async () => {
    const scene = await rabbitmqStage();
    await scene.read();
    scene.orders = recorded("badPassword");
    expect(kindsIn(await scene.read())).toEqual(["blind"]);
  });
});
