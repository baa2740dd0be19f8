import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { serveTcp, type TestServer } from "../support/http-server.ts";

// The package as users import it, hence what `npm run build` makes; `npm test` runs that first.

const ENDS = fileURLToPath(new URL("../fixtures/workers/sdk-ends.mjs", import.meta.url));

let server: TestServer | undefined;
let child: ChildProcess | undefined;
afterEach(async () => {
  child?.kill("SIGKILL");
  await server?.close();
});

test("nothing of it keeps a process alive that has nothing left to do: not over PM2's channel", async () => {
  child = fork(ENDS, [], { env: { pm_id: "0", name: "app" }, execArgv: [] });
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("and not over HTTP, to a healer that never answers", async () => {
  server = await serveTcp(() => {});
  child = fork(ENDS, [], { env: { HEALER_URL: server.url }, execArgv: [] });
  expect(await once(child, "exit")).toEqual([0, null]);
});
