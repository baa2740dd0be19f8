import type { ChildProcess } from "node:child_process";
import { startDeadline, type Deadline } from "../clock/deadline.ts";
import { keepTail, type Tail } from "./output-tail.ts";

/** How a program came to its end; `code` and `signal` are both null where it did not end although it was killed. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  /** What healer killed it for; null = nothing. */
  readonly killedFor: "timeout" | "abort" | null;
  readonly output: string;
}

export interface FollowOptions {
  readonly timeoutMs: number;
  readonly outputBytesMax: number;
  readonly signal: AbortSignal;
  killGroup(pid: number): void;
}

const PIPES_MS = 250; // what was written before the end is read by then, unless somebody else holds the pipe open
const KILLED_MS = 1_000; // what is killed is gone in milliseconds, or hangs in the kernel

/** The longest that a program is followed beyond its timeout. */
export const FOLLOWS_FOR_MS = KILLED_MS + PIPES_MS;

/** Follows a program that was started to its end; `error` where it could not be started after all. */
export function followProgram(
  child: ChildProcess,
  options: FollowOptions,
): Promise<{ readonly ending: Ending } | { readonly error: Error }> {
  return new Promise((resolve) => {
    const following = new Following(child, options, (ending) => resolve({ ending }));
    child.once("error", (error) => {
      if (child.pid !== undefined) return;
      following.close();
      resolve({ error });
    });
  });
}

export function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Runs until the program and its output have ended: "exit" ends the first, "close" both, and patience whatever is left. */
class Following {
  readonly #child: ChildProcess;
  readonly #options: FollowOptions;
  readonly #done: (ending: Ending) => void;
  readonly #tail: Tail;
  readonly #deadline: Deadline;
  readonly #onAbort = (): void => this.#kill("abort");
  #patience: NodeJS.Timeout | undefined;
  #killedFor: Ending["killedFor"] = null;

  constructor(child: ChildProcess, options: FollowOptions, done: (ending: Ending) => void) {
    this.#child = child;
    this.#options = options;
    this.#done = done;
    this.#tail = keepTail([child.stdout, child.stderr], options.outputBytesMax);
    this.#deadline = startDeadline(options.timeoutMs, () => this.#kill("timeout"));
    options.signal.addEventListener("abort", this.#onAbort);
    child.once("exit", () => this.#exited());
    child.once("close", () => this.#settle());
  }

  close(): void {
    clearTimeout(this.#patience);
    this.#deadline.cancel();
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    this.#tail.close();
  }

  /** The pid is its own as long as nobody has been told of its end: a process that is not reaped keeps its number. */
  #kill(reason: "timeout" | "abort"): void {
    if (this.#killedFor !== null || this.#child.pid === undefined || hasEnded(this.#child)) return;
    this.#killedFor = reason;
    this.#options.killGroup(this.#child.pid);
    this.#patience = setTimeout(() => this.#settle(), KILLED_MS);
  }

  /** In the moment of reaping: while anybody of its group lives, the kernel gives the number to nobody else. */
  #exited(): void {
    clearTimeout(this.#patience);
    this.#deadline.cancel();
    if (this.#child.pid !== undefined) this.#options.killGroup(this.#child.pid);
    this.#patience = setTimeout(() => this.#settle(), PIPES_MS);
  }

  #settle(): void {
    if (this.#child.pid === undefined) return; // never started: "error" says why
    this.close();
    const { exitCode: code, signalCode: signal } = this.#child;
    this.#done({ code, signal, killedFor: this.#killedFor, output: this.#tail.text() });
  }
}
