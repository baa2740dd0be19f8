import { chmodSync } from "node:fs";
import type { AddressInfo, Server } from "node:net";
import { failure, success, type Outcome } from "../../core/outcome.ts";
import { listenOnPath } from "../lock/path-socket.ts";

const SOCKET_PATH_BYTES_MAX = 103; // sun_path is 104 bytes on macOS, 108 on Linux, with a byte that ends it
const OWNER_ONLY = 0o600;

/** Listens on a socket file that only its owner may open. A file left by a killed process is taken over, a live one never. */
export async function listenOnSocketFile(server: Server, path: string): Promise<Outcome<null, string>> {
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    return failure(`the path of the control socket is longer than ${SOCKET_PATH_BYTES_MAX} bytes: ${path}`);
  }
  const code = await listenOnPath(server, path, (socketServer, address) => listening(socketServer, { path: address }));
  if (code === "EADDRINUSE") return failure(`somebody listens on ${path} already`);
  if (code !== null) return failure(`cannot listen on ${path}: ${code}`);
  try {
    chmodSync(path, OWNER_ONLY);
    return success(null);
  } catch (error) {
    server.close();
    return failure(`cannot keep ${path} to its owner: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Answers the port, which the kernel chose where `port` is 0. */
export async function listenOnPort(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Outcome<number, string>> {
  const code = await listening(server, { host, port });
  if (code === "EADDRINUSE") return failure(`${host}:${port} is taken`);
  if (code !== null) return failure(`cannot listen on ${host}:${port}: ${code}`);
  return success(portOf(server.address()) ?? port);
}

function portOf(address: AddressInfo | string | null): number | null {
  return typeof address === "object" && address !== null ? address.port : null;
}

/** Null, or the code of the error. Later errors of the server (no descriptor left for a new connection) cost one caller its answer. */
function listening(server: Server, where: { path: string } | { host: string; port: number }): Promise<string | null> {
  return new Promise((resolve) => {
    const failed = (error: Error): void => resolve("code" in error ? String(error.code) : error.message);
    server.once("error", failed);
    server.listen(where, () => {
      server.off("error", failed);
      server.on("error", () => undefined);
      resolve(null);
    });
  });
}
