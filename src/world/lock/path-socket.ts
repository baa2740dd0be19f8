import { closeSync, lstatSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { connect, type Server } from "node:net";
import { pause } from "../clock/pause.ts";

type Listen = (server: Server, path: string) => Promise<string | null>;

/** A file that is bound but not yet listened on looks dead: one that is younger is looked at again. */
const YOUNG_MS = 200;
/** Its holder may give it back between the two looks; more often than this in a row it is somebody else's each time. */
const TRIES_MAX = 5;

/**
 * Listens on a socket file, taking over the one that a killed process left behind. Null, or the code of the error;
 * EADDRINUSE = somebody listens there.
 *
 * Deciding that a socket is dead and replacing it are two steps. A guard file lets only one process at a time be between
 * them; without it a slow one would remove the live socket of a quick one. A path that is free needs no guard, and a
 * guard would not help there: who finds it free does not remove anything.
 */
export async function listenOnPath(server: Server, path: string, listen: Listen): Promise<string | null> {
  for (let tries = 1; ; tries++) {
    const code = await listen(server, path);
    if (code !== "EADDRINUSE") return code;
    const state = await stateOf(path);
    if (state === "dead") return takeOver(server, path, listen);
    if (state === "alive" || tries === TRIES_MAX) return code;
    if (state === "young") await pause(YOUNG_MS);
  }
}

async function takeOver(server: Server, path: string, listen: Listen): Promise<string | null> {
  const guard = `${path}.takeover`;
  if (!takeGuard(guard)) return "EADDRINUSE"; // another process is taking over right now
  try {
    const state = await stateOf(path);
    if (state === "alive" || state === "young") return "EADDRINUSE";
    if (state === "dead") removeQuietly(path);
    return await listen(server, path);
  } finally {
    removeQuietly(guard);
  }
}

/** Any answer but "refused" and "absent" counts as life: a socket is removed only when it is surely dead. */
function stateOf(path: string): Promise<"alive" | "dead" | "absent" | "young"> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.on("connect", () => {
      socket.destroy();
      resolve("alive");
    });
    socket.on("error", (error) => {
      const code = "code" in error ? error.code : null;
      if (code === "ENOENT") resolve("absent");
      else if (code !== "ECONNREFUSED") resolve("alive");
      else resolve(isYoung(path, YOUNG_MS) ? "young" : "dead");
    });
  });
}

/** Also what is gone or cannot be looked at: the next try finds out. */
function isYoung(path: string, limitMs: number): boolean {
  try {
    const ageMs = Date.now() - lstatSync(path).mtimeMs;
    return ageMs >= 0 && ageMs < limitMs; // a file from the future was made before the clock was set back
  } catch {
    return true;
  }
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
    const text = readFileSync(guard, "utf8");
    if (text === "") return isYoung(guard, YOUNG_MS); // made, and its maker has not written its pid yet
    const pid = Number(text);
    if (!Number.isSafeInteger(pid) || pid <= 0) return false;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Anything else (the guard is gone by now, its maker is another user's) means: not ours to remove.
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    return; // gone already, or not ours: listening says so in a moment
  }
}
