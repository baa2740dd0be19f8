import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { connect, type Server } from "node:net";

type Listen = (server: Server, path: string) => Promise<string | null>;

/**
 * Listens on a socket file, taking over the one that a killed process left behind. Null, or the code of the error;
 * EADDRINUSE = somebody listens there.
 *
 * Deciding that a socket is dead and replacing it are two steps. A guard file lets only one process at a time be between
 * them; without it a slow one would remove the live socket of a quick one.
 */
export async function listenOnPath(server: Server, path: string, listen: Listen): Promise<string | null> {
  const first = await listen(server, path);
  if (first !== "EADDRINUSE" || (await isAlive(path))) return first;
  const guard = `${path}.takeover`;
  if (!takeGuard(guard)) return first; // another process is taking over right now
  try {
    if (await isAlive(path)) return first;
    removeQuietly(path);
    return await listen(server, path);
  } finally {
    removeQuietly(guard);
  }
}

/** Any answer but "refused" and "absent" counts as life: a socket is removed only when it is surely dead. */
function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", (error) => resolve(!("code" in error && (error.code === "ECONNREFUSED" || error.code === "ENOENT"))));
  });
}

function takeGuard(guard: string): boolean {
  if (writeGuard(guard)) return true;
  if (ownerLives(guard)) return false;
  removeQuietly(guard); // its process died in the middle of a takeover
  return writeGuard(guard);
}

function writeGuard(guard: string): boolean {
  try {
    const fd = openSync(guard, "wx", 0o600);
    writeSync(fd, String(process.pid));
    closeSync(fd);
    return true;
  } catch {
    return false;
  }
}

function ownerLives(guard: string): boolean {
  try {
    const pid = Number(readFileSync(guard, "utf8"));
    if (!Number.isSafeInteger(pid) || pid <= 0) return false;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    return; // gone already, or not ours: listening says so in a moment
  }
}
