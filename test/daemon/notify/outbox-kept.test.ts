import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { serveHttp } from "../../support/http-server.ts";
import { sealedRecord } from "../../support/log-records.ts";
import { toldChannels, webhooks } from "../../support/told-channels.ts";
import { until } from "../../support/until.ts";
import { answering, webhookServer } from "../../support/webhook-server.ts";

const targetOf = ({ body }: { readonly body: string }): unknown => (JSON.parse(body) as Record<string, unknown>)["target"];
const idOf = ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): unknown => headers["x-healer-event-id"];
const records = (count: number) => Array.from({ length: count }, (_, number) => sealedRecord({ target: `w:${number}` }));

describe("over the end of healer", () => {
  test("what was not confirmed is sent by the next one, under the same id; what was is not", async () => {
    let isWell = true;
    const { posts, url } = await webhookServer((response) => (isWell ? response.end() : undefined));
    const first = toldChannels(webhooks({ url }));
    for (const record of records(2)) first.channels.offer(record);
    await until(() => first.channels.pending === 0, "two to be told");
    isWell = false;
    for (const record of records(3)) first.channels.offer({ ...record, target: `later:${record.target}` });
    await until(() => posts.length === 3, "the third to be under way");
    isWell = true;
    // Nothing is closed: the process is just gone, and another one opens what is on disk.
    const second = toldChannels(webhooks({ url }), {}, first.dir);
    await until(() => second.channels.pending === 0, "the rest to be told");
    expect(posts.map(targetOf)).toEqual(["w:0", "w:1", "later:w:0", "later:w:0", "later:w:1", "later:w:2"]);
    expect(idOf(posts[2]!)).toBe(idOf(posts[3]!));
    expect(new Set(posts.map(idOf)).size).toBe(5);
  });

  test("a digest whose receipt was not heard of is repeated as it was, and what came later is told apart", async () => {
    const { posts, url } = await webhookServer((response, _, number) => (number === 1 ? undefined : void response.end()));
    const first = toldChannels(webhooks({ url, max_per_hour: 2 }));
    for (const record of records(5)) first.channels.offer(record);
    await until(() => posts.length === 1, "a digest to be under way");
    const second = toldChannels(webhooks({ url, max_per_hour: 3_600 }), {}, first.dir);
    second.channels.offer(sealedRecord({ target: "w:new" }));
    await until(() => second.channels.pending === 0, "all to be told");
    expect(posts[1]!.body).toBe(posts[0]!.body);
    expect(posts.slice(1).map(targetOf)).toEqual(["healer", "w:new"]);
  });

  test("losses that nobody has heard of yet are reported by the next one", async () => {
    const { url } = await webhookServer(answering(404));
    const first = toldChannels(webhooks({ url }));
    for (const record of records(3)) first.channels.offer(record);
    await until(() => first.channels.pending === 0, "all to be refused");
    expect(first.failures.map(({ more }) => more?.["messages"])).toEqual([1]);
    const second = toldChannels(webhooks({ url }), {}, first.dir);
    await until(() => second.failures.length === 1, "the report");
    expect(second.failures).toMatchObject([{ more: { messages: 2 } }]);
    await second.channels.close(0);
    const third = toldChannels(webhooks({ url }), {}, first.dir);
    await third.channels.close(0);
    expect(third.failures).toEqual([]);
  });

  test("half a line at the end costs that line, and lines that are not ours are said", async () => {
    const server = await serveHttp(() => undefined);
    const first = toldChannels(webhooks({ url: server.url }));
    for (const record of records(3)) first.channels.offer(record);
    await first.channels.close(0);
    const [file = ""] = readdirSync(first.dir);
    const path = join(first.dir, file);
    writeFileSync(path, `{"op":"nonsense"}\n${readFileSync(path, "utf8").trimEnd().slice(0, -10)}`);
    const second = toldChannels(webhooks({ url: server.url }), {}, first.dir);
    expect(second.failures).toMatchObject([{ event: "notify_failed", reason: `webhook:1: 2 lines of outbox/${file} could not be read` }]);
    expect(second.channels.pending).toBeGreaterThan(0);
    await server.close();
  });
});

describe("an edit of the configuration", () => {
  test("leaves what waits for an address where it is, wherever in the list that stands", async () => {
    let isWell = false;
    const one = await webhookServer((response) => (isWell ? response.end() : answering(500)(response)));
    const other = await webhookServer();
    const { channels, failures } = toldChannels(webhooks({ url: one.url }, { url: other.url }));
    for (const record of records(2)) channels.offer(record);
    channels.use(webhooks({ url: other.url }, { url: one.url, on: "pages" }));
    isWell = true;
    await until(() => channels.pending === 0, "both to be told");
    const told = one.posts.filter((_, index) => idOf(one.posts[index]!) !== idOf(one.posts[index + 1] ?? { headers: {} }));
    expect(told.map(targetOf)).toEqual(["w:0", "w:1"]);
    expect(other.posts.map(targetOf)).toEqual(["w:0", "w:1"]);
    expect(failures).toEqual([]);
  });

  test("with a name it waits also while the address is edited", async () => {
    const [wrong, right] = [await webhookServer(answering(500)), await webhookServer()];
    const { channels } = toldChannels(webhooks({ url: wrong.url, name: "ops" }));
    channels.offer(records(1)[0]!);
    await until(() => wrong.posts.length > 0, "the first attempt");
    channels.use(webhooks({ url: right.url, name: "ops" }));
    await until(() => channels.pending === 0, "it to be told");
    expect(right.posts.map(targetOf)).toEqual(["w:0"]);
  });

  test.each(["while healer runs", "while healer is away"])(
    "that removes a channel %s drops what waits for it, and says so",
    async (when) => {
      const { url } = await webhookServer(answering(500));
      const first = toldChannels(webhooks({ url }));
      for (const record of records(3)) first.channels.offer(record);
      if (when === "while healer is away") await first.channels.close(0);
      const now = when === "while healer runs" ? first : toldChannels([], {}, first.dir);
      now.channels.use([]);
      await until(() => now.failures.length === 1, "it to be said");
      expect(now.failures[0]).toMatchObject({
        event: "notify_failed",
        more: { messages: 3, error: "the channel is no longer configured" },
      });
      expect(readdirSync(first.dir)).toEqual([]);
    },
  );
});

describe("ending", () => {
  test("lets what is under way arrive", async () => {
    const { posts, url } = await webhookServer();
    const { channels } = toldChannels(webhooks({ url }));
    for (const record of records(5)) channels.offer(record);
    await channels.close(10_000);
    expect(posts).toHaveLength(5);
  });

  test("does not wait longer than told for a server that hangs, loses nothing and takes nothing more", async () => {
    const { url } = await webhookServer(() => undefined);
    const { channels, failures } = toldChannels(webhooks({ url }));
    for (const record of records(3)) channels.offer(record);
    await channels.close(20);
    channels.offer(records(1)[0]!);
    expect([channels.pending, failures]).toEqual([3, []]);
  });

  test("does not wait for what may not be sent yet", async () => {
    const { posts, url } = await webhookServer();
    const quiet = { from: "00:00", to: "23:59", tz: "UTC" };
    const { channels } = toldChannels(webhooks({ url, quiet_hours: quiet }));
    channels.offer(records(1)[0]!);
    await channels.close(3_600_000);
    expect([channels.pending, posts]).toEqual([1, []]);
  });
});
