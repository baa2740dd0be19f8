import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failure, success, type Outcome } from "../../core/outcome.ts";
import { listenOnPath } from "./path-socket.ts";

/** A lock that its holder cannot leave behind: the kernel takes it back when the process ends, however it ends. */
export interface KernelLock {
  release(): Promise<void>;
}

/** `held`: another process has it, `answer` is what it says of itself (null = it does not answer). */
export type LockFailure = { readonly kind: "held"; readonly answer: string | null } | { readonly kind: "failed"; readonly message: string };

export interface LockOptions {
  /** Letters, digits and dashes. */
  readonly name: string;
  /** One line the holder gives to whoever asks. */
  readonly answer: string;
  /** Left out: `abstract` on Linux, `path` elsewhere. */
  readonly kind?: "abstract" | "path";
}

const ANSWER_BYTES_MAX = 4_096;
const ANSWER_TIMEOUT_MS = 1_000; // the holder only has to get through one turn of its event loop
const ASKERS_MAX = 16;

/**
 * Takes the lock or says who has it.
 *
 * On Linux the lock is a listening socket with an abstract name: no file, so nothing stale and nothing to clean up.
 * Abstract names belong to a network namespace: two containers with a namespace each and one PM2_HOME between them do
 * not see each other's lock. They have no owner either: any local user can take the name, and so keep healer from
 * starting, but not make it act. Nothing else is fallen back on: a second lock with other gaps would make it unclear
 * which of them holds. Elsewhere the lock is a socket file in the temporary folder; see `path-socket.ts`.
 */
export async function takeKernelLock(options: LockOptions): Promise<Outcome<KernelLock, LockFailure>> {
  const kind = options.kind ?? (process.platform === "linux" ? "abstract" : "path");
  const address = kind === "abstract" ? `\0${options.name}` : join(tmpdir(), `${options.name}.sock`);
  const server = createServer((socket) => answerAndClose(socket, options.answer));
  server.maxConnections = ASKERS_MAX;
  server.unref(); // holding a lock is no reason for the process to go on
  const listening = kind === "abstract" ? await listenOn(server, address) : await listenOnPath(server, address, listenOn);
  if (listening === null) return success({ release: () => closed(server) });
  if (listening !== "EADDRINUSE") return failure({ kind: "failed", message: `cannot take the lock ${options.name}: ${listening}` });
  return failure({ kind: "held", answer: await ask(address) });
}

/** Null, or the code of the error. */
function listenOn(server: Server, address: string): Promise<string | null> {
  return new Promise((resolve) => {
    const failed = (error: Error): void => resolve("code" in error ? String(error.code) : error.message);
    server.once("error", failed);
    server.listen({ path: address }, () => {
      server.off("error", failed);
      server.on("error", () => undefined); // an accept that fails (no file descriptor left) costs one asker its answer
      resolve(null);
    });
  });
}

function answerAndClose(socket: Socket, answer: string): void {
  socket.on("error", () => undefined); // the asker left early
  socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy());
  socket.end(`${answer}\n`);
}

function ask(address: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ path: address });
    let text = "";
    const settle = (answer: string | null): void => {
      socket.destroy();
      clearTimeout(timer);
      resolve(answer);
    };
    const timer = setTimeout(() => settle(null), ANSWER_TIMEOUT_MS);
    socket.setEncoding("utf8");
    socket.on("error", () => settle(null));
    socket.on("close", () => settle(null));
    socket.on("data", (chunk: string) => {
      text += chunk;
      const end = text.indexOf("\n");
      if (end !== -1) settle(text.slice(0, end));
      else if (text.length > ANSWER_BYTES_MAX) settle(null);
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
