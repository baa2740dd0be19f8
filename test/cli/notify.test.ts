import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli } from "../../src/cli/program.ts";
import { failure, success } from "../../src/core/outcome.ts";
import { small } from "../config/loaded.ts";
import { fakeDaemon } from "../support/fake-daemon.ts";
import { fakeTerminal } from "../support/fake-terminal.ts";
import { temporaryDir } from "../support/temporary-dir.ts";
import { answering, webhookServer } from "../support/webhook-server.ts";

describe("healer notify test, with a daemon", () => {
  test("asks for all channels or one in the name of who runs it, and says how long each took", async () => {
    const { cli, plane } = await fakeDaemon();
    expect(await cli(["notify", "test"])).toEqual({ code: 0, out: "webhook:1: delivered in 12 ms", err: "" });
    await cli(["notify", "test", "ops"]);
    expect(plane.tried).toEqual([
      { channel: null, by: "alice" },
      { channel: "ops", by: "alice" },
    ]);
  });

  test("exits 5 when one of them did not deliver, and says why", async () => {
    const { cli, plane } = await fakeDaemon();
    plane.trials = success([
      { channel: "ops", took_ms: 12, error: null },
      { channel: "webhook:2", took_ms: 10_000, error: "hooks.example: no answer in 10 s" },
    ]);
    expect(await cli(["notify", "test"])).toEqual({
      code: 5,
      out: "ops: delivered in 12 ms\nwebhook:2: not delivered (after 10000 ms): hooks.example: no answer in 10 s",
      err: "1 channel did not deliver",
    });
    expect(JSON.parse((await cli(["notify", "test", "--json"])).out)).toMatchObject({
      channels: [{ channel: "ops" }, { channel: "webhook:2" }],
    });
  });

  test("exits 2 for a channel that is not there", async () => {
    const { cli, plane } = await fakeDaemon();
    plane.trials = failure('no channel "pager"; there are webhook:1');
    expect(await cli(["notify", "test", "pager"])).toEqual({ code: 2, out: "", err: 'no channel "pager"; there are webhook:1' });
  });
});

describe("healer notify test, with no daemon", () => {
  async function alone(notify: string, args: readonly string[] = []) {
    const dir = temporaryDir();
    const config = join(dir, "healer.config.yaml");
    writeFileSync(config, small("", notify));
    const terminal = fakeTerminal({ HEALER_HOME: dir, HEALER_CONFIG: config }, { cwd: dir });
    return { code: await runCli(["notify", "test", ...args], terminal), out: terminal.printed(), err: terminal.complained() };
  }

  test("sends what the configuration file says, and says so", async () => {
    const [fine, broken] = [await webhookServer(), await webhookServer(answering(404, "no such channel"))];
    const tried = await alone(`notify:\n  - {type: webhook, url: "${fine.url}", name: ops}\n  - {type: webhook, url: "${broken.url}"}\n`);
    expect(tried.code).toBe(5);
    expect(tried.out).toMatch(/^ops: delivered in \d+ ms\nwebhook:2: not delivered \(after \d+ ms\): 127.*HTTP 404 no such channel$/);
    expect(tried.err).toBe("No healer answers; trying the channels of the configuration file.\n1 channel did not deliver");
    expect(JSON.parse(fine.posts[0]!.body)).toMatchObject({
      event: "alert",
      level: "info",
      reason: "a test by alice: nothing is wrong, messages of healer arrive here",
    });
  });

  test.each([
    ["", "no channel is configured: there is no notify:"],
    ['notify: [{type: webhook, url: "http://127.0.0.1:9/"}]\n', 'no channel "pager"; there are webhook:1'],
  ])("exits 2 with `%s` in the file", async (notify, said) => {
    expect(await alone(notify, ["pager"])).toMatchObject({ code: 2, err: expect.stringContaining(said) as unknown });
  });
});
