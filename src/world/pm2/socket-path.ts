import { statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import type { Pm2Error } from "./pm2.ts";

/**
 * Where PM2 keeps its sockets: what the configuration says, else `PM2_HOME`, else `~/.pm2`, else `/etc/.pm2`, as PM2
 * itself resolves it. The result is absolute. On Windows PM2 ignores it (see `socketPaths`).
 */
export function pm2HomeOf(env: Readonly<Record<string, string | undefined>>, configured: string | null): string {
  if (configured !== null && configured !== "") return resolve(configured);
  const fromEnv = env["PM2_HOME"];
  if (fromEnv !== undefined && fromEnv !== "") return resolve(fromEnv);
  const home = env["HOME"] === undefined || env["HOME"] === "" ? homedir() : env["HOME"];
  return home === "" ? "/etc/.pm2" : resolve(home, ".pm2");
}

export interface SocketPaths {
  readonly rpc: string;
  readonly bus: string;
}

export function socketPaths(pm2Home: string, platform: NodeJS.Platform = process.platform): SocketPaths {
  if (platform === "win32") return { rpc: "\\\\.\\pipe\\rpc.sock", bus: "\\\\.\\pipe\\pub.sock" };
  return { rpc: resolve(pm2Home, "rpc.sock"), bus: resolve(pm2Home, "pub.sock") };
}

/**
 * `sockaddr_un` holds 108 bytes on Linux and 104 elsewhere, one of them the closing zero. Longer paths are cut off in
 * silence; PM2's two sockets then become one, and a client waits for ever.
 */
export function whyPathTooLong(path: string, platform: NodeJS.Platform = process.platform): string | null {
  if (platform === "win32") return null;
  const bytesMax = platform === "linux" ? 107 : 103;
  const bytes = Buffer.byteLength(path);
  if (bytes <= bytesMax) return null;
  return `the socket path ${path} has ${bytes} bytes, the system allows ${bytesMax}: use a shorter PM2_HOME`;
}

/** Words for an error of `connect(2)` on PM2's socket. */
export function explainConnectError(path: string, code: string | undefined): Pm2Error {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return { kind: "absent", message: `no PM2 daemon at ${path}: ${whatIsMissing(path)}; healer runs as ${whoWeAre()}` };
    case "EACCES":
    case "EPERM":
      return { kind: "forbidden", message: `no access to ${path}: it belongs to ${ownerOf(path)}, healer runs as ${whoWeAre()}` };
    case "ECONNREFUSED":
    case "ENOTSOCK":
      return { kind: "refused", message: `nobody answers at ${path}: a PM2 daemon died there and left its socket behind` };
    case "EAGAIN":
      return { kind: "hung", message: `the PM2 daemon at ${path} accepts no more connections` };
    default:
      return { kind: "refused", message: `no connection to ${path}: ${code ?? "unknown error"}` };
  }
}

function whatIsMissing(path: string): string {
  return statOrNull(dirname(path)) === null ? "PM2_HOME does not exist" : "PM2_HOME exists, but no daemon has been started from it";
}

/** Of the socket, or of the nearest folder above that can be looked at. */
function ownerOf(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    const stat = statOrNull(at);
    if (stat !== null) return at === path ? `uid ${stat.uid}` : `uid ${stat.uid} (owner of ${at})`;
    if (at === dirname(at)) return "another user";
  }
}

function statOrNull(path: string): { readonly uid: number } | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

function whoWeAre(): string {
  const uid = process.geteuid?.();
  return uid === undefined ? "this user" : `uid ${uid}`;
}
