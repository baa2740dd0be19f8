import { describe, expect, test } from "vitest";
import type { SealedRecord } from "../../src/core/sealed-record.ts";
import type { Message } from "../../src/notifiers/notifier.ts";
import { webhook } from "../../src/notifiers/webhook.ts";
import { message, sealedRecord } from "../support/log-records.ts";
import { webhookServer } from "../support/webhook-server.ts";

const OPEN = sealedRecord({ event: "circuit_open", level: "error", reason: "3 heals in a row did not help" });
const CLOSED = sealedRecord({ event: "circuit_closed", reason: "recovered by itself" });
const NEXT = "Next: healer explain rpa-worker:0; after the repair healer reset rpa-worker:0";

/** What reaches the service. */
async function posted(template: string, told: Message, more: object = {}) {
  const { posts, url } = await webhookServer();
  const made = webhook.create(webhook.params.parse({ type: "webhook", url, template, ...more }), 1);
  expect(await made.send(told, new AbortController().signal)).toEqual({ ok: true, value: null });
  const { body, headers } = posts[0]!;
  const json = headers["content-type"] === "application/json" ? (JSON.parse(body) as Record<string, never>) : {};
  return { body, headers, json };
}

const long = (reason: string): Message => message(...Array.from({ length: 30 }, (): SealedRecord => ({ ...OPEN, reason })));

test("Slack: text for the notification, a section in mrkdwn, in which nobody can be called", async () => {
  const { json } = await posted("slack", message({ ...OPEN, reason: "<!channel> a & b" }));
  expect(json).toEqual({
    text: "circuit_open rpa-worker:0 (box)",
    blocks: [
      {
        type: "section",
        text: {
          type: "mrkdwn",
          text: `*circuit_open rpa-worker:0 (box)*\ncircuit_open rpa-worker:0: &lt;!channel&gt; a &amp; b\n${NEXT}`,
        },
      },
    ],
  });
});

test("Discord: content, and no mentions", async () => {
  const { json } = await posted("discord", message(CLOSED));
  expect(json).toEqual({
    content:
      "**Over: circuit_closed rpa-worker:0 (box)**\nOver: circuit_closed rpa-worker:0: recovered by itself\nNext: healer explain rpa-worker:0",
    allowed_mentions: { parse: [] },
  });
});

test("Teams: an adaptive card as workflows take it", async () => {
  const { json } = await posted("teams", message(OPEN));
  expect(json).toEqual({
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          body: [
            {
              type: "TextBlock",
              text: "circuit_open rpa-worker:0 (box)",
              weight: "Bolder",
              size: "Medium",
              wrap: true,
              color: "Attention",
            },
            { type: "TextBlock", text: `circuit_open rpa-worker:0: 3 heals in a row did not help\n\n${NEXT}`, wrap: true },
          ],
        },
      },
    ],
  });
});

test("ntfy: the text as the body, title, priority and tags as headers", async () => {
  const { body, headers } = await posted("ntfy", message(OPEN), { headers: { Authorization: "Bearer tk" } });
  expect(body).toBe(`circuit_open rpa-worker:0: 3 heals in a row did not help\n${NEXT}`);
  expect(headers).toMatchObject({
    title: "circuit_open rpa-worker:0 (box)",
    priority: "5",
    tags: "rotating_light",
    authorization: "Bearer tk",
    "content-type": "text/plain; charset=utf-8",
  });
  expect((await posted("ntfy", message(CLOSED))).headers).toMatchObject({ priority: "3", tags: "white_check_mark" });
});

test("ntfy: a title beyond ASCII is written in encoded words of at most 75 characters", async () => {
  const target = "größenprüfer-日本語-🚑-und-noch-viel-mehr:0";
  const { headers } = await posted("ntfy", message({ ...OPEN, target }));
  const words = String(headers["title"]).split(" ");
  expect(Math.max(...words.map(({ length }) => length))).toBeLessThanOrEqual(75);
  const decoded = words.map((word) => Buffer.from(/^=\?UTF-8\?B\?(.*)\?=$/.exec(word)?.[1] ?? "", "base64").toString());
  expect(decoded.join("")).toBe(`circuit_open ${target} (box)`);
});

describe("PagerDuty", () => {
  const routing_key = "R0UT1NGK3Y";

  test("triggers with the key of the trouble", async () => {
    const { json } = await posted("pagerduty", message(OPEN), { routing_key });
    expect(json).toMatchObject({
      routing_key,
      event_action: "trigger",
      dedup_key: "box circuit rpa-worker:0",
      client: "healer",
      payload: {
        summary: "circuit_open rpa-worker:0: 3 heals in a row did not help",
        source: "box",
        severity: "critical",
        timestamp: OPEN.ts,
        component: "rpa-worker:0",
        custom_details: { event: "circuit_open", id: "m1" },
      },
    });
  });

  test("resolves with the same key", async () => {
    const { json } = await posted("pagerduty", message(CLOSED), { routing_key });
    expect(json).toEqual({ routing_key, event_action: "resolve", dedup_key: "box circuit rpa-worker:0" });
  });

  test("gets no digests, others do", () => {
    const made = (params: object) => webhook.create(webhook.params.parse({ type: "webhook", url: "http://127.0.0.1:9/", ...params }), 1);
    expect(made({ template: "pagerduty", routing_key }).singly).toBe(true);
    expect(made({ template: "slack" }).singly).toBe(false);
  });
});

test.each(["x", "<&>", "日", "🚑"])("limits of the services hold for very long messages of %s", async (letter) => {
  const told = long(letter.repeat(3_000));
  const slack = (await posted("slack", told)).json as unknown as { text: string; blocks: { text: { text: string } }[] };
  expect(slack.blocks[0]!.text.text.length).toBeLessThanOrEqual(3_000);
  expect(slack.blocks[0]!.text.text).not.toMatch(/&(?!amp;|lt;|gt;)/);
  const discord = (await posted("discord", told)).json as unknown as { content: string };
  expect(discord.content.length).toBeLessThanOrEqual(2_000);
  expect(discord.content).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/);
  expect((await posted("teams", told)).body.length).toBeLessThanOrEqual(28_000);
  expect(Buffer.byteLength((await posted("ntfy", told)).body)).toBeLessThanOrEqual(4_096);
  const pagerduty = (await posted("pagerduty", message({ ...OPEN, reason: letter.repeat(3_000) }), { routing_key: "k" })).json;
  expect(String((pagerduty as unknown as { payload: { summary: string } }).payload.summary).length).toBeLessThanOrEqual(1_024);
});

test.each<[object, string]>([
  [{ template: "slack", body: "x" }, "template: expected either template or body, not both"],
  [{ template: "pagerduty" }, "routing_key: expected with template: pagerduty, and only with it"],
  [{ routing_key: "k" }, "routing_key: expected with template: pagerduty, and only with it"],
  [{ template: "slak" }, "template: "],
])("%j is refused", (params, said) => {
  const parsed = webhook.params.safeParse({ type: "webhook", url: "http://127.0.0.1:9/", ...params });
  const issues = parsed.error?.issues.map(({ path, message: text }) => `${path.join(".")}: ${text}`);
  expect(issues).toEqual([expect.stringContaining(said)]);
});
