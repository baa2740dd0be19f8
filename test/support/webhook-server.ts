import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { serveHttp, type TestServer } from "./http-server.ts";

export interface ReceivedPost {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real server that keeps what it was sent and answers as told; closed when the test ends. */
export async function webhookServer(
  answer: (response: ServerResponse, post: ReceivedPost, number: number) => void = (response) => void response.end("ok"),
) {
  const posts: ReceivedPost[] = [];
  const server: TestServer = await serveHttp((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const post = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      posts.push(post);
      answer(response, post, posts.length);
    });
  });
  onTestFinished(() => server.close());
  return { posts, server, url: `${server.url}/hook/s3cret?token=t0ken` };
}

export function answering(status: number, body = ""): (response: ServerResponse) => void {
  return (response) => {
    response.statusCode = status;
    response.end(body);
  };
}
