import { connect } from "node:net";

const ANSWER_BYTES_MAX = 4_096;
const ANSWER_TIMEOUT_MS = 1_000; // the holder only has to get through one turn of its event loop

/** An open connection to whoever holds a lock. */
export interface Meeting {
  /** What the holder says of itself; null = nothing, or nothing within a second. */
  readonly answer: string | null;
  /** It was over before a word was said: the holder just went, has too many askers, or is only about to listen. */
  readonly turnedAway: boolean;
  /** Resolves when the holder gives the lock back or dies, or this side leaves. */
  readonly over: Promise<void>;
  leave(): void;
}

/** Asks the holder who it is, and stays connected. Never rejects; any local process could be the one that answers. */
export function meetHolder(address: string): Promise<Meeting> {
  return new Promise((resolve) => {
    const socket = connect({ path: address });
    const over = new Promise<void>((ended) => socket.once("close", () => ended()));
    let text = "";
    const settle = (answer: string | null, turnedAway: boolean): void => {
      clearTimeout(timer);
      socket.removeAllListeners("data").resume(); // else its end is not seen
      resolve({ answer, turnedAway, over, leave: () => void socket.destroy() });
    };
    const timer = setTimeout(() => settle(null, false), ANSWER_TIMEOUT_MS);
    socket.setEncoding("utf8");
    socket.on("error", () => undefined); // "close" follows
    socket.on("close", () => settle(null, true));
    socket.on("data", (chunk: string) => {
      text += chunk;
      const end = text.indexOf("\n");
      if (end !== -1) settle(text.slice(0, end), false);
      else if (text.length > ANSWER_BYTES_MAX) settle(null, false);
    });
  });
}
