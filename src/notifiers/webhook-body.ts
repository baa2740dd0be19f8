import type { Json } from "../core/log-record.ts";
import type { Message } from "./notifier.ts";
import { fieldsOf, linesOf } from "./wording.ts";

const FIXED_FIELDS = "ts level event target strategy reason heal_id app instance pm_id pid host config";
const EVENT_FIELDS =
  "rule value threshold unit n low high after_ms healed guard until flip action ok took_ms error verdict streak " +
  "time_to_detect_ms time_to_recover_ms owner origin suspect by";
const MESSAGE_FIELDS = "id incident_key resolved text";
const FIELDS: readonly string[] = `${FIXED_FIELDS} ${EVENT_FIELDS} ${MESSAGE_FIELDS}`.split(" ");
const PLACEHOLDER = /\{([a-z_]+)\}/g;
const TEXT_LINES_MAX = 20;

export interface Body {
  readonly text: string;
  readonly contentType: string;
}

/** All fields as JSON, and `text`, which chat services show. */
export function plainBody(message: Message): Body {
  return { text: JSON.stringify(withText(message)), contentType: "application/json" };
}

/** A body that begins like JSON (`{"`) is JSON: what replaces `{reason}` and the like is escaped for it. */
export function ownBody(message: Message, template: string): Body {
  const fields = withText(message);
  const json = isJson(template);
  const text = template.replace(PLACEHOLDER, (_, name: string) => (json ? escapeForJson(asText(fields[name])) : asText(fields[name])));
  return { text, contentType: json ? "application/json" : "text/plain; charset=utf-8" };
}

function withText(message: Message): Readonly<Record<string, Json>> {
  return { ...fieldsOf(message), text: linesOf(message, TEXT_LINES_MAX).join("\n") };
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

export function checkTemplate(template: string, context: { addIssue(issue: { code: "custom"; message: string }): void }): void {
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
