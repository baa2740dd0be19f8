import { createServer } from "node:net";

const TRIES_MAX = 200;

/** The first port from `preferred` on that starts a run of `count` free ones on loopback; null when there is none near. */
export async function freePorts(preferred: number, count: number, taken: readonly number[] = []): Promise<number | null> {
  for (let first = preferred; first < preferred + TRIES_MAX; first += 1) {
    const run = Array.from({ length: count }, (_, offset) => first + offset);
    if (run.some((port) => taken.includes(port))) continue;
    const free = await Promise.all(run.map(isFree));
    if (free.every(Boolean)) return first;
  }
  return null;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
