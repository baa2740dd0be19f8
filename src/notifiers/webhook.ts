import { z } from "zod";
import type { Json } from "../core/log-record.ts";
import { failure, success } from "../core/outcome.ts";
import { flatten, type SealedRecord } from "../core/sealed-record.ts";
import { postBounded } from "../world/http/post-bounded.ts";
import { selection, selects, type Notifier, type NotifierKind } from "./notifier.ts";

const FIXED_FIELDS = [
  "ts",
  "level",
  "event",
  "target",
  "strategy",
  "reason",
  "heal_id",
  "app",
  "instance",
  "pm_id",
  "pid",
  "host",
  "config",
];
const EVENT_FIELDS = (
  "rule value threshold unit n low high after_ms healed guard until flip action ok took_ms error verdict streak " +
  "time_to_detect_ms time_to_recover_ms owner origin suspect by"
).split(" ");
const FIELDS: readonly string[] = [...FIXED_FIELDS, ...EVENT_FIELDS];
const PLACEHOLDER = /\{([a-z_]+)\}/g;

const HEADERS_MAX = 20;
const BODY_CHARACTERS_MAX = 8_000;
const TIMEOUT_MS = 10_000; // chat services answer within a second; a hung one must not hold the next message for long
const ANSWER_BYTES_MAX = 1_000;
const ANSWER_SHOWN_CHARACTERS = 200;

const header = z
  .string()
  .max(2_000)
  .regex(/^[\t\x20-\x7e]*$/, "expected printable ASCII on one line");
const params = z.strictObject({
  type: z.literal("webhook"),
  url: z.url({ protocol: /^https?$/, error: "expected an http or https URL" }),
  on: selection,
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9-]{1,100}$/, "expected a header name"), header)
    .refine((headers) => Object.keys(headers).length <= HEADERS_MAX, `expected at most ${HEADERS_MAX} headers`)
    .optional(),
  body: z.string().min(1).max(BODY_CHARACTERS_MAX).superRefine(checkTemplate).optional(),
});

type WebhookParams = z.output<typeof params>;

/**
 * One POST a record. Without `body` it carries the heal log's fields as JSON, and `text`, which chat services show. A
 * `body` that begins like JSON (`{"`) is JSON: what replaces `{reason}` and the like is escaped for it. Never puts the
 * URL into a message: for most chat services it is the secret.
 */
export const webhook: NotifierKind = {
  type: "webhook",
  summary: "one HTTP POST a record, with a body of your own for Slack, Discord, Teams, ntfy and the like",
  params,
  create: (checked, number) => createWebhook(checked as WebhookParams, number),
};

function createWebhook({ url, on, headers, body }: WebhookParams, number: number): Notifier {
  const { host } = new URL(url);
  return {
    name: `webhook:${number}`,
    wants: (record) => selects(on, record),
    async send(record, signal) {
      const message = wordMessage(record, body ?? null);
      const sent = await postBounded(url, {
        body: message.text,
        headers: { "content-type": message.contentType, ...lowerCaseNames(headers ?? {}) },
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

/** 408, 425 and 429 ask for another try; other 4xx, and redirects, stay as they are until somebody edits the configuration. */
function mayPass(status: number): boolean {
  return status >= 500 || [408, 425, 429].includes(status);
}

function wordMessage(record: SealedRecord, template: string | null): { readonly text: string; readonly contentType: string } {
  const fields = flatten(record);
  if (template === null) {
    const text = `${record.event} ${record.target}: ${record.reason}`;
    return { text: JSON.stringify({ ...fields, text }), contentType: "application/json" };
  }
  const json = isJson(template);
  const text = template.replace(PLACEHOLDER, (_, name: string) => (json ? escapeForJson(asText(fields[name])) : asText(fields[name])));
  return { text, contentType: json ? "application/json" : "text/plain; charset=utf-8" };
}

/** `{event} …` and `[healer] …` are text. */
function isJson(template: string): boolean {
  return /^\s*(\{\s*"|\[\s*[[{"])/.test(template);
}

function asText(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function escapeForJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** So that a header somebody configured replaces ours instead of standing beside it. */
function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function checkTemplate(template: string, context: { addIssue(issue: { code: "custom"; message: string }): void }): void {
  for (const [placeholder, name] of template.matchAll(PLACEHOLDER)) {
    if (!FIELDS.includes(name ?? ""))
      context.addIssue({ code: "custom", message: `${placeholder} is no field of a record; there are ${FIELDS.join(", ")}` });
  }
  if (!isJson(template)) return;
  try {
    JSON.parse(template.replace(PLACEHOLDER, ""));
  } catch {
    context.addIssue({
      code: "custom",
      message: 'expected JSON, since it begins like it; placeholders stand inside quotes: {"text": "{reason}"}',
    });
  }
}
