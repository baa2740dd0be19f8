import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";

export interface TestServer {
  readonly port: number;
  readonly url: string;
  /** Connections open now. */
  connections(): number;
  close(): Promise<void>;
}

/** A real HTTP server on a free port of 127.0.0.1, or on the one named. */
export function serveHttp(listener: RequestListener, port = 0): Promise<TestServer> {
  return listen(createServer(listener), port);
}

/** A server below HTTP: takes connections and does with them what it is told. */
export function serveTcp(onConnection: (socket: Socket) => void): Promise<TestServer> {
  return listen(createTcpServer(onConnection), 0);
}

/** A URL at which nobody listens: the port was free a moment ago. */
export async function deadUrl(): Promise<string> {
  const server = await serveTcp(() => {});
  await server.close();
  return server.url;
}

async function listen(server: Server | ReturnType<typeof createTcpServer>, port: number): Promise<TestServer> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const taken = (server.address() as AddressInfo).port;
  return {
    port: taken,
    url: `http://127.0.0.1:${taken}`,
    connections: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
