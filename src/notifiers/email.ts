import { createHash } from "node:crypto";
import { z } from "zod";
import { failure, success } from "../core/outcome.ts";
import { loadMailer, sendMail } from "../world/smtp/send-mail.ts";
import { CHANNEL_KEYS } from "./channel-keys.ts";
import type { Message, Notifier, NotifierKind } from "./notifier.ts";
import { isResolved, linesOf, newest, titleOf } from "./wording.ts";

const TIMEOUT_MS = 10_000;
const TO_MAX = 20;
const LINES_MAX = 200;
const SUBJECT_CHARACTERS_MAX = 200;

/** One address, without a comment, a list or a line break in it. */
const address = z
  .string()
  .max(320)
  .regex(/^([^<>\p{Cc},;:@]*<[^\s<>@,;:]+@[^\s<>@,;:]+>|[^\s<>@,;:]+@[^\s<>@,;:]+)$/u, "expected an address such as ops@example.com");
const params = z.strictObject({
  type: z.literal("email"),
  smtp: z
    .string()
    .max(2_000)
    .refine(
      isServer,
      "expected smtps://user:password@host:465 or smtp://host:587; what is special in a password is written as %40 and the like",
    ),
  from: address,
  to: z.union([address, z.array(address).min(1).max(TO_MAX)]).transform((value) => [value].flat()),
  ...CHANNEL_KEYS,
});

type EmailParams = z.output<typeof params>;

/** One mail a message, in plain text. A mail client shows the end of a trouble under its beginning. */
export const email: NotifierKind = {
  type: "email",
  summary: "one mail a message, in plain text, over SMTP",
  params,
  address: (checked) => `${(checked as EmailParams).smtp} ${(checked as EmailParams).to.join(" ")}`,
  create: (checked, number) => createEmail(checked as EmailParams, number),
};

function createEmail(checked: EmailParams, number: number): Notifier {
  const { smtp, from, to, name } = checked;
  const { host } = new URL(smtp);
  return {
    name: name ?? `email:${number}`,
    keys: checked,
    singly: false,
    prepare: loadMailer,
    async send(message, signal) {
      const sent = await sendMail({ server: smtp, from, to, ...letterOf(message), timeoutMs: TIMEOUT_MS, signal });
      if (sent.ok) return success(null);
      return failure({ message: `${host}: ${sent.error.message}`, retryable: !sent.error.permanent });
    },
  };
}

function letterOf(message: Message) {
  const { record, incidentKey } = newest(message.notices);
  const state = isResolved(message) ? "over: " : "";
  return {
    subject: `[healer] ${state}${titleOf(message)}`.replaceAll(/\p{Cc}/gu, " ").slice(0, SUBJECT_CHARACTERS_MAX),
    text: `${linesOf(message, LINES_MAX).join("\n\n")}\n\n-- \nhealer on ${record.host}, ${record.ts}, event ${message.id}\n`,
    messageId: `${idWord(message.id)}@healer`,
    references: `${idWord(incidentKey)}@healer`,
    headers: { "X-Healer-Event-Id": message.id, "Auto-Submitted": "auto-generated" },
  };
}

function idWord(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 24);
}

function isServer(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  return /^smtps?:$/.test(protocol) && hostname !== "" && [username, password].every(canDecode);
}

function canDecode(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
