import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import type { Transport } from "./reporter.ts";

export interface HealerAddress {
  readonly url: URL;
  readonly token: string;
  /** As healer's ingest knows this worker. */
  readonly worker: string;
}

/** `unknown`: it went out and no answer came, so it may have been counted. */
type Fate = "taken" | "refused" | "unknown";
type Request = (url: URL, options: RequestOptions, onResponse: (response: IncomingMessage) => void) => ClientRequest;

const ANSWER_MS_MAX = 2000;
const TASKS_MAX = 100_000; // what healer takes in one message, and the most that is kept for a healer that is away

/**
 * `POST /api/outcomes` with what has been finished since the last message that was taken, `POST /api/heartbeat` where the
 * beats moved. What healer refused or could not be told is told later; what may have been counted is not told twice.
 */
export function overHttp(address: HealerAddress): Transport {
  const told = { ok: 0, failed: 0, beats: 0 };
  return async ({ ok, failed, beats }) => {
    const finished = atMost(ok - told.ok, failed - told.failed);
    if (finished.ok + finished.failed > 0) {
      if ((await post(address, "/api/outcomes", finished)) === "refused") return false;
      Object.assign(told, { ok, failed });
    }
    if (beats === told.beats) return true;
    if ((await post(address, "/api/heartbeat", {})) === "refused") return false;
    told.beats = beats;
    return true;
  };
}

/** Keeps the rate where there is more than one message holds. */
function atMost(ok: number, failed: number): { readonly ok: number; readonly failed: number } {
  const share = Math.min(1, TASKS_MAX / Math.max(1, ok + failed));
  return { ok: Math.floor(ok * share), failed: Math.floor(failed * share) };
}

async function post(address: HealerAddress, path: string, facts: Readonly<Record<string, number>>): Promise<Fate> {
  try {
    const { request } = (await import(address.url.protocol === "https:" ? "node:https" : "node:http")) as { readonly request: Request };
    const body = JSON.stringify({ worker: address.worker, ...facts });
    return await answerTo((onResponse) => request(new URL(path, address.url), optionsFor(address, body), onResponse), body);
  } catch {
    return "refused"; // a token with a line break in it, for one: nothing went out
  }
}

/** An agent of its own: the shared one may go through a proxy, and healer is on this machine. */
function optionsFor({ token }: HealerAddress, body: string): RequestOptions {
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
  };
  return { method: "POST", headers, agent: false };
}

function answerTo(open: (onResponse: (response: IncomingMessage) => void) => ClientRequest, body: string): Promise<Fate> {
  return new Promise((resolve) => {
    const sent = open((response) => {
      response.on("error", () => {});
      response.resume();
      const { statusCode = 0 } = response;
      settle(statusCode >= 200 && statusCode < 300 ? "taken" : "refused");
    });
    const deadline = setTimeout(() => sent.destroy(), ANSWER_MS_MAX);
    deadline.unref();
    const settle = (fate: Fate): void => {
      clearTimeout(deadline);
      resolve(fate);
    };
    sent.on("socket", (socket) => socket.unref());
    sent.on("error", () => settle(sent.writableFinished ? "unknown" : "refused"));
    sent.on("close", () => settle(sent.writableFinished ? "unknown" : "refused"));
    sent.end(body);
  });
}
