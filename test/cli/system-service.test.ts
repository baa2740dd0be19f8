import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runServiceInstall, runServiceStatus, runServiceUninstall, type ServiceHost } from "../../src/cli/system-service.ts";
import { unitText, whyNotInUnit } from "../../src/daemon/systemd/unit-text.ts";
import { daemonStatus, targetStatus } from "../support/fake-control-plane.ts";
import { fakeDaemon } from "../support/fake-daemon.ts";
import { fakeTerminal } from "../support/fake-terminal.ts";
import { temporaryDir } from "../support/temporary-dir.ts";

const FACTS = {
  user: "app",
  node: "/opt/node 20/bin/node",
  main: '/opt/50% "off"/dist/cli/main.js',
  config: "/etc/healer/$HOME.yaml",
  pm2Home: "/home/app/.pm2",
  healerHome: "/home/app/.healer",
};

function machine(changes: Partial<ServiceHost> = {}) {
  const calls: string[] = [];
  const run = async (program: string, args: readonly string[]) => {
    calls.push([program, ...args].join(" "));
    return { code: 0, text: "active" };
  };
  return { calls, host: { unitFile: join(temporaryDir(), "healer.service"), isRoot: true, run, ...changes } };
}

/** A configuration, a PM2 home and a HEALER_HOME of their own. */
function place() {
  const dir = temporaryDir();
  const config = join(dir, "healer.config.yaml");
  writeFileSync(
    config,
    "version: 1\nmode: observe\nstrategies:\n  - name: w\n    match: {app: w}\n    rules: [{rule: memory-above, limit: 1G}]\n",
  );
  mkdirSync(join(dir, "pm2"));
  const env = { PM2_HOME: join(dir, "pm2"), HEALER_HOME: join(dir, "healer"), HOME: dir };
  return { dir, config, terminal: fakeTerminal(env, { cwd: dir }) };
}

describe("the unit", () => {
  test("keeps odd paths in one piece and gives systemd nothing to expand", () => {
    const text = unitText(FACTS);
    expect(text).toContain(
      'ExecStart="/opt/node 20/bin/node" "/opt/50%% \\"off\\"/dist/cli/main.js" "run" "--config" "/etc/healer/$$HOME.yaml" "--log-format" "json"',
    );
  });

  test("cannot be given lines of its own by a path", () => {
    expect(whyNotInUnit({ ...FACTS, config: "/etc/x\nExecStartPre=/bin/evil" })).toContain("config holds a control character");
    expect(whyNotInUnit(FACTS)).toBeNull();
  });

  test("leaves workers alone when it stops, and is not restarted over a wrong configuration", () => {
    const lines = unitText(FACTS).split("\n");
    for (const line of ["KillMode=process", "RestartPreventExitStatus=2", "Type=notify", "NotifyAccess=all", "User=app"]) {
      expect(lines).toContain(line);
    }
  });

  const hasAnalyze = spawnSync("systemd-analyze", ["--version"]).status === 0;
  test.runIf(hasAnalyze)("is one that systemd understands without a remark", () => {
    const dir = temporaryDir();
    const file = join(dir, "healer.service");
    writeFileSync(file, unitText({ ...FACTS, user: "root", node: process.execPath }));
    const verified = spawnSync("systemd-analyze", ["verify", "--man=no", "--recursive-errors=no", file], { encoding: "utf8" });
    const remarks = `${verified.stdout}${verified.stderr}`.split("\n").filter((line) => line.includes("healer.service"));
    expect(remarks).toEqual([]);
  });
});

describe("healer service install", () => {
  test("prints the unit for the owner of PM2's home, with absolute paths", async () => {
    const { terminal, dir, config } = place();
    expect(await runServiceInstall({ print: true }, terminal, machine().host)).toBe(0);
    expect(terminal.printed()).toContain(`User=${userInfo().username}`);
    expect(terminal.printed()).toContain(`"PM2_HOME=${dir}/pm2"`);
    expect(terminal.printed()).toContain(`"${process.execPath}" "/opt/healer/dist/cli/main.js" "run" "--config" "${config}"`);
  });

  test("writes, reloads, enables and starts", async () => {
    const { terminal } = place();
    const { host, calls } = machine();
    expect(await runServiceInstall({}, terminal, host)).toBe(0);
    expect(readFileSync(host.unitFile, "utf8")).toContain("[Service]");
    expect(calls).toEqual(["systemctl daemon-reload", "systemctl enable --now healer.service"]);
  });

  test("needs root, a valid configuration and a PM2 home, and says which is missing", async () => {
    const { terminal, dir, config } = place();
    const { host, calls } = machine({ isRoot: false });
    expect(await runServiceInstall({}, terminal, host)).toBe(2);
    expect(terminal.complained()).toContain("sudo healer service install");
    const elsewhere = fakeTerminal({ PM2_HOME: join(dir, "none") }, { cwd: dir });
    expect(await runServiceInstall({}, elsewhere, host)).toBe(2);
    expect(elsewhere.complained()).toContain(`no PM2 home at ${dir}/none`);
    writeFileSync(config, "mode: haul\n");
    const broken = fakeTerminal({}, { cwd: dir });
    expect(await runServiceInstall({}, broken, host)).toBe(2);
    expect(broken.complained()).toContain("healer.config.yaml:1");
    expect([calls, existsSync(host.unitFile)]).toEqual([[], false]);
  });

  test("exits 5 where systemd does not start it, and says where to look", async () => {
    const { terminal } = place();
    const { host } = machine({ run: async () => ({ code: 1, text: "Job failed" }) });
    expect(await runServiceInstall({}, terminal, host)).toBe(5);
    expect(terminal.complained()).toContain("Job failed. Look with: journalctl -u healer");
  });
});

describe("healer service uninstall", () => {
  test("lists what healer keeps stopped with the commands that start it, then removes the unit", async () => {
    const { plane, terminal } = await fakeDaemon();
    const held = targetStatus({ id: "crasher:0", pm_id: 4, pid: null, phase: "held" });
    const open = targetStatus({
      id: "crasher:1",
      pm_id: 5,
      pid: null,
      phase: "open",
      state: "circuit open (failures), stopped; one trial in 9 m",
    });
    plane.current = daemonStatus({ targets: [held, open, targetStatus({ id: "fine:0", pm_id: 1 })] });
    const { host, calls } = machine();
    writeFileSync(host.unitFile, "");
    const screen = terminal();
    expect(await runServiceUninstall({}, screen, host)).toBe(0);
    expect(screen.printed()).toContain("  crasher:0: pm2 start 4\n  crasher:1: pm2 start 5\n");
    expect(screen.printed()).not.toContain("fine:0");
    expect(calls).toEqual(["systemctl disable --now healer.service", "systemctl daemon-reload"]);
    expect(existsSync(host.unitFile)).toBe(false);
  });

  test("without a service is exit 2", async () => {
    const { terminal } = place();
    expect(await runServiceUninstall({}, terminal, machine().host)).toBe(2);
    expect(terminal.complained()).toContain("no service is installed");
  });
});

test("healer service status is exit 0 when it runs and 3 when not", async () => {
  const { host } = machine();
  const before = fakeTerminal({});
  expect(await runServiceStatus({}, before, host)).toBe(3);
  writeFileSync(host.unitFile, "");
  const after = fakeTerminal({});
  expect(await runServiceStatus({ json: true }, after, host)).toBe(0);
  expect(JSON.parse(after.printed())).toMatchObject({ installed: true, active: true, state: "active" });
});
