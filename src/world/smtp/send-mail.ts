import { failure, success, type Outcome } from "../../core/outcome.ts";

export interface Mail {
  /** smtp://host, smtps://user:password@host:465 */
  readonly server: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** Without angle brackets; the same mail sent twice carries the same. */
  readonly messageId: string;
  /** The mail that this one belongs under in the reader's list. */
  readonly references: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface MailFailure {
  /** "Invalid login: 535 …": what the server said, never the password. */
  readonly message: string;
  /** The server will say the same again. */
  readonly permanent: boolean;
}

const SAID_CHARACTERS_MAX = 200;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** The package that speaks SMTP, some 7 MB and 100 ms: who configures no mail has neither. */
export async function loadMailer(): Promise<void> {
  await import("nodemailer");
}

/** One mail over a connection of its own. A password goes over TLS only, save on loopback. */
export async function sendMail(mail: Mail): Promise<Outcome<null, MailFailure>> {
  const { createTransport } = await import("nodemailer");
  const { from, to, subject, text, messageId, references, headers, signal } = mail;
  const transport = createTransport({ ...connectionOf(mail.server, mail.timeoutMs), disableFileAccess: true, disableUrlAccess: true });
  const ids = { messageId: `<${messageId}>`, inReplyTo: `<${references}>`, references: [`<${references}>`] };
  try {
    await transport.sendMail({ from, to: [...to], subject, text, headers: { ...headers }, signal, ...ids });
    return success(null);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const permanent = "permanent" in error && error.permanent === true;
    return failure({ message: error.message.replaceAll(/\s+/g, " ").slice(0, SAID_CHARACTERS_MAX), permanent });
  } finally {
    transport.close();
  }
}

function connectionOf(server: string, timeoutMs: number) {
  const { protocol, hostname, port, username, password } = new URL(server);
  const secure = protocol === "smtps:";
  const auth = username === "" ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } };
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: !secure && username !== "" && !LOOPBACK.test(hostname),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    ...auth,
  };
}
