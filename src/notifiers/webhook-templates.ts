import type { Json } from "../core/log-record.ts";
import type { Message } from "./notifier.ts";
import { fieldsOf, isResolved, levelOf, linesOf, newest, titleOf } from "./wording.ts";

/** What a service wants: the body, and headers where it reads them. */
export interface Templated {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Template = (message: Message, keys: { readonly routingKey: string }) => Templated;

const LINES_MAX = 10;
const SLACK_SECTION_MAX = 3_000; // docs.slack.dev, section block
const SLACK_TEXT_MAX = 4_000;
const DISCORD_CONTENT_MAX = 2_000;
const TEAMS_TEXT_MAX = 8_000; // a card of 28 KB is refused
const NTFY_BYTES_MAX = 4_000; // of 4,096; a longer one becomes an attachment
const NTFY_TITLE_MAX = 200;
const PAGERDUTY_SUMMARY_MAX = 1_024;
const PAGERDUTY_KEY_MAX = 255;

export const TEMPLATES: Readonly<Record<"slack" | "discord" | "teams" | "ntfy" | "pagerduty", Template>> = {
  slack(message) {
    const section = {
      type: "section",
      text: { type: "mrkdwn", text: escapedCut(`*${headlineOf(message)}*\n${textOf(message)}`, SLACK_SECTION_MAX) },
    };
    return json({ text: escapedCut(headlineOf(message), SLACK_TEXT_MAX), blocks: [section] });
  },
  discord: (message) =>
    json({ content: cut(`**${headlineOf(message)}**\n${textOf(message)}`, DISCORD_CONTENT_MAX), allowed_mentions: { parse: [] } }),
  teams: (message) => json({ type: "message", attachments: [{ contentType: ADAPTIVE_CARD, contentUrl: null, content: cardOf(message) }] }),
  ntfy(message) {
    const [priority = "3", tag = ""] = isResolved(message) ? ["3", "white_check_mark"] : NTFY_LEVELS[levelOf(message)];
    const headers = { title: encodedWords(cut(headlineOf(message), NTFY_TITLE_MAX)), priority, tags: tag };
    return { text: cutBytes(textOf(message), NTFY_BYTES_MAX), headers: { "content-type": "text/plain; charset=utf-8", ...headers } };
  },
  pagerduty(message, { routingKey }) {
    const { record, incidentKey } = newest(message.notices);
    const about = { routing_key: routingKey, dedup_key: incidentKey.slice(0, PAGERDUTY_KEY_MAX) };
    if (isResolved(message)) return json({ ...about, event_action: "resolve" });
    const summary = cut(`${record.event} ${record.target}: ${record.reason}`, PAGERDUTY_SUMMARY_MAX);
    const severity = { error: "critical", warn: "warning", info: "info" }[record.level];
    const payload = {
      summary,
      source: record.host,
      severity,
      timestamp: record.ts,
      component: record.target,
      custom_details: fieldsOf(message),
    };
    return json({ ...about, event_action: "trigger", client: "healer", payload });
  },
};

const ADAPTIVE_CARD = "application/vnd.microsoft.card.adaptive";
const NTFY_LEVELS = {
  error: ["5", "rotating_light"],
  warn: ["4", "warning"],
  info: ["3", "information_source"],
} as const;

function headlineOf(message: Message): string {
  return `${isResolved(message) ? "Over: " : ""}${titleOf(message)}`;
}

function textOf(message: Message): string {
  return linesOf(message, LINES_MAX).join("\n");
}

function cardOf(message: Message): Json {
  const colour = isResolved(message) ? "Good" : { error: "Attention", warn: "Warning", info: "Default" }[levelOf(message)];
  const text = cut(linesOf(message, LINES_MAX).join("\n\n"), TEAMS_TEXT_MAX); // a single line feed is none in a card
  return {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    body: [
      { type: "TextBlock", text: headlineOf(message), weight: "Bolder", size: "Medium", wrap: true, color: colour },
      { type: "TextBlock", text, wrap: true },
    ],
  };
}

function json(body: Json): Templated {
  return { text: JSON.stringify(body), headers: { "content-type": "application/json" } };
}

/** Never half of a character. */
function cut(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

function cutBytes(text: string, bytesMax: number): string {
  let kept = text;
  while (Buffer.byteLength(kept) > bytesMax) kept = cut(kept, Math.floor(kept.length * 0.9));
  return kept;
}

/** Slack's own three characters: `<!channel>` in a reason calls nobody. */
function escapedCut(text: string, charactersMax: number): string {
  const escape = (raw: string): string => raw.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  let kept = text;
  while (escape(kept).length > charactersMax) kept = cut(kept, Math.floor(kept.length * 0.9));
  return escape(kept);
}

const WORD_CHARACTERS = 14; // of at most 3 bytes each in UTF-8 (a pair of UTF-16 takes 4): 56 in base64, within the 75 of RFC 2047

/** A header is ASCII; what is not is written in RFC 2047's encoded words. */
function encodedWords(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const characters = Array.from(text);
  const words: string[] = [];
  for (let at = 0; at < characters.length; at += WORD_CHARACTERS)
    words.push(`=?UTF-8?B?${Buffer.from(characters.slice(at, at + WORD_CHARACTERS).join("")).toString("base64")}?=`);
  return words.join(" ");
}
