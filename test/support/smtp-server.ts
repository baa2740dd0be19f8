import type { Socket } from "node:net";
import { onTestFinished } from "vitest";
import { serveTcp } from "./http-server.ts";

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** User and password, NUL-separated, or null. */
  readonly login: string | null;
  /** Header and body as they came, without the closing dot. */
  readonly data: string;
}

type Answer = (command: string) => string | null;

/** As much of SMTP as a mail needs. `answer` may say something else to a command, for example "550 no such user"; "" says nothing at all. */
export async function smtpServer(answer: Answer = () => null) {
  const mails: ReceivedMail[] = [];
  const server = await serveTcp((socket) => talk(socket, mails, answer));
  onTestFinished(() => server.close());
  return { mails, server, url: `smtp://127.0.0.1:${server.port}` };
}

function talk(socket: Socket, mails: ReceivedMail[], answer: Answer): void {
  let [pending, from, login]: [string, string, string | null] = ["", "", null];
  let to: string[] = [];
  let data: string[] | null = null;
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  const hear = (line: string): void => {
    if (data !== null) {
      if (line !== ".") return void data.push(line);
      mails.push({ from, to, login, data: data.join("\n") });
      data = null;
      return say("250 taken");
    }
    const own = answer(line);
    if (own !== null) return own === "" ? undefined : say(own);
    const [, word = "", rest = ""] = /^(\w+) ?(.*)$/.exec(line) ?? [];
    if (word === "EHLO") return say("250-here\r\n250 AUTH PLAIN");
    if (word === "STARTTLS") return say("502 not here");
    if (word === "AUTH") login = Buffer.from(rest.replace("PLAIN ", ""), "base64").toString().slice(1);
    if (word === "AUTH") return say("235 welcome");
    if (word === "MAIL") [from, to] = [/<(.*?)>/.exec(rest)?.[1] ?? "", []];
    if (word === "RCPT") to = [...to, /<(.*?)>/.exec(rest)?.[1] ?? ""];
    if (word === "DATA") data = [];
    say(word === "DATA" ? "354 go on" : word === "QUIT" ? "221 bye" : "250 fine");
  };
  socket.on("data", (chunk: Buffer) => {
    const lines = (pending + chunk.toString()).split("\r\n");
    pending = lines.pop() ?? "";
    lines.forEach(hear);
  });
  say("220 here");
}
