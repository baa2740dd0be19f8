import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Notifier } from "../../src/notifiers/notifier.ts";
import { NOTIFIER_KINDS } from "../../src/notifiers/registry.ts";
import { webhook } from "../../src/notifiers/webhook.ts";
import { deadUrl } from "../support/http-server.ts";
import { message, sealedRecord } from "../support/log-records.ts";
import { answering, webhookServer } from "../support/webhook-server.ts";

const NEVER = new AbortController().signal;

function notifier(params: object): Notifier {
  return webhook.create(webhook.params.parse({ type: "webhook", url: "http://127.0.0.1:9/", ...params }), 1);
}

function problems(params: object): string[] {
  const parsed = webhook.params.safeParse({ type: "webhook", url: "http://127.0.0.1:9/", ...params });
  return parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}

describe("what a webhook sends", () => {
  async function sent(params: object, record = sealedRecord()) {
    const { posts, url } = await webhookServer();
    expect(await notifier({ url, ...params }).send(message(record), NEVER)).toEqual({ ok: true, value: null });
    return posts[0]!;
  }

  test("is a POST with the heal log's fields as JSON, and a text that chat services show", async () => {
    const post = await sent({}, sealedRecord({ event: "circuit_open", more: { streak: 3 } }));
    expect(post).toMatchObject({ method: "POST", path: "/hook/s3cret?token=t0ken" });
    expect(post.headers).toMatchObject({ "content-type": "application/json", "x-healer-event-id": "m1", "idempotency-key": "m1" });
    expect(JSON.parse(post.body)).toEqual({
      ts: "2026-11-22T03:12:45.678Z",
      level: "info",
      event: "circuit_open",
      target: "rpa-worker:0",
      strategy: "rpa",
      reason: "63 % of the last 58 tasks",
      host: "box",
      config: "abc123",
      v: 1,
      streak: 3,
      id: "m1",
      incident_key: "box circuit rpa-worker:0",
      resolved: false,
      text:
        "circuit_open rpa-worker:0: 63 % of the last 58 tasks\n" +
        "Next: healer explain rpa-worker:0; after the repair healer reset rpa-worker:0",
    });
  });

  test("is a JSON template whose values cannot break out of it", async () => {
    const reason = 'say "hi"\\\n\u001b[2J {target} ü';
    const post = await sent({ body: ' {"content": "{event}: {reason} ({pid}{verdict})"}' }, sealedRecord({ reason, pid: 7 }));
    expect(post.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(post.body)).toEqual({ content: `symptom: ${reason} (7)` });
  });

  test("is a text template for services that take plain text", async () => {
    const post = await sent({ body: "{event} {target}\n[{reason}] {low}" }, sealedRecord({ more: { low: 0.51 } }));
    expect(post.headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(post.body).toBe("symptom rpa-worker:0\n[63 % of the last 58 tasks] 0.51");
    expect((await sent({ body: "[healer] {event}" })).body).toBe("[healer] symptom");
  });

  test("carries the configured headers, which win over its own", async () => {
    const post = await sent({ headers: { Authorization: "Bearer x", "Content-Type": "application/x-custom" } });
    expect(post.headers).toMatchObject({ authorization: "Bearer x", "content-type": "application/x-custom" });
  });

  test("goes to any port, also one that browsers refuse", async () => {
    const outcome = await notifier({ url: "http://127.0.0.1:6000/" }).send(message(), NEVER);
    expect(outcome).toMatchObject({ ok: false, error: { message: "127.0.0.1:6000: connection refused" } });
  });
});

describe("what a webhook makes of the answer", () => {
  test.each([
    [200, null],
    [204, null],
    [302, false],
    [400, false],
    [404, false],
    [410, false],
    [408, true],
    [429, true],
    [500, true],
    [503, true],
  ])("HTTP %i: worth another try: %s", async (status, retryable) => {
    const { url, server } = await webhookServer(answering(status, status === 204 ? "" : "no such channel"));
    const outcome = await notifier({ url }).send(message(), NEVER);
    expect(outcome).toEqual(
      retryable === null
        ? { ok: true, value: null }
        : { ok: false, error: { message: `127.0.0.1:${server.port}: HTTP ${status} no such channel`, retryable } },
    );
  });

  test("a refused connection is worth another try", async () => {
    expect(await notifier({ url: await deadUrl() }).send(message(), NEVER)).toMatchObject({ ok: false, error: { retryable: true } });
  });

  test("an endless answer is read no further than its first kilobyte, and the connection closed", async () => {
    const { url, server } = await webhookServer((response) => {
      response.statusCode = 500;
      const more = (): void => {
        while (!response.destroyed && response.write("x".repeat(10_000)));
      };
      response.on("drain", more);
      more();
    });
    const outcome = await notifier({ url }).send(message(), NEVER);
    expect(outcome.ok ? 0 : outcome.error.message.length).toBeLessThan(300);
    await expect.poll(() => server.connections()).toBe(0);
  });

  test("a server that hangs is left when the signal aborts", async () => {
    const stop = new AbortController();
    const { url, server } = await webhookServer(() => stop.abort());
    expect(await notifier({ url }).send(message(), stop.signal)).toMatchObject({
      ok: false,
      error: { message: `127.0.0.1:${server.port}: sending was stopped` },
    });
    await expect.poll(() => server.connections()).toBe(0);
  });

  test("never repeats the URL, which is the secret of most chat services", async () => {
    const { url } = await webhookServer(answering(500, "oops"));
    for (const secretUrl of [url, `${await deadUrl()}/hook/s3cret?token=t0ken`]) {
      const outcome = await notifier({ url: secretUrl }).send(message(), NEVER);
      expect(JSON.stringify(outcome)).not.toMatch(/s3cret|t0ken/);
    }
  });
});

describe("the parameters of a webhook", () => {
  test.each<[string, object, RegExp]>([
    ["a URL of another protocol", { url: "ftp://x/" }, /^url: expected an http or https URL$/],
    ["no URL", { url: "hooks.slack.com" }, /^url: expected an http or https URL$/],
    ["an unknown event", { on: "circuit_opened" }, /^on: /],
    ["an empty list", { on: [] }, /^on: /],
    ["a key nobody knows", { urls: [] }, /Unrecognized key/],
    ["a header with a line break", { headers: { "X-A": "a\r\nX-B: b" } }, /^headers.X-A: expected printable ASCII on one line$/],
    ["a header name with a space", { headers: { "X A": "a" } }, /^headers.X A: /],
    ["a placeholder that is no field", { body: "{evnt}" }, /^body: \{evnt\} is no field of a record; there are ts, level, event/],
    ["a JSON body that is none", { body: '{"text": {reason}}' }, /^body: expected JSON, since it begins like it/],
  ])("refuse %s", (_, params, expected) => {
    expect(problems(params)).toEqual([expect.stringMatching(expected)]);
  });

  test("are fine with only a URL, and describe themselves as JSON Schema", () => {
    expect(problems({})).toEqual([]);
    expect(NOTIFIER_KINDS.map(({ type }) => type)).toEqual(["webhook", "email"]);
    expect(z.toJSONSchema(webhook.params, { io: "input" })).toMatchObject({
      properties: { type: { const: "webhook" } },
      required: ["type", "url"],
    });
  });
});
