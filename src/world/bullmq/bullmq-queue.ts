import { failure, success, type Outcome } from "../../core/outcome.ts";
import { spokenDuration } from "../../core/quantities.ts";
import { startDeadline } from "../clock/deadline.ts";
import { failureOf } from "../http/http-failure.ts";
import { printableText } from "../processes/printable-text.ts";
import { createConnection, type Connection, type ConnectionOptions } from "./connection.ts";
import { createFinishedEvents } from "./finished-events.ts";
import { NotReadable, readFigures, type BullmqFigures } from "./queue-figures.ts";

/** A queue of BullMQ as a watcher sees it. Nothing in it is ever written. */
export interface BullmqQueue {
  /** Settles within `timeoutMs`, sooner when `signal` aborts. One at a time. */
  look(signal: AbortSignal): Promise<Outcome<BullmqFigures, BullmqFailure>>;
  /** Ends the connection and what is under way on it. */
  close(): void;
}

export interface BullmqFailure {
  /** Never holds the address, nor a password. */
  readonly message: string;
  /** Whether it may be over by itself in a moment. */
  readonly mayPass: boolean;
}

const WORDS_MAX = 200;
const STOPPED: BullmqFailure = { message: "the reading was stopped", mayPass: true };
/** Of what Redis answers in words, what it says while it starts, moves house or is busy. */
const PASSING = /^(LOADING|BUSY|TRYAGAIN|MASTERDOWN|CLUSTERDOWN|READONLY|UNBLOCKED)\b/;

/**
 * Connects with the first look, and keeps that connection until a look fails: a connection of which something went wrong is
 * dropped, and the next look makes another. So there is one try for each look, and never a second connection.
 */
export function openBullmqQueue(options: ConnectionOptions): BullmqQueue {
  return new Watch(options);
}

class Watch implements BullmqQueue {
  readonly #options: ConnectionOptions;
  readonly #events = createFinishedEvents();
  #connection: Connection | null = null;
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  async look(signal: AbortSignal): Promise<Outcome<BullmqFigures, BullmqFailure>> {
    const { timeoutMs } = this.#options;
    let isLate = false;
    const drop = (): void => this.#drop();
    const deadline = startDeadline(timeoutMs, () => {
      isLate = true;
      drop();
    });
    signal.addEventListener("abort", drop);
    const found = await this.#tryToLook(() => this.#isClosed || isLate || signal.aborted);
    deadline.cancel();
    signal.removeEventListener("abort", drop);
    if (found.ok) return found;
    drop();
    if (this.#isClosed || signal.aborted) return failure(STOPPED);
    return isLate ? failure({ message: `no answer in ${spokenDuration(timeoutMs)}`, mayPass: true }) : found;
  }

  close(): void {
    this.#isClosed = true;
    this.#drop();
  }

  async #tryToLook(isOver: () => boolean): Promise<Outcome<BullmqFigures, BullmqFailure>> {
    try {
      if (this.#connection?.isOver() === true) this.#drop();
      const connection = this.#connection ?? (await createConnection(this.#options));
      if (isOver()) return failure(STOPPED);
      this.#connection = connection;
      return success(await readFigures(await connection.open(), this.#events));
    } catch (error) {
      return failure(wordsFor(error));
    }
  }

  #drop(): void {
    this.#connection?.drop();
    this.#connection = null;
  }
}

function wordsFor(error: unknown): BullmqFailure {
  if (error instanceof NotReadable) return { message: error.message, mayPass: error.mayPass };
  if (!(error instanceof Error)) return { message: "the reading failed", mayPass: true };
  const message = printableText(error.message, WORDS_MAX);
  if (error.name === "ReplyError") return { message: `Redis says: ${message}`, mayPass: PASSING.test(message) };
  const code = "code" in error ? error.code : undefined;
  if (code === "ERR_MODULE_NOT_FOUND")
    return { message: "the packages bullmq and ioredis are not installed beside healer", mayPass: false };
  if (typeof code === "string") return { message: failureOf(error).message, mayPass: true };
  return { message, mayPass: true };
}
