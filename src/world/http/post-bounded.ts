import { request as requestPlain, type ClientRequest, type IncomingMessage } from "node:http";
import { request as requestSecure } from "node:https";
import { urlToHttpOptions } from "node:url";
import { failure, success, type Outcome } from "../../core/outcome.ts";
import { failureOf, type HttpFailure } from "./http-failure.ts";

export interface PostOptions {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** For the whole exchange. */
  readonly timeoutMs: number;
  /** More of the answer is not read. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/**
 * One POST that cannot hurt: a deadline for everything, a cap on the answer, no redirect followed (a body with secrets
 * goes where the operator sent it), a connection of its own. Every status is an answer. Built on node:http for the
 * reasons in `get-bounded.ts`.
 */
export function postBounded(
  url: string,
  options: PostOptions,
): Promise<Outcome<{ readonly status: number; readonly body: string }, HttpFailure>> {
  if (options.signal.aborted) return Promise.resolve(failure(STOPPED));
  const opened = open(url, options);
  if (!opened.ok) return Promise.resolve(opened);
  const request = opened.value;
  return new Promise((resolve) => {
    const settle = (outcome: Outcome<{ readonly status: number; readonly body: string }, HttpFailure>): void => {
      clearTimeout(timer);
      options.signal.removeEventListener("abort", stop);
      request.destroy();
      resolve(outcome);
    };
    const stop = (): void => settle(failure(STOPPED));
    const timer = setTimeout(
      () => settle(failure({ kind: "timeout", message: `no answer in ${options.timeoutMs / 1000} s` })),
      options.timeoutMs,
    );
    options.signal.addEventListener("abort", stop);
    request.on("error", (error) => settle(failure(failureOf(error))));
    request.on("response", (response) =>
      receive(response, options.maxBytes, (body) => settle(success({ status: response.statusCode ?? 0, body }))),
    );
    request.end(options.body);
  });
}

const STOPPED: HttpFailure = { kind: "stopped", message: "sending was stopped" };
const NOT_SENDABLE: HttpFailure = { kind: "unreachable", message: "not an http or https URL, or a header that cannot be sent" };

/** Node throws at once where a URL or a header cannot be sent at all. */
function open(url: string, { headers, body }: PostOptions): Outcome<ClientRequest, HttpFailure> {
  try {
    const parsed = new URL(url);
    if (parsed.protocol !== "http:" && parsed.protocol !== "https:") return failure(NOT_SENDABLE);
    const request = parsed.protocol === "https:" ? requestSecure : requestPlain;
    const fixed = { "user-agent": "healer", "content-length": String(Buffer.byteLength(body)) };
    return success(request({ ...urlToHttpOptions(parsed), method: "POST", agent: false, headers: { ...fixed, ...headers } }));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return failure(NOT_SENDABLE);
  }
}

/** What the server says matters little; a body that breaks off is as good as a whole one. */
function receive(response: IncomingMessage, maxBytes: number, done: (body: string) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const finish = (): void => done(Buffer.concat(chunks).subarray(0, maxBytes).toString("utf8"));
  response.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= maxBytes) finish();
  });
  response.on("end", finish);
  response.on("error", finish);
}
