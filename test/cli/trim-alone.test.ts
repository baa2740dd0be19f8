import { stamp } from "../../src/core/words.ts";
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { runCli } from "../../src/cli/program.ts";
import { claimInstance } from "../../src/daemon/single-instance.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { startFakePm2Daemon } from "../support/fake-pm2-daemon.ts";
import { fakeTerminal } from "../support/fake-terminal.ts";
import { carriers, isAlive, sendSignal } from "../support/process-scan.ts";
import { startPm2, type RealPm2 } from "../support/real-pm2.ts";
import { temporaryDir } from "../support/temporary-dir.ts";
import { until } from "../support/until.ts";

/** `healer trim` where no daemon watches: under the daemon's own lock, on a real PM2. */

const WORKERS = resolve(import.meta.dirname, "../fixtures/workers");

/** A command line in a folder without a configuration, for this PM2 and with a HEALER_HOME of its own. */
function trimming(pm2Home: string) {
  const healerHome = join(temporaryDir(), "healer");
  const cwd = temporaryDir();
  return {
    healerHome,
    async cli(...args: readonly string[]) {
      const terminal = fakeTerminal({ PM2_HOME: pm2Home, HEALER_HOME: healerHome }, { cwd });
      const code = await runCli(["trim", ...args], terminal);
      return { code, out: terminal.printed(), err: terminal.complained() };
    },
    log(): readonly Readonly<Record<string, unknown>>[] {
      const file = join(healerHome, "heal.log");
      if (!existsSync(file)) return [];
      const lines = readFileSync(file, "utf8").trimEnd().split("\n");
      return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    },
  };
}

/** A program of its own in a folder of its own: whoever runs the same file elsewhere is a copy too. */
function ownScript(): { readonly dir: string; readonly script: string } {
  const dir = temporaryDir();
  const script = join(dir, "idle.mjs");
  copyFileSync(join(WORKERS, "idle.mjs"), script);
  return { dir, script };
}

async function realPm2(): Promise<RealPm2> {
  const pm2 = await startPm2();
  onTestFinished(() => pm2.dispose());
  return pm2;
}

async function fakePm2() {
  const pm2 = await startFakePm2Daemon();
  onTestFinished(() => pm2.dispose());
  return pm2;
}

/** From a shell that has ended, as a scheduler leaves it. Answers its pid. */
async function copyFromShell(script: string, dir: string): Promise<number> {
  const mark = `STARTED_BY_SHELL=${dir}`;
  const env = { ...process.env, STARTED_BY_SHELL: dir };
  spawn("sh", ["-c", `exec '${process.execPath}' '${script}' >copy.log 2>&1 &`], { cwd: dir, detached: true, stdio: "ignore", env });
  const nodes = (): ReturnType<typeof carriers> => carriers(mark).filter(({ command }) => !command.startsWith("sh"));
  await until(() => nodes().length === 1 && carriers(mark).length === 1, "the copy alone to run");
  const pid = nodes()[0]?.pid ?? 0;
  onTestFinished(() => void sendSignal(pid, "SIGKILL"));
  return pid;
}

