import { request as requestPlain, type ClientRequest, type IncomingMessage } from "node:http";
import { request as requestSecure } from "node:https";
import { urlToHttpOptions } from "node:url";
import { failure, success, type Outcome } from "../../core/outcome.ts";
import { formatBytes, spokenDuration } from "../../core/quantities.ts";
import { startDeadline } from "../clock/deadline.ts";
import { failureOf, type HttpFailure } from "./http-failure.ts";

export interface GetOptions {
  /** For the whole answer, body included. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Which status codes are an answer; left out: 200–299. */
  readonly accept?: (status: number) => boolean;
  /** A body longer than `maxBytes`: `fail` (left out) or `cut`, for who only wants to know that there is one. */
  readonly overflow?: "fail" | "cut";
}

export interface HttpAnswer {
  readonly status: number;
  /** As the server says it; empty when it says nothing. */
  readonly contentType: string;
  /** Names in lower case; of one that came several times, its values with a comma between them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * One GET that cannot hurt: the deadline covers the whole answer, the cap holds while the body streams in (nothing past
 * it is kept), redirects are answers and not followed, and every connection is closed afterwards. Credentials in the
 * URL are sent as basic authentication and never stand in a message.
 *
 * Built on node:http and not on `fetch`, which refuses some sixty "bad ports" (a worker listening on 6000 would never
 * pass its probe), refuses URLs with credentials, and unpacks compressed bodies before anyone can count them. No
 * keep-alive: a kept connection would always reach the same worker of a cluster, and one that the server closes at the
 * wrong moment looks like a failure.
 */
export function getBounded(url: string, options: GetOptions): Promise<Outcome<HttpAnswer, HttpFailure>> {
  if (options.signal?.aborted === true) return Promise.resolve(failure(STOPPED));
  const opened = open(url, options.headers ?? {});
  if (!opened.ok) return Promise.resolve(opened);
  const request = opened.value;
  return new Promise((resolve) => {
    const settle = (outcome: Outcome<HttpAnswer, HttpFailure>): void => {
      clock.cancel();
      options.signal?.removeEventListener("abort", stop);
      request.destroy();
      resolve(outcome);
    };
    const stop = (): void => settle(failure(STOPPED));
    const clock = startDeadline(options.timeoutMs, () => settle(failure(unanswered(options.timeoutMs))));
    options.signal?.addEventListener("abort", stop);
    request.on("error", (error) => settle(failure(failureOf(error))));
    request.on("response", (response) => receive(response, options, settle));
    request.end();
  });
}

const STOPPED: HttpFailure = { kind: "stopped", message: "the reading was stopped" };
const NOT_A_URL: HttpFailure = { kind: "unreachable", message: "not an http or https URL" };

function unanswered(timeoutMs: number): HttpFailure {
  return { kind: "timeout", message: `no answer in ${spokenDuration(timeoutMs)}` };
}

/** Node throws at once where a URL or a header cannot be sent at all. */
function open(url: string, headers: Readonly<Record<string, string>>): Outcome<ClientRequest, HttpFailure> {
  try {
    const parsed = new URL(url);
    if (parsed.protocol !== "http:" && parsed.protocol !== "https:") return failure(NOT_A_URL);
    const request = parsed.protocol === "https:" ? requestSecure : requestPlain;
    const usual = { accept: "application/json, */*;q=0.5", "accept-encoding": "identity", "user-agent": "healer" };
    // `agent: false` gives the request a connection of its own, closed with the answer.
    return success(request({ ...urlToHttpOptions(parsed), agent: false, headers: { ...usual, ...headers } }));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return failure("code" in error && error.code !== "ERR_INVALID_URL" ? failureOf(error) : NOT_A_URL);
  }
}

function receive(response: IncomingMessage, options: GetOptions, settle: (outcome: Outcome<HttpAnswer, HttpFailure>) => void): void {
  const status = response.statusCode ?? 0;
  const accepted = options.accept ?? ((code: number): boolean => code >= 200 && code < 300);
  if (!accepted(status)) return settle(failure({ kind: "status", message: `HTTP ${status}` }));
  const chunks: Buffer[] = [];
  let bytes = 0;
  const answer = (): void => {
    const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(", ")]));
    settle(success({ status, contentType: headers["content-type"] ?? "", headers, body: Buffer.concat(chunks).toString("utf8") }));
  };
  response.on("data", (chunk: Buffer) => {
    chunks.push(chunk.subarray(0, Math.max(0, options.maxBytes - bytes)));
    bytes += chunk.length;
    if (bytes <= options.maxBytes) return;
    if (options.overflow === "cut") answer();
    else settle(failure({ kind: "too-large", message: `more than ${formatBytes(options.maxBytes).replace(/(\d)([A-Z])/, "$1 $2")}` }));
  });
  response.on("end", answer);
  response.on("error", (error) => settle(failure(failureOf(error))));
}
