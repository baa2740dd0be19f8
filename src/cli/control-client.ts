import { request } from "node:http";
import { join } from "node:path";
import { failure, success, type Outcome } from "../core/outcome.ts";
import { candidateHomes, ownerOf } from "./homes.ts";
import type { CliIo } from "./io.ts";

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** HTTP over the daemon's control socket. A daemon that is not there is a text that says where was looked, and as whom. */
export interface ControlClient {
  get(path: string): Promise<Outcome<Answer, string>>;
  post(path: string, body: Readonly<Record<string, unknown>>): Promise<Outcome<Answer, string>>;
}

type Call = { readonly method: "GET" | "POST"; readonly path: string; readonly body: string | null };

interface Missed {
  readonly socket: string;
  readonly code: string;
}

const ANSWER_TIMEOUT_MS = 15_000; // the daemon gives up on itself after 10 s and says so
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const NOBODY = ["ENOENT", "ECONNREFUSED", "EACCES", "EPERM", "ENOTDIR", "ENOTSOCK"];

export function controlClient(io: Pick<CliIo, "env"> & { readonly user: string }): ControlClient {
  const sockets = candidateHomes(io.env).map((home) => join(home, "healer.sock"));
  const call = async (what: Call): Promise<Outcome<Answer, string>> => {
    const missed: Missed[] = [];
    for (const socket of sockets) {
      const answer = await askSocket(socket, what);
      if (answer.ok) return answer;
      if (!NOBODY.includes(answer.error)) return failure(`the healer at ${socket} does not answer: ${answer.error}`);
      missed.push({ socket, code: answer.error });
    }
    return failure(notRunning(missed, io.user));
  };
  return {
    get: (path) => call({ method: "GET", path, body: null }),
    post: (path, body) => call({ method: "POST", path, body: JSON.stringify(body) }),
  };
}

/** The error is the code of the failed connection, or a sentence. */
function askSocket(socketPath: string, { method, path, body }: Call): Promise<Outcome<Answer, string>> {
  return new Promise((resolve) => {
    const headers = { Host: "healer", ...(body === null ? {} : { "Content-Type": "application/json" }) };
    const asking = request({ socketPath, method, path, headers, agent: false, timeout: ANSWER_TIMEOUT_MS }, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES_MAX) asking.destroy(new Error("its answer is too large"));
        else chunks.push(chunk);
      });
      answer.on("error", (error) => resolve(failure(error.message)));
      answer.on("end", () => resolve(parsed(answer.statusCode ?? 0, Buffer.concat(chunks).toString())));
    });
    asking.on("timeout", () => asking.destroy(new Error(`no answer within ${ANSWER_TIMEOUT_MS / 1000} s`)));
    asking.on("error", (error) => resolve(failure("code" in error && typeof error.code === "string" ? error.code : error.message)));
    asking.end(body ?? undefined);
  });
}

function parsed(status: number, text: string): Outcome<Answer, string> {
  try {
    return success({ status, body: JSON.parse(text) as unknown });
  } catch {
    return failure("its answer is not JSON");
  }
}

function notRunning(missed: readonly Missed[], user: string): string {
  const lines = missed.map(({ socket, code }) => `  ${socket}: ${inWords(socket, code)}`);
  return [`healer is not running, or not to be reached. Tried as ${user}:`, ...lines, "Start it with: healer run"].join("\n");
}

function inWords(socket: string, code: string): string {
  if (code === "ENOENT" || code === "ENOTDIR") return "no such socket";
  if (code === "ECONNREFUSED" || code === "ENOTSOCK") return "nobody listens there any more";
  return `not allowed; it belongs to ${ownerOf(socket)}, run this as that user`;
}
