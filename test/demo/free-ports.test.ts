import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { freePorts } from "../../src/demo/free-ports.ts";

async function takenPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test("a taken port is passed over, and a run of ports starts behind it", async () => {
  const port = await takenPort();
  expect(await freePorts(port, 1)).toBeGreaterThan(port);
  expect(await freePorts(port - 1, 3)).toBeGreaterThan(port);
});

test("ports promised to something else count as taken", async () => {
  const free = (await freePorts((await takenPort()) + 1, 1)) ?? 0;
  expect(await freePorts(free, 1, [free])).toBeGreaterThan(free);
});
