import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { z } from "zod";

/** What a request gets: JSON, text or nothing. */
export interface Reply {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
}

const BODY_BYTES_MAX = 64 * 1024;

/** Sends what `reply` makes. A broken request is the caller's business: 400, and the server lives on. */
export async function answer(response: ServerResponse, reply: () => Reply | Promise<Reply>): Promise<void> {
  const { status, json, text } = await Promise.resolve()
    .then(reply)
    .catch((): Reply => ({ status: 400, json: { error: "the request broke off" } }));
  if (json !== undefined) response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
  else response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(text ?? "");
}

/** The body, if it is JSON of that shape and no longer than 64 KB; null otherwise. An empty body counts as `{}`. */
export async function readJson<Shape>(request: IncomingMessage, shape: z.ZodType<Shape>): Promise<Shape | null> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += String(chunk);
    if (body.length > BODY_BYTES_MAX) return null;
  }
  const parsed = shape.safeParse(parseOrUndefined(body === "" ? "{}" : body));
  return parsed.success ? parsed.data : null;
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** On loopback; rejects when the port is taken. `close` does not wait for idle connections. */
export async function listen(server: Server, port: number): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
