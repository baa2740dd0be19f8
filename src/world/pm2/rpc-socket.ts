import { connect, type Socket } from "node:net";
import { failure, success } from "../../core/outcome.ts";
import type { Pm2Error, Pm2Outcome } from "./pm2.ts";
import { explainConnectError, whyPathTooLong } from "./socket-path.ts";
import { decodeArgument, encodeFrame, encodeJson, encodeText, FRAME_BYTES_MAX, FrameReader } from "./wire.ts";

const ERROR_TEXT_MAX = 300;

export interface RpcCall {
  readonly method: string;
  /** Always exactly one: a call without arguments crashes PM2's daemon. */
  readonly argument: unknown;
  readonly timeoutMs: number;
  /** Only asks. An overdue answer to a question means a hung daemon; an overdue command may just be slow. */
  readonly isRead: boolean;
}

/** One connection to the daemon. It is never re-established: whoever needs another one opens another one. */
export interface RpcSocket {
  readonly isOpen: boolean;
  /** Since when a question has been waiting for its answer past its deadline (monotonic ms); null = none. */
  readonly stuckSinceMs: number | null;
  /** Never rejects. On loss of the connection every call in flight fails as `lost`; none is repeated. */
  call(call: RpcCall): Promise<Pm2Outcome<unknown>>;
  close(reason: Pm2Error): void;
}

interface Pending {
  readonly isRead: boolean;
  readonly settle: (outcome: Pm2Outcome<unknown>) => void;
  readonly timer: NodeJS.Timeout;
  overdueSinceMs: number | null;
}

export function openRpcSocket(path: string, timeoutMs: number): Promise<Pm2Outcome<RpcSocket>> {
  const tooLong = whyPathTooLong(path);
  if (tooLong !== null) return Promise.resolve(failure({ kind: "absent", message: tooLong }));
  return new Promise((resolve) => {
    const socket = connect(path);
    const giveUp = (error: Pm2Error): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on("error", () => {}); // what comes after giving up concerns nobody
      socket.destroy();
      resolve(failure(error));
    };
    const timer = setTimeout(() => giveUp({ kind: "hung", message: `no connection to ${path} in ${timeoutMs} ms` }), timeoutMs);
    socket.once("error", (error: NodeJS.ErrnoException) => giveUp(explainConnectError(path, error.code)));
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeAllListeners();
      resolve(success(new Connection(socket, path)));
    });
  });
}

class Connection implements RpcSocket {
  readonly #socket: Socket;
  readonly #path: string;
  readonly #pending = new Map<string, Pending>();
  #calls = 0;
  #end: Pm2Error | null = null;

  constructor(socket: Socket, path: string) {
    this.#socket = socket;
    this.#path = path;
    const reader = new FrameReader({ frameBytesMax: FRAME_BYTES_MAX, onFrame: (args) => this.#receive(args) });
    socket.on("data", (chunk: Buffer) => {
      const fault = this.#end === null ? reader.push(chunk) : null;
      if (fault !== null) this.#closeAsNonsense(fault);
    });
    socket.on("error", () => {}); // "close" follows and says all there is to say
    socket.on("close", () => this.close({ kind: "lost", message: `the PM2 daemon at ${path} closed the connection` }));
  }

  get isOpen(): boolean {
    return this.#end === null;
  }

  get stuckSinceMs(): number | null {
    let since: number | null = null;
    for (const { isRead, overdueSinceMs } of this.#pending.values()) {
      if (isRead && overdueSinceMs !== null) since = Math.min(since ?? overdueSinceMs, overdueSinceMs);
    }
    return since;
  }

  call({ method, argument, timeoutMs, isRead }: RpcCall): Promise<Pm2Outcome<unknown>> {
    if (this.#end !== null) return Promise.resolve(failure(this.#end));
    return new Promise((settle) => {
      const id = `healer:${++this.#calls}`;
      const timer = setTimeout(() => this.#expire(id, method, timeoutMs), timeoutMs);
      this.#pending.set(id, { isRead, settle, timer, overdueSinceMs: null });
      this.#socket.write(encodeFrame([encodeJson({ type: "call", method, args: [argument] }), encodeText(id)]));
    });
  }

  close(reason: Pm2Error): void {
    if (this.#end !== null) return;
    this.#end = reason;
    this.#socket.destroy();
    for (const { settle, timer } of this.#pending.values()) {
      clearTimeout(timer);
      settle(failure(reason)); // settling twice (after a deadline) does nothing
    }
    this.#pending.clear();
  }

  /** The entry stays, so that a late answer is recognised as one, and its absence as a hung daemon. */
  #expire(id: string, method: string, timeoutMs: number): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    pending.overdueSinceMs = performance.now();
    pending.settle(failure({ kind: "hung", message: `the PM2 daemon at ${this.#path} did not answer ${method} in ${timeoutMs} ms` }));
  }

  #receive(args: readonly Buffer[]): void {
    const [body, id] = args.map(decodeArgument);
    if (typeof id !== "string" || typeof body !== "object" || body === null) return this.#closeAsNonsense("a reply without body or id");
    const pending = this.#pending.get(id);
    if (pending === undefined) return this.#closeAsNonsense("a reply to a call nobody made");
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    pending.settle(outcomeOf(body));
  }

  #closeAsNonsense(what: string): void {
    this.close({ kind: "nonsense", message: `what answers at ${this.#path} is not PM2: ${what}` });
  }
}

function outcomeOf(body: object): Pm2Outcome<unknown> {
  if ("error" in body) return failure(classify(textOf(body.error)));
  return success("args" in body && Array.isArray(body.args) ? (body.args[0] as unknown) : undefined);
}

/** PM2 tells its errors apart by their words alone; the words are those of 5.4 to 7.0. */
function classify(message: string): Pm2Error {
  if (/\bid unknown\b|not available in/i.test(message)) return { kind: "unknown-id", message };
  if (/already exists|already in progress|being killed/i.test(message)) return { kind: "busy", message };
  return { kind: "failed", message };
}

/** One printable line: the message ends up in the heal log, and any program may listen at that path. */
function textOf(error: unknown): string {
  const text = typeof error === "string" ? error : "an error without words";
  return text
    .replace(/\p{Cc}+/gu, " ")
    .trim()
    .slice(0, ERROR_TEXT_MAX);
}
