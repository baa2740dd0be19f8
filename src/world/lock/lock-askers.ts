import { createServer, type Server, type Socket } from "node:net";

/** More than anybody has callers of one command at a time; what comes on top is turned away and comes again. */
const ASKERS_MAX = 64;

/** The holder's side of a lock: whoever asks is told one line, and kept until it leaves or the lock is given back. */
export interface Askers {
  readonly server: Server;
  /** First nobody listens any more, then everybody kept is let go: who wakes by that finds the lock free. */
  dismiss(): Promise<void>;
}

/**
 * A kept connection costs the holder a file descriptor and no work. It ends when the holder lets go or dies, the latter by
 * the kernel's hand; that end is what those who wait for the lock wake by.
 */
export function keepAskers(answer: string): Askers {
  const kept = new Set<Socket>();
  const server = createServer((socket) => {
    kept.add(socket);
    socket.unref();
    socket.on("error", () => undefined); // the asker left early
    socket.on("close", () => kept.delete(socket));
    socket.on("data", () => socket.destroy()); // an asker has nothing to say
    socket.write(`${answer}\n`);
  });
  server.maxConnections = ASKERS_MAX;
  server.unref(); // holding a lock is no reason for the process to go on
  return {
    server,
    dismiss: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of kept) socket.destroy();
      }),
  };
}
