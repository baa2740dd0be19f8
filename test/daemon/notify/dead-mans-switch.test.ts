import { describe, expect, onTestFinished, test } from "vitest";
import type { LogRecord } from "../../../src/core/log-record.ts";
import { DeadMansSwitch } from "../../../src/daemon/notify/dead-mans-switch.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { until } from "../../support/until.ts";
import { answering, webhookServer } from "../../support/webhook-server.ts";

const EVERY = 60_000;

function watched(url: string) {
  const told: LogRecord[] = [];
  const clock = fakeClock();
  const made = new DeadMansSwitch(
    (record) => told.push(record),
    () => clock.monotonicMs(),
  );
  made.use({ url, every: EVERY });
  onTestFinished(() => made.close());
  return { made, told, clock };
}

describe("a dead man's switch", () => {
  test("is pinged with a GET after a turn, no more often than said, and not without turns", async () => {
    const { posts, url } = await webhookServer();
    const { made, clock } = watched(url);
    for (let turn = 0; turn < 3; turn++) made.turned();
    await until(() => posts.length === 1, "the first ping");
    expect(posts[0]).toMatchObject({ method: "GET", path: "/hook/s3cret?token=t0ken" });
    clock.advance(EVERY - 1);
    made.turned();
    clock.advance(1);
    expect(posts).toHaveLength(1);
    await until(() => {
      made.turned();
      return posts.length === 2;
    }, "the second ping");
  });

  test("that fails is told once, without the secret of its URL, and again only after it had worked", async () => {
    let status = 500;
    const { posts, url } = await webhookServer((response) => answering(status)(response));
    const { made, told, clock } = watched(url);
    const ping = async (): Promise<void> => {
      const before = posts.length;
      await until(() => {
        made.turned();
        return posts.length > before;
      }, "a ping");
      clock.advance(EVERY);
    };
    for (let pings = 0; pings < 3; pings++) await ping();
    await until(() => told.length === 1, "the failure to be told");
    expect(told[0]).toMatchObject({ level: "warn", event: "notify_failed", reason: expect.stringContaining("HTTP 500") as unknown });
    expect(JSON.stringify(told)).not.toMatch(/s3cret|t0ken/);
    status = 200;
    for (let pings = 0; pings < 2; pings++) await ping();
    status = 500;
    for (let pings = 0; pings < 2; pings++) await ping();
    await until(() => told.length === 2, "the second failure to be told");
  });

  test("that hangs is not asked twice at once, and left when it is taken out of the configuration", async () => {
    const { posts, url, server } = await webhookServer(() => undefined);
    const { made, told, clock } = watched(url);
    for (let turn = 0; turn < 3; turn++) {
      made.turned();
      clock.advance(EVERY);
    }
    await until(() => posts.length === 1, "the first ping");
    made.use(null);
    await until(() => server.connections() === 0, "it to be left");
    made.turned();
    expect([posts.length, told]).toEqual([1, []]);
  });
});
