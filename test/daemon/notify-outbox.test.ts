import { describe, expect, onTestFinished, test } from "vitest";
import type { LogRecord } from "../../src/core/log-record.ts";
import { openOutbox, type OutboxOptions } from "../../src/daemon/notify-outbox.ts";
import { webhook } from "../../src/notifiers/webhook.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { deadUrl } from "../support/http-server.ts";
import { sealedRecord } from "../support/log-records.ts";
import { until } from "../support/until.ts";
import { answering, webhookServer } from "../support/webhook-server.ts";

const QUICK = { retryBaseMs: 1, retryMaxMs: 5 };

function outbox(urls: readonly string[], limits: OutboxOptions["limits"] = {}) {
  const failures: LogRecord[] = [];
  const clock = fakeClock();
  const notifiers = urls.map((url, index) =>
    webhook.create(webhook.params.parse({ type: "webhook", url, on: ["all", "notify_failed"] }), index + 1),
  );
  const opened = openOutbox({
    notifiers,
    record: (record) => failures.push(record),
    monotonicMs: () => clock.monotonicMs(),
    random: () => 0.5,
    limits: { ...QUICK, ...limits },
  });
  onTestFinished(() => opened.close());
  return { outbox: opened, failures, clock };
}

const targetOf = ({ body }: { readonly body: string }): unknown => (JSON.parse(body) as Record<string, unknown>)["target"];
const messages = (count: number) => Array.from({ length: count }, (_, number) => sealedRecord({ target: `w:${number}` }));

describe("delivering", () => {
  test("tells every notifier, in order", async () => {
    const [one, other] = [await webhookServer(), await webhookServer()];
    const { outbox: box, failures } = outbox([one.url, other.url]);
    for (const record of messages(20)) box.offer(record);
    await until(() => box.pending === 0, "all messages to go out");
    for (const { posts } of [one, other]) expect(posts.map(targetOf)).toEqual(messages(20).map(({ target }) => target));
    expect(failures).toEqual([]);
  });

  test("tries again until a server that answers 500 recovers, keeping the order", async () => {
    const { posts, url } = await webhookServer((response, _, number) => answering(number <= 3 ? 500 : 200)(response));
    const { outbox: box, failures } = outbox([url]);
    for (const record of messages(2)) box.offer(record);
    await until(() => box.pending === 0, "both messages to go out");
    expect(posts.map(targetOf)).toEqual(["w:0", "w:0", "w:0", "w:0", "w:1"]);
    expect(failures).toEqual([]);
  });

  test("is not held up by another notifier whose server hangs, and offering never waits", async () => {
    const hanging = await webhookServer(() => undefined);
    const fine = await webhookServer();
    const { outbox: box } = outbox([hanging.url, fine.url]);
    for (const record of messages(5)) box.offer(record);
    await until(() => fine.posts.length === 5, "the notifier that works");
    expect(hanging.posts.length).toBeLessThanOrEqual(1);
    expect(box.pending).toBe(5);
  });

  test("gives up on a send that takes too long and goes on with the next message", async () => {
    const { posts, url } = await webhookServer((response, _, number) => (number > 2 ? response.end() : undefined));
    const { outbox: box, failures } = outbox([url], { sendTimeoutMs: 30, attemptsMax: 2 });
    for (const record of messages(2)) box.offer(record);
    await until(() => box.pending === 0, "both messages to be done with");
    expect(posts.map(targetOf)).toEqual(["w:0", "w:0", "w:1"]);
    expect(failures).toMatchObject([{ event: "notify_failed", more: { notifier: "webhook:1", messages: 1 } }]);
  });
});

