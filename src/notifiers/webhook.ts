import { z } from "zod";
import { failure, success } from "../core/outcome.ts";
import { postBounded } from "../world/http/post-bounded.ts";
import { CHANNEL_KEYS } from "./channel-keys.ts";
import type { Message, Notifier, NotifierKind } from "./notifier.ts";
import { checkTemplate, ownBody, plainBody } from "./webhook-body.ts";
import { TEMPLATES, type Templated } from "./webhook-templates.ts";

const HEADERS_MAX = 20;
const BODY_CHARACTERS_MAX = 8_000;
const TIMEOUT_MS = 10_000; // chat services answer within a second; a hung one must not hold the next message for long
const ANSWER_BYTES_MAX = 1_000;
const ANSWER_SHOWN_CHARACTERS = 200;

const header = z
  .string()
  .max(2_000)
  .regex(/^[\t\x20-\x7e]*$/, "expected printable ASCII on one line");
const params = z
  .strictObject({
    type: z.literal("webhook"),
    url: z.url({ protocol: /^https?$/, error: "expected an http or https URL" }),
    ...CHANNEL_KEYS,
    template: z.enum(["slack", "discord", "teams", "ntfy", "pagerduty"]).optional().describe("the body, and the headers, of this service"),
    routing_key: z.string().min(1).max(100).optional().describe("for template: pagerduty"),
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9-]{1,100}$/, "expected a header name"), header)
      .refine((headers) => Object.keys(headers).length <= HEADERS_MAX, `expected at most ${HEADERS_MAX} headers`)
      .optional(),
    body: z.string().min(1).max(BODY_CHARACTERS_MAX).superRefine(checkTemplate).optional(),
  })
  .refine(({ body, template }) => body === undefined || template === undefined, {
    path: ["template"],
    message: "expected either template or body, not both",
  })
  .refine(({ template, routing_key: key }) => (template === "pagerduty") === (key !== undefined), {
    path: ["routing_key"],
    message: "expected with template: pagerduty, and only with it",
  });

type WebhookParams = z.output<typeof params>;

/**
 * One POST a message. Without `body` it carries the heal log's fields as JSON, and `text`, which chat services show. Never
 * puts the URL into a message: for most chat services it is the secret.
 */
export const webhook: NotifierKind = {
  type: "webhook",
  summary: "one HTTP POST a message, for Slack, Discord, Teams, ntfy, PagerDuty, or with a body of your own",
  params,
  address: (checked) => (checked as WebhookParams).url,
  create: (checked, number) => createWebhook(checked as WebhookParams, number),
};

function createWebhook(checked: WebhookParams, number: number): Notifier {
  const { url, name, template, headers } = checked;
  const { host } = new URL(url);
  return {
    name: name ?? `webhook:${number}`,
    keys: checked,
    singly: template === "pagerduty", // a resolve is of one incident
    async send(message, signal) {
      const worded = wordFor(checked, message);
      const sent = await postBounded(url, {
        body: worded.text,
        headers: { ...worded.headers, ...idHeaders(message), ...lowerCaseNames(headers ?? {}) },
        timeoutMs: TIMEOUT_MS,
        maxBytes: ANSWER_BYTES_MAX,
        signal,
      });
      if (!sent.ok) return failure({ message: `${host}: ${sent.error.message}`, retryable: true });
      const { status, body: answer } = sent.value;
      if (status >= 200 && status < 300) return success(null);
      return failure({ message: `${host}: HTTP ${status} ${answer.slice(0, ANSWER_SHOWN_CHARACTERS)}`.trim(), retryable: mayPass(status) });
    },
  };
}

function wordFor({ template, body, routing_key: routingKey = "" }: WebhookParams, message: Message): Templated {
  if (template !== undefined) return TEMPLATES[template](message, { routingKey });
  const { text, contentType } = body === undefined ? plainBody(message) : ownBody(message, body);
  return { text, headers: { "content-type": contentType } };
}

/** By which a receiver tells a message that it has got already. */
function idHeaders({ id }: Message): Record<string, string> {
  return { "x-healer-event-id": id, "idempotency-key": id };
}

/** 408, 425 and 429 ask for another try; other 4xx, and redirects, stay as they are until somebody edits the configuration. */
function mayPass(status: number): boolean {
  return status >= 500 || [408, 425, 429].includes(status);
}

/** So that a header somebody configured replaces ours instead of standing beside it. */
function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
