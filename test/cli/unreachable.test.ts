import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { candidateHomes } from "../../src/cli/homes.ts";
import { runCli } from "../../src/cli/program.ts";
import { unitText } from "../../src/daemon/systemd/unit-text.ts";
import { fakeTerminal } from "../support/fake-terminal.ts";
import { temporaryDir } from "../support/temporary-dir.ts";

async function cli(args: readonly string[], home: string) {
  const terminal = fakeTerminal({ HEALER_HOME: home });
  return { code: await runCli(args, terminal), err: terminal.complained(), out: terminal.printed() };
}

describe("without a daemon", () => {
  test.each([["status"], ["status", "--json"], ["explain", "x"], ["heal", "x"], ["pause", "x"], ["resume", "--all"], ["reset", "x"]])(
    "healer %s %s exits 3 and says where it looked, and as whom",
    async (...args) => {
      const home = temporaryDir();
      const { code, err } = await cli(args, home);
      expect(code).toBe(3);
      expect(err).toBe(
        `healer is not running, or not to be reached. Tried as alice:\n  ${home}/healer.sock: no such socket\nStart it with: healer run`,
      );
    },
  );

  test("monitoring hears UNKNOWN", async () => {
    expect(await cli(["status", "--nagios"], temporaryDir())).toMatchObject({
      code: 3,
      out: expect.stringMatching(/^HEALER UNKNOWN - /) as unknown,
    });
  });

  test("a socket that nobody listens on any more is told from one that never was", async () => {
    const home = temporaryDir();
    const script = `require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
    expect(() => execFileSync(process.execPath, ["-e", script, join(home, "healer.sock")], { stdio: "ignore" })).toThrow("Command failed");
    expect((await cli(["status"], home)).err).toContain("nobody listens there any more");
  });

  test("something else behind the socket is exit 3 as well, not a crash", async () => {
    const home = temporaryDir();
    const server = createServer((socket) => socket.end("hello\n")).listen(join(home, "healer.sock"));
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const { code, err } = await cli(["status"], home);
    expect(code).toBe(3);
    expect(err).toContain("does not answer");
  });

  // Root may open everything, so only another user can be refused.
  test.runIf(process.getuid?.() === 0)("a socket of another user says whose it is", () => {
    const home = temporaryDir();
    chmodSync(home, 0o755);
    mkdirSync(join(home, "h"), { mode: 0o700 });
    const script = `
      process.setgid(65534); process.setuid(65534);
      const { controlClient } = await import(${JSON.stringify(new URL("../../src/cli/control-client.ts", import.meta.url).href)});
      console.log((await controlClient({ env: { HEALER_HOME: ${JSON.stringify(join(home, "h"))} }, user: "nobody" }).get("/")).error);`;
    const args = ["--import", "tsx", "--input-type=module", "-e", script];
    const said = execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    expect(said).toContain("not allowed; it belongs to root, run this as that user");
  });
});

describe("where a daemon is looked for", () => {
  test("HEALER_HOME alone where it is set", () => {
    expect(candidateHomes({ HEALER_HOME: "/srv/h", SUDO_USER: "root" })).toEqual(["/srv/h"]);
  });

  test("else one's own, that of the account behind sudo, that of the installed service", () => {
    const unit = join(temporaryDir(), "healer.service");
    const facts = { user: "app", node: "/n", main: "/m", config: "/c", pm2Home: "/p", healerHome: "/srv/of the service" };
    writeFileSync(unit, unitText(facts));
    expect(candidateHomes({ SUDO_USER: "daemon" }, unit).slice(1)).toEqual(["/usr/sbin/.healer", "/srv/of the service"]);
  });
});

describe("a command line that is wrong", () => {
  test.each([
    [["statsu"], "Did you mean status?"],
    [["status", "--jsn"], "--json"],
    [["explain"], "missing required argument"],
    [["heal"], "missing required argument"],
    [["pause"], "which target?"],
    [["pause", "x", "--all"], "not both"],
    [["pause", "x", "--for", "soon"], "--for soon: expected a duration"],
    [["pause", "x", "--for", "0"], "at least one second"],
    [["log", "--since", "yesterday"], "--since yesterday: expected"],
    [["log", "--event", "heal_verdit"], "did you mean heal_verdict"],
    [["log", "-n", "many"], "-n many: expected a count"],
    [["run", "--log-format", "xml"], "human, json"],
  ])("%j exits 2 and says what was expected", async (args, words) => {
    const { code, err } = await cli(args, temporaryDir());
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(words) as unknown });
  });

  test.each(["simulate", "tune", "report"])("%s is known, and not available in this version", async (name) => {
    expect(await cli([name, "APP", "--keep", "1"], temporaryDir())).toMatchObject({
      code: 2,
      err: `healer ${name}: not available in this version (0.1.0)`,
    });
  });

  test("help and version are exit 0", async () => {
    expect(await cli(["--version"], temporaryDir())).toMatchObject({ code: 0, out: "0.1.0" });
    expect(await cli(["pause", "--help"], temporaryDir())).toMatchObject({ code: 0, out: expect.stringContaining("--reason") as unknown });
  });
});
