import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { runEnsure } from "../../src/cli/ensure.ts";
import { runCli } from "../../src/cli/program.ts";
import { claimInstance, lockName } from "../../src/daemon/single-instance.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { takeKernelLock } from "../../src/world/lock/kernel-lock.ts";
import { daemonStatus, targetStatus } from "../support/fake-control-plane.ts";
import { fakeDaemon } from "../support/fake-daemon.ts";
import { startFakePm2Daemon, type FakePm2Daemon } from "../support/fake-pm2-daemon.ts";
import { fakeTerminal } from "../support/fake-terminal.ts";
import { temporaryDir } from "../support/temporary-dir.ts";

const KEPT = { id: "rpa:0", phase: "held", pid: null, pm_id: 0, state: "held down after a crash loop" } as const;

async function stage() {
  const pm2 = await startFakePm2Daemon();
  onTestFinished(() => pm2.dispose());
  const cwd = temporaryDir();
  const bin = join(cwd, "bin");
  mkdirSync(bin);
  const env = { PM2_HOME: pm2.home, HEALER_HOME: join(cwd, "healer"), PATH: bin };
  return {
    pm2,
    cwd,
    bin,
    cli: async (args: readonly string[], more: Readonly<Record<string, string>> = {}) => {
      const terminal = fakeTerminal({ ...env, ...more }, { cwd });
      const code = await runCli(["ensure", ...args], terminal);
      return { code, out: terminal.printed(), err: terminal.complained() };
    },
  };
}

function stopped(pm2: FakePm2Daemon, name: string, fields: Record<string, unknown> = {}): void {
  const row = pm2.addRow(name, { status: "stopped", ...fields });
  row.pid = 0;
}

/** As `pm2 save` writes it. */
function dumped(name: string, fields: Record<string, unknown> = {}): Record<string, unknown> {
  return { name, namespace: "default", pm_exec_path: `/srv/${name}.js`, pm_pid_path: `/pids/${name}-0.pid`, env: {}, ...fields };
}

function writeDump(pm2: FakePm2Daemon, content: unknown): void {
  writeFileSync(join(pm2.home, "dump.pm2"), typeof content === "string" ? content : JSON.stringify(content));
}

/** What reached PM2, without the looking. */
function commands({ calls }: FakePm2Daemon): readonly string[] {
  return calls.map(({ method }) => method).filter((method) => !method.startsWith("get") && method !== "notifyByProcessId");
}

describe("healer ensure", () => {
  test("says that it runs already, and does nothing", async () => {
    const { pm2, cli } = await stage();
    const { pid } = pm2.addRow("rpa");
    expect(await cli(["rpa"])).toEqual({ code: 0, out: `rpa runs already (pm_id 0, pid ${pid})`, err: "" });
    expect(JSON.parse((await cli(["rpa", "--json"])).out)).toEqual({ app: "rpa", started: [], running: [0], code: 0 });
    expect(commands(pm2)).toEqual([]);
  });

  test("starts what is stopped", async () => {
    const { pm2, cli } = await stage();
    stopped(pm2, "rpa");
    expect(await cli(["rpa", "--json"])).toMatchObject({
      code: 0,
      out: JSON.stringify({ app: "rpa", started: [0], running: [0], code: 0 }),
    });
    expect(commands(pm2)).toEqual(["startProcessId"]);
  });

  test("never starts a PM2 daemon", async () => {
    const { cli, cwd } = await stage();
    const { code, err } = await cli(["rpa"], { PM2_HOME: join(cwd, "nowhere") });
    expect({ code, err }).toMatchObject({ code: 3, err: expect.stringMatching(/^no PM2 daemon at .*PM2_HOME does not exist/) as unknown });
  });

  test("takes PM2_HOME from the configuration that is named", async () => {
    const { pm2, cli, cwd } = await stage();
    pm2.addRow("rpa");
    const strategies = "strategies: [{name: a, match: {app: rpa}, rules: [frozen]}]";
    writeFileSync(join(cwd, "h.yaml"), `version: 1\nmode: observe\npm2_home: ${pm2.home}\n${strategies}\n`);
    expect(await cli(["rpa", "-c", "h.yaml"], { PM2_HOME: "/nowhere" })).toMatchObject({ code: 0, err: "" });
    expect((await cli(["rpa", "-c", "missing.yaml"])).code).toBe(2);
  });

  test("names the candidates of an ambiguous name", async () => {
    const { pm2, cli } = await stage();
    pm2.addRow("rpa");
    pm2.addRow("rpa", { namespace: "blue" });
    expect(await cli(["rpa"])).toEqual({ code: 2, out: "", err: '"rpa" is ambiguous: default/rpa, blue/rpa' });
    expect((await cli(["blue/rpa"])).code).toBe(0);
  });

  test("waits for its turn, and says who has it when that does not come", async () => {
    const { pm2, cli } = await stage();
    stopped(pm2, "rpa");
    const other = await takeKernelLock({ name: lockName("ensure", systemFiles().realPath(pm2.home)), answer: "healer ensure mail, pid 7" });
    const refused = await cli(["rpa", "--wait", "20ms"]);
    expect(refused).toEqual({ code: 4, out: "", err: "waited 0 s for healer ensure mail, pid 7; nothing was started" });
    expect(pm2.calls).toEqual([]);
    const waiting = cli(["rpa"]);
    if (other.ok) await other.value.release();
    expect((await waiting).code).toBe(0);
    expect((await cli(["rpa", "--wait", "soon"])).err).toContain("--wait soon: expected a duration");
  });

  test("ten at once: one start, all content", async () => {
    const { pm2, cli } = await stage();
    stopped(pm2, "rpa");
    const ends = await Promise.all(Array.from({ length: 10 }, () => cli(["rpa"])));
    expect(ends.map(({ code }) => code)).toEqual(Array.from({ length: 10 }, () => 0));
    expect(ends.filter(({ out }) => out.startsWith("started"))).toHaveLength(1);
    expect(commands(pm2)).toEqual(["startProcessId"]);
  });

  test("is not done by a caller that finds the app running outside PM2", async () => {
    const { pm2 } = await stage();
    stopped(pm2, "rpa");
    const terminal = fakeTerminal({ PM2_HOME: pm2.home, HEALER_HOME: "/nowhere" });
    const code = await runEnsure({ app: "rpa", wait: "60s" }, terminal, () => Promise.resolve("rpa runs outside PM2 as pid 7"));
    expect({ code, err: terminal.complained() }).toEqual({ code: 4, err: "rpa runs outside PM2 as pid 7" });
    expect(commands(pm2)).toEqual([]);
  });
});

