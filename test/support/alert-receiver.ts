import type { ServerResponse } from "node:http";
import { serveHttp, type TestServer } from "./http-server.ts";

export interface ReceivedEvent {
  readonly id: string;
  readonly event: string;
  readonly target: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Somebody's alerting service: takes messages, heeds their ids, and can be sick in several ways. Always on the same port. */
export interface AlertReceiver {
  readonly url: string;
  /** Each event once, in the order of its first coming. */
  events(): readonly ReceivedEvent[];
  /** Requests, repeats included; also those that were not taken. */
  readonly requests: number;
  /** How often somebody sent again what had been taken. */
  readonly repeats: number;
  mood: "well" | "hangs" | "answers 500" | "takes it and hangs up";
  /** Nobody listens. */
  goDown(): Promise<void>;
  comeUp(): Promise<void>;
}

export async function alertReceiver(): Promise<AlertReceiver> {
  const taken = new Map<string, ReceivedEvent>();
  let requests = 0;
  let repeats = 0;
  let mood: AlertReceiver["mood"] = "well";
  const answer = (response: ServerResponse, id: string, text: string): void => {
    requests += 1;
    if (mood === "hangs") return;
    if (mood === "answers 500") {
      response.writeHead(500).end();
      return;
    }
    if (taken.has(id)) repeats += 1;
    else {
      const body = JSON.parse(text) as Record<string, unknown>;
      taken.set(id, { id, event: String(body["event"]), target: String(body["target"]), body });
    }
    if (mood === "well") response.end();
    else response.destroy();
  };
  const open = (port: number): Promise<TestServer> =>
    serveHttp((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => answer(response, String(request.headers["x-healer-event-id"]), text));
    }, port);
  let server: TestServer | null = await open(0);
  const { port, url } = server;
  return {
    url,
    events: () => [...taken.values()],
    get requests() {
      return requests;
    },
    get repeats() {
      return repeats;
    },
    get mood() {
      return mood;
    },
    set mood(now) {
      mood = now;
    },
    async goDown() {
      await server?.close();
      server = null;
    },
    async comeUp() {
      server ??= await open(port);
    },
  };
}
