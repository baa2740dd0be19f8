import { describe, expect, test } from "vitest";
import { deadUrl } from "../../support/http-server.ts";
import { sealedRecord } from "../../support/log-records.ts";
import { toldChannels, webhooks } from "../../support/told-channels.ts";
import { until } from "../../support/until.ts";
import { answering, webhookServer } from "../../support/webhook-server.ts";

const targetOf = ({ body }: { readonly body: string }): unknown => (JSON.parse(body) as Record<string, unknown>)["target"];
const records = (count: number) => Array.from({ length: count }, (_, number) => sealedRecord({ target: `w:${number}` }));

describe("delivering", () => {
  test("tells every channel, in order, under an id of its own for each record that is the same everywhere", async () => {
    const [one, other] = [await webhookServer(), await webhookServer()];
    const { channels, failures } = toldChannels(webhooks({ url: one.url }, { url: other.url }));
    for (const record of records(20)) channels.offer(record);
    await until(() => channels.pending === 0, "all messages to go out");
    for (const { posts } of [one, other]) expect(posts.map(targetOf)).toEqual(records(20).map(({ target }) => target));
    const idsOf = ({ posts }: typeof one): unknown[] => posts.map(({ headers }) => headers["x-healer-event-id"]);
    expect(idsOf(one)).toEqual(idsOf(other));
    expect(new Set(idsOf(one)).size).toBe(20);
    expect(failures).toEqual([]);
  });

  test("tries again under the same id until a server that answers 500 recovers, keeping the order", async () => {
    const { posts, url } = await webhookServer((response, _, number) => answering(number <= 3 ? 500 : 200)(response));
    const { channels, failures } = toldChannels(webhooks({ url }));
    for (const record of records(2)) channels.offer(record);
    await until(() => channels.pending === 0, "both messages to go out");
    expect(posts.map(targetOf)).toEqual(["w:0", "w:0", "w:0", "w:0", "w:1"]);
    expect(new Set(posts.slice(0, 4).map(({ headers }) => headers["x-healer-event-id"])).size).toBe(1);
    expect(failures).toEqual([]);
  });

  test("is not held up by another channel whose server hangs, and offering never waits", async () => {
    const hanging = await webhookServer(() => undefined);
    const fine = await webhookServer();
    const { channels } = toldChannels(webhooks({ url: hanging.url }, { url: fine.url }));
    for (const record of records(5)) channels.offer(record);
    await until(() => fine.posts.length === 5, "the channel that works");
    expect(hanging.posts.length).toBeLessThanOrEqual(1);
    await until(() => channels.pending === 5, "only the hanging one to have something left");
  });

  test("leaves a send that takes too long and tries again", async () => {
    const { posts, url } = await webhookServer((response, _, number) => (number > 2 ? response.end() : undefined));
    const { channels, failures } = toldChannels(webhooks({ url }), { sendTimeoutMs: 30 });
    for (const record of records(2)) channels.offer(record);
    await until(() => channels.pending === 0, "both messages to go out");
    expect(posts.map(targetOf)).toEqual(["w:0", "w:0", "w:0", "w:1"]);
    expect(failures).toEqual([]);
  });

  test("sends several that belong together as one, with the id of each", async () => {
    const { posts, url } = await webhookServer();
    const { channels, clock } = toldChannels(webhooks({ url, group: "5m" }));
    const hold = (reason: string): void => channels.offer(sealedRecord({ event: "hold", reason }));
    hold("first");
    await until(() => channels.pending === 0, "the first, at once");
    for (const reason of ["second", "third"]) hold(reason);
    clock.advance(300_000);
    channels.offer(sealedRecord({ event: "trim" }));
    await until(() => channels.pending === 0, "the others");
    const bodies = posts.map(
      ({ body }) => JSON.parse(body) as { event: string; reason: string; messages?: { id: string; reason: string }[] },
    );
    expect(bodies.map(({ event }) => event)).toEqual(["hold", "digest", "trim"]);
    expect(bodies[1]).toMatchObject({
      reason: "2 messages of one kind: hold rpa-worker:0",
      messages: [{ reason: "second" }, { reason: "third" }],
    });
  });
});

