import { describe, expect, test } from "vitest";
import { email } from "../../src/notifiers/email.ts";
import type { Notifier } from "../../src/notifiers/notifier.ts";
import { message, sealedRecord } from "../support/log-records.ts";
import { smtpServer } from "../support/smtp-server.ts";

const NEVER = new AbortController().signal;
const BASE = { type: "email", smtp: "smtp://127.0.0.1:9", from: "healer@example.com", to: ["ops@example.com"] };

function notifier(params: object): Notifier {
  return email.create(email.params.parse({ ...BASE, ...params }), 1);
}

function problems(params: object): string[] {
  const parsed = email.params.safeParse({ ...BASE, ...params });
  return parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}

describe("a mail", () => {
  test("says in plain text what happened, why, and what to run next, and is logged in for", async () => {
    const { mails, server } = await smtpServer();
    const smtp = `smtp://me%40here:p%2Fw@127.0.0.1:${server.port}`;
    const sent = await notifier({ smtp, to: ["ops@example.com", "Ada <ada@example.com>"] }).send(
      message(sealedRecord({ event: "circuit_open", reason: "3 heals in a row did not help" })),
      NEVER,
    );
    expect(sent).toEqual({ ok: true, value: null });
    expect(mails).toMatchObject([{ from: "healer@example.com", to: ["ops@example.com", "ada@example.com"], login: "me@here\0p/w" }]);
    const [head = "", ...body] = mails[0]!.data.split("\n\n");
    expect(head).toContain("Subject: [healer] circuit_open rpa-worker:0 (box)");
    expect(head).toContain("Content-Type: text/plain");
    expect(head).toContain("X-Healer-Event-ID: m1");
    expect(body.join("\n\n")).toContain(
      "circuit_open rpa-worker:0: 3 heals in a row did not help\n\nNext: healer explain rpa-worker:0; after",
    );
  });

  test("of the end of a trouble stands under that of its beginning; one that is sent twice carries one id", async () => {
    const { mails, url } = await smtpServer();
    const mail = notifier({ smtp: url });
    for (const event of ["circuit_open", "circuit_closed", "circuit_closed"] as const)
      await mail.send(message(sealedRecord({ event })), NEVER);
    const all = (name: string): unknown[] => mails.map(({ data }) => new RegExp(`^${name}: (.*)$`, "m").exec(data)?.[1]);
    expect(new Set(all("References")).size).toBe(1);
    expect(all("Message-ID")[1]).toBe(all("Message-ID")[2]);
    expect(all("Subject")).toEqual(["open", "closed", "closed"].map((end) => expect.stringMatching(`(over: )?circuit_${end}`) as unknown));
  });

  test("cannot be given headers by what it tells of", async () => {
    const { mails, url } = await smtpServer();
    const target = "w:0\r\nBcc: eve@example.com\r\n\r\nown body";
    await notifier({ smtp: url }).send(message(sealedRecord({ target, reason: "x\r\n.\r\nMAIL FROM:<eve@example.com>" })), NEVER);
    expect(mails).toHaveLength(1);
    expect(mails[0]!.to).toEqual(["ops@example.com"]);
    const [head = ""] = mails[0]!.data.split("\n\n");
    expect(head).not.toMatch(/^Bcc:/im);
  });

  test("that is a digest lists what it holds", async () => {
    const { mails, url } = await smtpServer();
    const records = ["a:0", "b:0"].map((target) => sealedRecord({ target }));
    await notifier({ smtp: url }).send(message(...records), NEVER);
    expect(mails[0]!.data).toMatch(/Subject: \[healer\] 2 messages at once/);
    for (const target of ["a:0", "b:0"]) expect(mails[0]!.data).toContain(`symptom ${target}: 63 %`);
  });
});

describe("a mail that does not arrive", () => {
  test.each([
    [/^RCPT/, "550 no such user", false],
    [/^MAIL/, "451 try later", true],
    [/^AUTH/, "535 wrong password", false],
  ])("for the answer to %s of %s: worth another try: %s", async (command, said, retryable) => {
    const { server } = await smtpServer((line) => (command.test(line) ? said : null));
    const outcome = await notifier({ smtp: `smtp://me:s3cret@127.0.0.1:${server.port}` }).send(message(), NEVER);
    expect(outcome).toMatchObject({ ok: false, error: { retryable, message: expect.stringContaining(said) as unknown } });
    expect(JSON.stringify(outcome)).not.toContain("s3cret");
  });

  test("for nobody listening is worth another try", async () => {
    expect(await notifier({}).send(message(), NEVER)).toMatchObject({ ok: false, error: { retryable: true } });
  });

  test("for a server that says nothing is left when the signal aborts", async () => {
    const stop = new AbortController();
    const { url, server } = await smtpServer((line) => {
      if (!line.startsWith("MAIL")) return null;
      stop.abort();
      return "";
    });
    expect(await notifier({ smtp: url }).send(message(), stop.signal)).toMatchObject({ ok: false, error: { retryable: true } });
    await expect.poll(() => server.connections()).toBe(0);
  });

  test("for a password without TLS goes out nowhere but on loopback", async () => {
    const { mails, server } = await smtpServer();
    const outcome = await notifier({ smtp: `smtp://me:pw@0.0.0.0:${server.port}` }).send(message(), NEVER);
    expect(outcome.ok).toBe(false);
    expect(mails).toEqual([]);
  });
});

describe("the parameters of a mail", () => {
  test.each<[string, object, RegExp]>([
    ["a server of another protocol", { smtp: "https://mail.example" }, /^smtp: expected smtps:/],
    ["a password that is no part of a URL", { smtp: "smtps://me:p%w@mail.example" }, /^smtp: expected smtps:/],
    ["several senders", { from: "a@example.com, b@example.com" }, /^from: expected an address/],
    ["a line break in an address", { to: "a@example.com\r\nBcc: b@example.com" }, /^to: /],
    ["nobody to write to", { to: [] }, /^to: /],
  ])("refuse %s", (_, params, expected) => {
    expect(problems(params)).toEqual([expect.stringMatching(expected)]);
  });
});
