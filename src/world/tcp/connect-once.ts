import { connect, type Socket } from "node:net";
import { failure, success, type Outcome } from "../../core/outcome.ts";
import { spokenDuration } from "../../core/quantities.ts";
import { startDeadline } from "../clock/deadline.ts";
import { failureOf, type HttpFailure } from "../http/http-failure.ts";

export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const LINGER_MS = 1_000;

/**
 * Connects, and parts politely: it says that it will send nothing, takes what the other side still says and waits a moment
 * for it to close too. Closing with a greeting unread would reset the connection, and a careless server dies of that.
 */
export function connectOnce({ host, port, timeoutMs, signal }: ConnectOptions): Promise<Outcome<null, HttpFailure>> {
  if (signal.aborted) return Promise.resolve(failure(STOPPED));
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (outcome: Outcome<null, HttpFailure>): void => {
      deadline.cancel();
      signal.removeEventListener("abort", stop);
      if (outcome.ok) part(socket);
      else socket.destroy();
      resolve(outcome);
    };
    const stop = (): void => settle(failure(STOPPED));
    const late = (): void => settle(failure({ kind: "timeout", message: `no connection in ${spokenDuration(timeoutMs)}` }));
    const deadline = startDeadline(timeoutMs, late);
    signal.addEventListener("abort", stop);
    socket.on("error", (error) => settle(failure(failureOf(error)))); // stays: a reset after parting is nobody's business
    socket.once("connect", () => settle(isItself(socket) ? failure(NOBODY) : success(null)));
  });
}

const STOPPED: HttpFailure = { kind: "stopped", message: "the reading was stopped" };
const NOBODY: HttpFailure = { kind: "refused", message: "connection refused" };

/** A connection to a free port of this host may get that very port for its own end, and meets itself. */
function isItself(socket: Socket): boolean {
  return socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress;
}

function part(socket: Socket): void {
  socket.resume();
  socket.end();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(timer));
  timer.unref();
  socket.unref(); // healer ends without waiting for it
}