describe("what healer keeps stopped", () => {
  async function withHealer(target: Parameters<typeof targetStatus>[0]) {
    const staged = await stage();
    const { plane, home } = await fakeDaemon();
    stopped(staged.pm2, "rpa");
    const status = daemonStatus({ targets: [targetStatus(target)] });
    plane.current = { ...status, pm2: { ...status.pm2, home: staged.pm2.home } };
    return { ...staged, plane, home };
  }

  test.each([KEPT, { ...KEPT, phase: "open", state: "circuit open, stopped" }])("is not started: $state", async (target) => {
    const { pm2, cli, home } = await withHealer(target);
    const { code, err } = await cli(["rpa"], { HEALER_HOME: home });
    const words = `healer keeps rpa:0 stopped (${target.state}); after the repair: healer reset rpa (to start it all the same: --force)`;
    expect({ code, err }).toEqual({ code: 4, err: words });
    expect(commands(pm2)).toEqual([]);
    expect((await cli(["rpa", "--force"], { HEALER_HOME: home })).code).toBe(0);
  });

  test("is asked of the healer that watches this PM2_HOME, wherever its own home is", async () => {
    const { pm2, cli, home } = await withHealer(KEPT);
    const claim = await claimInstance({ files: systemFiles(), pm2Home: pm2.home, healerHome: home, pid: process.pid, user: "me" });
    if (claim.ok) onTestFinished(() => claim.value.release());
    expect((await cli(["rpa"])).code).toBe(4);
  });

  test.each([
    ["of another PM2_HOME", KEPT, { home: "/home/other/.pm2" }],
    ["of another app", { ...KEPT, id: "rpa-2:0" }, {}],
    ["that runs again", { ...KEPT, pid: 7 }, {}],
    ["of an open circuit that was left running", { ...KEPT, phase: "open", state: "circuit open" }, {}],
  ])("does not count when it is one %s", async (_, target, pm2Changes) => {
    const { plane, cli, home } = await withHealer(target);
    plane.current = { ...plane.current, pm2: { ...plane.current.pm2, ...pm2Changes } };
    expect((await cli(["rpa"], { HEALER_HOME: home })).code).toBe(0);
  });
});