describe("losing messages", () => {
  test("after so many attempts at a server that refuses, it says so once", async () => {
    const { outbox: box, failures } = outbox([await deadUrl()], { attemptsMax: 3 });
    for (const record of messages(4)) box.offer(record);
    await until(() => box.pending === 0, "all messages to be given up");
    expect(failures).toMatchObject([
      {
        level: "error",
        event: "notify_failed",
        target: "healer",
        reason: expect.stringMatching(/^webhook:1: 1 message was not delivered: 127.*refused$/) as string,
      },
    ]);
  });

  test("the rest are told with their number when the time has come, or when the server is back", async () => {
    let works = false;
    const { url } = await webhookServer((response) => answering(works ? 200 : 404)(response));
    const { outbox: box, failures, clock } = outbox([url], { reportEveryMs: 60_000 });
    const lose = async (count: number): Promise<void> => {
      for (const record of messages(count)) box.offer(record);
      await until(() => box.pending === 0, "the messages to be refused");
    };
    await lose(4);
    clock.advance(60_000);
    await lose(1);
    await lose(2);
    works = true;
    await lose(1);
    expect(failures.map(({ more }) => more?.["messages"])).toEqual([1, 4, 2]);
  });

  test("an answer that another try cannot change is not tried again", async () => {
    const { posts, url } = await webhookServer(answering(410));
    const { outbox: box } = outbox([url]);
    box.offer(messages(1)[0]!);
    await until(() => box.pending === 0, "the message to be refused");
    expect(posts).toHaveLength(1);
  });

  test("beyond its bound it drops the oldest that is not on its way, and counts them", async () => {
    const hanging = await webhookServer(() => undefined);
    const { outbox: box, failures } = outbox([hanging.url], { waitingMax: 3 });
    for (const record of messages(10)) box.offer(record);
    expect(box.pending).toBe(3);
    await until(() => hanging.posts.length === 1, "the first message");
    expect(targetOf(hanging.posts[0]!)).toBe("w:0");
    await box.close();
    expect(failures.map(({ more }) => more?.["messages"])).toEqual([1, 9]);
  });

  test("two dead notifiers do not keep telling each other so", async () => {
    const { outbox: box, failures } = outbox([await deadUrl(), await deadUrl()], { attemptsMax: 1, reportEveryMs: 0 });
    box.offer(messages(1)[0]!);
    await until(() => box.pending === 0 && failures.length === 2, "both to give up");
    for (const record of failures.splice(0)) box.offer(sealedRecord(record));
    await until(() => box.pending === 0, "the news of it to be given up");
    expect(failures).toEqual([]);
  });

  test("a notifier is not told of its own failure", async () => {
    const { posts, url } = await webhookServer();
    const { outbox: box } = outbox([url]);
    box.offer(sealedRecord({ event: "notify_failed", more: { notifier: "webhook:1" } }));
    box.offer(sealedRecord({ event: "notify_failed", more: { notifier: "webhook:2" } }));
    await until(() => box.pending === 0, "the other's failure to be told");
    expect(posts).toHaveLength(1);
  });
});

describe("ending", () => {
  test("flushing waits until everything is out", async () => {
    const { posts, url } = await webhookServer();
    const { outbox: box } = outbox([url]);
    for (const record of messages(5)) box.offer(record);
    expect(await box.flush(10_000)).toBe(0);
    expect(posts).toHaveLength(5);
  });

  test("flushing does not wait longer than told for a server that hangs, and says what is left", async () => {
    const { url } = await webhookServer(() => undefined);
    const { outbox: box } = outbox([url]);
    for (const record of messages(5)) box.offer(record);
    expect(await box.flush(20)).toBe(5);
  });

  test("closing interrupts sending and waiting for a retry, says what is lost, and takes nothing more", async () => {
    const { posts, url } = await webhookServer(answering(500));
    const { outbox: box, failures } = outbox([url], { retryBaseMs: 3_600_000, retryMaxMs: 3_600_000 });
    for (const record of messages(3)) box.offer(record);
    await until(() => posts.length === 1, "the first attempt");
    await box.close();
    expect(failures).toMatchObject([{ more: { messages: 3, error: "healer stopped" } }]);
    box.offer(messages(1)[0]!);
    expect(box.pending).toBe(0);
  });
});
