import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { createApi } from "../../src/api/api.ts";
import { servePort } from "../../src/api/serve.ts";
import { FakeControlPlane } from "./fake-control-plane.ts";

export const TOKENS = { admin: "admin-".repeat(6), ingest: "ingest-".repeat(6) };

/** The API as a browser of this machine or any local program can reach it, to be attacked with bytes. */
export interface AttackedPort {
  readonly plane: FakeControlPlane;
  readonly port: number;
  readonly url: string;
  /** What ended in a bug: always empty. */
  readonly bugs: readonly Error[];
  /** Sends the text and reads until the server closes. */
  send(text: string): Promise<string>;
  open(): HeldConnection;
}

/** A client that does as it likes. */
export interface HeldConnection {
  readonly socket: Socket;
  /** What came; the head and the first bytes are enough. */
  readonly answer: () => string;
  readonly isOver: () => boolean;
}

const ANSWER_KEPT = 4_096;

export async function attackedPort(): Promise<AttackedPort> {
  const plane = new FakeControlPlane();
  const bugs: Error[] = [];
  const api = createApi(plane, { access: { via: "port", tokens: TOKENS, host: "127.0.0.1" }, onBug: (error) => bugs.push(error) });
  const served = await servePort(api, { host: "127.0.0.1", port: 0 });
  if (!served.ok) throw new Error(served.error);
  onTestFinished(() => served.value.close());
  const { port } = served.value;
  const open = (): HeldConnection => held(port);
  return { plane, port, url: `http://127.0.0.1:${port}`, bugs, open, send: (text) => sent(open(), text) };
}

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
}

function held(port: number): HeldConnection {
  const socket = connect({ host: "127.0.0.1", port });
  onTestFinished(() => void socket.destroy());
  const seen = { answer: "", over: false };
  socket.setEncoding("utf8").on("data", (chunk: string) => (seen.answer = (seen.answer + chunk).slice(0, ANSWER_KEPT)));
  socket.on("error", () => undefined).on("close", () => (seen.over = true));
  return { socket, answer: () => seen.answer, isOver: () => seen.over };
}

function sent({ socket, answer }: HeldConnection, text: string): Promise<string> {
  return new Promise((resolve) => {
    socket.on("close", () => resolve(answer()));
    socket.write(text, "latin1");
  });
}