describe("an app that PM2 does not list", () => {
  test("is taken from PM2's dump, every entry of it", async () => {
    const { pm2, cli } = await stage();
    writeDump(pm2, [dumped("rpa"), dumped("other"), dumped("rpa", { NODE_APP_INSTANCE: 1, status: "stopped" }), { name: "rpa" }, null]);
    const { code, out } = await cli(["rpa"]);
    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^started rpa \(pm_id 0, .*\) from .*dump\.pm2$/) as unknown,
    });
    expect(commands(pm2)).toEqual(["prepare", "prepare", "startProcessId"]);
    expect(pm2.rows.map(({ name, pm2_env: { status } }) => `${name} ${String(status)}`)).toEqual(["rpa online", "rpa online"]);
  });

  test("is ambiguous in the dump as well", async () => {
    const { pm2, cli } = await stage();
    writeDump(pm2, [dumped("rpa"), dumped("rpa", { namespace: "blue" })]);
    expect(await cli(["rpa"])).toMatchObject({
      code: 2,
      err: expect.stringContaining('"rpa" is ambiguous: default/rpa, blue/rpa') as unknown,
    });
    expect((await cli(["blue/rpa"])).code).toBe(0);
    expect(pm2.rows.map(({ pm2_env }) => pm2_env["namespace"])).toEqual(["blue"]);
  });

  test("is a failure when its entry is none that PM2 survives", async () => {
    const { pm2, cli } = await stage();
    writeDump(pm2, [dumped("rpa", { env: null })]);
    expect(await cli(["rpa"])).toMatchObject({ code: 5, err: expect.stringContaining("it has no env") as unknown });
    expect(commands(pm2)).toEqual([]);
  });

  test.each([
    ["no dump", null, /in its dump \(.*dump\.pm2\), and there is no ecosystem file here/],
    ["an empty dump", "", /dump\.pm2 is no list of apps/],
    ["half a dump", '[{"name": "rpa"', /dump\.pm2 is no list of apps/],
    ["a dump that is no list", { rpa: {} }, /dump\.pm2 is no list of apps/],
    ["a dump without it", [dumped("other")], /PM2 knows no app rpa/],
  ])("is a usage error with %s", async (_, dump, words) => {
    const { pm2, cli } = await stage();
    if (dump !== null) writeDump(pm2, dump);
    expect(await cli(["rpa"])).toMatchObject({ code: 2, err: expect.stringMatching(words) as unknown });
    expect(commands(pm2)).toEqual([]);
  });
});

describe("an app of an ecosystem file", () => {
  /** A `pm2` on the PATH that writes down how it was called. */
  function putPm2(bin: string, script: string): void {
    writeFileSync(join(bin, "pm2"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, "pm2"), 0o755);
  }

  test.each([["ecosystem.config.js"], ["ecosystem.config.cjs"], ["ecosystem.config.json"]])(
    "is started by PM2 itself: %s",
    async (name) => {
      const { pm2, cli, cwd, bin } = await stage();
      const diary = join(cwd, "diary");
      putPm2(bin, `echo "$PM2_HOME $*" > ${diary}`);
      writeFileSync(join(cwd, name), 'module.exports = {apps: [{name: "rpa"}]}');
      const { code, err } = await cli(["rpa"]);
      expect(readFileSync(diary, "utf8")).toBe(`${pm2.home} start ${join(cwd, name)} --only rpa\n`);
      expect({ code, err }).toEqual({ code: 5, err: `PM2 was to start rpa from ${join(cwd, name)}, and lists no such app` });
    },
  );

  test("that does not name it is not run; one that is given is, with the name alone", async () => {
    const { cli, cwd, bin } = await stage();
    const diary = join(cwd, "diary");
    putPm2(bin, `echo "$*" > ${diary}`);
    writeFileSync(join(cwd, "ecosystem.config.js"), "module.exports = {apps: [{name: 'rpa-2'}]}");
    expect((await cli(["rpa"])).code).toBe(2);
    await cli(["blue/rpa", "--file", "ecosystem.config.js"]);
    expect(readFileSync(diary, "utf8")).toBe(`start ${join(cwd, "ecosystem.config.js")} --only rpa\n`);
  });

  test("says what PM2 said when that fails, and that there is no PM2 where there is none", async () => {
    const { cli, cwd, bin } = await stage();
    const file = join(cwd, "e.json");
    writeFileSync(file, '{"apps": [{"name": "rpa"}]}');
    expect(await cli(["rpa", "--file", "e.json"])).toMatchObject({
      code: 5,
      err: `pm2 start ${file} --only rpa failed (exit 127): there is no pm2 on the PATH`,
    });
    putPm2(bin, "echo script not found; exit 1");
    expect(await cli(["rpa", "--file", "e.json"])).toMatchObject({
      code: 5,
      err: `pm2 start ${file} --only rpa failed (exit 1): script not found`,
    });
  });
});