describe("healer trim without a daemon", { timeout: 60_000 }, () => {
  test("prints the same list dry and real, ends the oldest rows, and writes down what brings them back", async () => {
    const { dir, script } = ownScript();
    const pm2 = await realPm2();
    await pm2.start({ name: "rpa", script, cwd: dir, args: ["--token", "hunter2hunter2"] });
    await pm2.scale("rpa", 3);
    const rows = await pm2.list();
    const [first, second, third] = rows.toSorted((one, other) => one.pmId - other.pmId);
    const { cli, log } = trimming(pm2.home);

    const dry = await cli("rpa", "--keep", "1", "--dry-run");
    const list = [
      `${script}: 3 workers where 1 may be`,
      `  keep pm_id ${third?.pmId} (pid ${third?.pid}), since ${stamp(third?.startedWallMs ?? 0)}`,
      ...[first, second].map((row) => `  end  pm_id ${row?.pmId} (pid ${row?.pid}), since ${stamp(row?.startedWallMs ?? 0)}: ${script}`),
    ].join("\n");
    expect(dry).toEqual({ code: 0, out: `${list}\ndry run: nothing was done`, err: "" });
    expect([await pm2.list(), log()]).toMatchObject([{ length: 3 }, []]);

    const real = await cli("rpa", "--keep", "1");
    const restore = `pm2 start ${script} --name rpa -f --cwd ${dir} -- --token '***'`;
    const ended = [first, second].map((row) => `ended: pm_id ${row?.pmId} (pid ${row?.pid}); to bring it back: ${restore}`);
    expect(real).toEqual({ code: 0, out: [list, ...ended].join("\n"), err: "" });
    expect((await pm2.list()).map(({ pmId, pid }) => [pmId, pid])).toEqual([[third?.pmId, third?.pid]]);
    expect([first, second].map((row) => isAlive(row?.pid ?? 0))).toEqual([false, false]);
    expect(log()).toMatchObject(
      [first, second].map((row) => ({
        ...{ event: "trim", level: "warn", target: "rpa", owner: "pm2", by: "alice", pm_id: row?.pmId, pid: row?.pid, restore },
        reason: `pm_id ${row?.pmId} (pid ${row?.pid}) is removed from PM2 by alice, at most 1 may run. To bring it back: ${restore}`,
      })),
    );
    expect(JSON.stringify(log())).not.toContain("hunter2");
    expect(await cli("rpa", "--keep", "1")).toEqual({ code: 0, out: "rpa: nobody is too many; at most 1 may run", err: "" });
  });

  test("ends a copy outside PM2 only where --outside names it, and PM2's own row stays", async () => {
    const { dir, script } = ownScript();
    const pm2 = await realPm2();
    const [row] = await pm2.start({ name: "rpa", script, cwd: dir });
    const pid = await copyFromShell(script, dir);
    const { cli, log } = trimming(pm2.home);
    expect((await cli("rpa", "--keep", "1", "--outside", "orphans")).out).toBe("rpa: nobody is too many; at most 1 may run");
    expect(isAlive(pid)).toBe(true);
    const { code, out } = await cli("rpa", "--keep", "1", "--outside", "all", "--json");
    expect([code, JSON.parse(out)]).toMatchObject([0, { app: "rpa", keep: 1, dry_run: false, heal_id: null }]);
    expect((JSON.parse(out) as { text: string }).text).toContain(`end  outside copy pid ${pid}`);
    expect([isAlive(pid), isAlive(row?.pid ?? 0)]).toEqual([false, true]);
    expect(log()).toMatchObject([{ event: "trim", owner: "outside", pid, restore: expect.stringContaining(script) as string }]);
  });
});

describe("healer trim without a daemon, in front of a fake PM2", () => {
  test("of an app that PM2 does not list is exit 2, with the names it does", async () => {
    const pm2 = await fakePm2();
    pm2.addRow("mailer");
    pm2.addRow("web", { namespace: "blue" });
    expect(await trimming(pm2.home).cli("rpa", "--keep", "1")).toEqual({ code: 2, out: "", err: "PM2 lists no app rpa: mailer, blue/web" });
  });

  test("of a name that stands for two apps is exit 2, with the candidates", async () => {
    const pm2 = await fakePm2();
    pm2.addRow("rpa");
    pm2.addRow("rpa", { namespace: "blue" });
    const { cli } = trimming(pm2.home);
    expect(await cli("rpa", "--keep", "1")).toEqual({ code: 2, out: "", err: '"rpa" is ambiguous: default/rpa, blue/rpa' });
    expect((await cli("blue/rpa", "--keep", "1")).code).toBe(0);
  });

  test("is exit 3 where PM2 does not run, and starts none", async () => {
    const home = join(temporaryDir(), "pm2");
    const { code, out, err } = await trimming(home).cli("rpa", "--keep", "1");
    expect({ code, out }).toEqual({ code: 3, out: "" });
    expect(err).toMatch(/^no PM2 daemon at .*PM2_HOME does not exist/);
    expect(existsSync(home)).toBe(false);
  });

  test("is exit 5 where PM2 will not remove the row, with PM2's words; it stands in the log all the same", async () => {
    const pm2 = await fakePm2();
    pm2.addRow("rpa");
    pm2.addRow("rpa");
    pm2.behaviours.set("deleteProcessId", { kind: "error", message: "no way" });
    const { cli, log } = trimming(pm2.home);
    const { code, err } = await cli("rpa", "--keep", "1");
    expect({ code, err }).toEqual({ code: 5, err: expect.stringMatching(/^pm_id 0 \(pid 4000000\): .*no way/) as string });
    expect(log()).toMatchObject([{ event: "trim", pm_id: 0 }]);
  });

  test("takes turns with another trim that is under way", async () => {
    const pm2 = await fakePm2();
    pm2.addRow("rpa");
    const { cli, healerHome } = trimming(pm2.home);
    const claim = { files: systemFiles(), pm2Home: pm2.home, healerHome, pid: process.pid, user: "bob" };
    const other = await claimInstance({ ...claim, command: "trim" });
    const waiting = cli("rpa", "--keep", "1");
    const first = await Promise.race([waiting, until(() => pm2.calls.length > 0, "PM2 to be asked", 300).catch(() => "waits")]);
    expect(first).toBe("waits");
    if (other.ok) await other.value.release();
    expect((await waiting).code).toBe(0);
  });
});