describe("losing messages", () => {
  test("what could not be told in a day is dropped, and said once, with what it was", async () => {
    const { posts, url } = await webhookServer(answering(500));
    const { channels, failures, clock } = toldChannels(webhooks({ url }));
    for (const record of records(4)) channels.offer(record);
    await until(() => posts.length > 2, "some attempts");
    clock.advance(24 * 3_600_000 + 1);
    await until(() => channels.pending === 0, "all messages to be given up");
    await channels.close(0);
    expect(failures).toMatchObject([{ more: { messages: 1 } }, { more: { messages: 3, error: "it could not be told in time" } }]);
    expect(failures[0]).toMatchObject({ level: "error", event: "notify_failed", target: "healer", more: { notifier: "webhook:1" } });
    expect(failures[0]?.reason).toMatch(/^webhook:1: 1 message not delivered \(127.*HTTP 500\): symptom w:0 \(\w+-\w+\)$/);
  });

  test("the rest are told with their number when the time has come, or when the server is back", async () => {
    let works = false;
    const { url } = await webhookServer((response) => answering(works ? 200 : 404)(response));
    const { channels, failures, clock } = toldChannels(webhooks({ url }), { reportEveryMs: 60_000 });
    const lose = async (count: number): Promise<void> => {
      for (const record of records(count)) channels.offer(record);
      await until(() => channels.pending === 0, "the messages to be refused");
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
    const { channels } = toldChannels(webhooks({ url }));
    channels.offer(records(1)[0]!);
    await until(() => channels.pending === 0, "the message to be refused");
    expect(posts).toHaveLength(1);
  });

  test("beyond its bounds it drops the oldest that is not on its way, pages last", async () => {
    const hanging = await webhookServer(() => undefined);
    const { channels, failures } = toldChannels(webhooks({ url: hanging.url }), { waitingMax: 4 });
    channels.offer(sealedRecord({ target: "w:first" }));
    await until(() => hanging.posts.length === 1, "the first message");
    channels.offer(sealedRecord({ event: "escalate", target: "w:page" }));
    for (const record of records(10)) channels.offer(record);
    expect(channels.all[0]?.outbox.state.waiting.size).toBe(4);
    expect([...channels.all[0]!.outbox.state.waiting.values()].map(({ record }) => record.target)).toEqual([
      "w:first",
      "w:page",
      "w:8",
      "w:9",
    ]);
    await channels.close(0);
    expect(failures.map(({ more }) => more?.["messages"])).toEqual([1, 7]);
  });

  test("beyond so many bytes as well", async () => {
    const hanging = await webhookServer(() => undefined);
    const { channels } = toldChannels(webhooks({ url: hanging.url }), { waitingBytesMax: 20_000 });
    for (const record of records(30)) channels.offer({ ...record, reason: "x".repeat(2_000) });
    expect(channels.pending).toBeGreaterThan(5);
    expect(channels.all[0]!.outbox.waitingBytes).toBeLessThanOrEqual(20_000);
  });

  test("two dead channels do not keep telling each other so", async () => {
    const { channels, failures, clock } = toldChannels(webhooks({ url: await deadUrl() }, { url: await deadUrl() }), { reportEveryMs: 0 });
    channels.offer(records(1)[0]!);
    clock.advance(25 * 3_600_000);
    await until(() => channels.pending === 0 && failures.length === 2, "both to give up");
    for (const record of failures.splice(0)) channels.offer(sealedRecord(record));
    await until(() => channels.pending === 0, "the news of it to be given up");
    expect(failures).toEqual([]);
  });

  test("a channel is not told of its own failure", async () => {
    const { posts, url } = await webhookServer();
    const { channels } = toldChannels(webhooks({ url }));
    channels.offer(sealedRecord({ event: "notify_failed", more: { notifier: "webhook:1" } }));
    channels.offer(sealedRecord({ event: "notify_failed", more: { notifier: "webhook:2" } }));
    await until(() => channels.pending === 0, "the other's failure to be told");
    expect(posts).toHaveLength(1);
  });
});
