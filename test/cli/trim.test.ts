import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { SealedRecord } from "../../src/core/sealed-record.ts";
import { claimInstance } from "../../src/daemon/single-instance.ts";
import type { CommandReply } from "../../src/daemon/status.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { daemonStatus, explanation, targetStatus, type FakeControlPlane } from "../support/fake-control-plane.ts";
import { fakeDaemon } from "../support/fake-daemon.ts";
import { sealedRecord } from "../support/log-records.ts";
import { temporaryDir } from "../support/temporary-dir.ts";

/** `healer trim` through the daemon that watches this PM2; without one: trim-alone.test.ts. */

const HEAL = "20261122-031245-7";
const LIST = "/srv/app.js: 2 workers where 1 may be\n  keep pm_id 1 (pid 101), up 1 h\n  end  pm_id 0 (pid 100), up 2 h: /srv/app.js";
const NOBODY = "rpa: nobody is too many; at most 1 may run";

/** A daemon with the app `rpa`, which answers one order after another, the last answer again and again. */
async function daemonSaying(...replies: readonly CommandReply[]) {
  const daemon = await fakeDaemon();
  const { plane } = daemon;
  const home = temporaryDir();
  plane.current = { ...daemonStatus({ targets: [targetStatus({ id: "rpa", kind: "group" })] }), pm2: { ...daemonStatus().pm2, home } };
  plane.explanations.set("rpa", explanation({ target: "rpa", kind: "group" }));
  const left = [...replies];
  const answerOf = plane.command.bind(plane);
  plane.command = (by, command) => {
    plane.reply = left.shift() ?? plane.reply;
    return answerOf(by, command);
  };
  const cwd = temporaryDir();
  return { plane, pm2Home: home, home: daemon.home, cli: (...args: readonly string[]) => daemon.cli(["trim", ...args], { cwd }) };
}

function write(plane: FakeControlPlane, record: Partial<SealedRecord>): void {
  plane.write(sealedRecord({ ts: new Date().toISOString(), heal_id: HEAL, target: "rpa", ...record }));
}

describe("healer trim", () => {
  test("prints who stays and who goes, then what was done, and exits 0", async () => {
    const { cli, plane } = await daemonSaying({ code: 0, text: LIST, healId: HEAL });
    write(plane, { event: "heal_intent" });
    write(plane, { event: "trim", reason: "pm_id 0 (pid 100) is removed from PM2" });
    write(plane, { event: "heal_verdict", reason: "recovered: 1 ended", more: { verdict: "recovered" } });
    const out = `${LIST}\ntrim: pm_id 0 (pid 100) is removed from PM2\nheal_verdict: recovered: 1 ended`;
    expect(await cli("rpa", "--keep", "1")).toEqual({ code: 0, out, err: "" });
    expect(plane.asked).toEqual([
      { by: "alice", command: { name: "trim", target: "rpa", keep: 1, outside: null, dryRun: false, force: [] } },
    ]);
  });

  test("with --dry-run prints the same list, says that nothing was done, and waits for nothing", async () => {
    const { cli, plane } = await daemonSaying({ code: 0, text: LIST, healId: null });
    const dry = await cli("rpa", "--keep", "1", "--dry-run", "--outside", "orphans", "--force", "observe", "--force", "pause");
    expect(dry).toEqual({ code: 0, out: `${LIST}\ndry run: nothing was done`, err: "" });
    expect(plane.asked[0]?.command).toMatchObject({ outside: "orphans", dryRun: true, force: ["observe", "pause"] });
  });

  test.each([[[]], [["--dry-run"]]])("%j of an app with nobody too many says so and exits 0", async (more) => {
    const { cli } = await daemonSaying({ code: 0, text: NOBODY, healId: null });
    expect(await cli("rpa", "--keep", "1", ...more)).toEqual({ code: 0, out: NOBODY, err: "" });
  });

  test("with --json prints one object, list and all, and nothing beside it", async () => {
    const { cli, plane } = await daemonSaying({ code: 0, text: LIST, healId: HEAL });
    write(plane, { event: "trim", reason: "pm_id 0 is removed" });
    const { code, out } = await cli("rpa", "--keep", "1", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ app: "rpa", keep: 1, dry_run: false, heal_id: HEAL, text: LIST });
  });

  test("cannot be steered by what stands in a command line", async () => {
    const { cli } = await daemonSaying({ code: 0, text: `${LIST} \x1b[2J\u202e`, healId: null });
    const { out } = await cli("rpa", "--keep", "1", "--dry-run");
    expect(out.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
  });

  test.each([
    [4, "not done: paused by bob until resumed (guard: pause; to override: --force pause)"],
    [2, 'no target "rpb"; targets: rpa'],
  ] as const)("exits %i with the daemon's words where it is refused", async (code, text) => {
    const { cli } = await daemonSaying({ code, text, healId: null });
    expect(await cli("rpb", "--keep", "1")).toEqual({ code, out: "", err: text });
  });

  test.each([
    ["somebody would not end", { event: "heal_action", more: { ok: false } }],
    ["somebody is too many again", { event: "heal_verdict", more: { verdict: "failed" } }],
  ] as const)("exits 5 where %s", async (_what, record) => {
    const { cli, plane } = await daemonSaying({ code: 0, text: LIST, healId: HEAL });
    write(plane, record);
    expect((await cli("rpa", "--keep", "1")).code).toBe(5);
  });

  test("asks again after a trim that was aborted, which may have been another's", async () => {
    const second = `${HEAL}2`;
    const { cli, plane } = await daemonSaying(
      { code: 0, text: LIST, healId: HEAL },
      { code: 0, text: LIST, healId: second },
      { code: 0, text: NOBODY, healId: null },
    );
    for (const heal_id of [HEAL, second]) write(plane, { event: "heal_verdict", reason: "aborted", heal_id, more: { verdict: "aborted" } });
    expect(await cli("rpa", "--keep", "1")).toMatchObject({
      code: 0,
      out: `${LIST}\nheal_verdict: aborted\n${LIST}\nheal_verdict: aborted`,
    });
    expect(plane.asked).toHaveLength(3);
  });

  test("gives up with exit 4 after ten trims that were aborted", async () => {
    const { cli, plane } = await daemonSaying({ code: 0, text: LIST, healId: HEAL });
    write(plane, { event: "heal_verdict", more: { verdict: "aborted" } });
    expect((await cli("rpa", "--keep", "1")).code).toBe(4);
    expect(plane.asked).toHaveLength(10);
  });

  test("of an app that PM2 does not list and its dump knows: none of it runs, which is not too many", async () => {
    const { cli, pm2Home } = await daemonSaying({ code: 2, text: 'no target "rpa"', healId: null });
    writeFileSync(join(pm2Home, "dump.pm2"), JSON.stringify([{ name: "rpa", pm_exec_path: "/srv/app.js" }]));
    expect(await cli("rpa", "--keep", "1")).toEqual({ code: 0, out: NOBODY, err: "" });
    expect((await cli("rpb", "--keep", "1")).code).toBe(2);
  });

  test.each([
    ["no number to keep", []],
    ["nobody to keep", ["--keep", "0"]],
    ["a number that is none", ["--keep", "one"]],
    ["an unknown kind of copies", ["--keep", "1", "--outside", "everything"]],
    ["a configuration that is not there", ["--keep", "1", "-c", "gone.yaml"]],
  ])("with %s is a usage error that asks nobody", async (_what, args) => {
    const { cli, plane } = await daemonSaying({ code: 0, text: LIST, healId: null });
    expect((await cli("rpa", ...args)).code).toBe(2);
    expect(plane.asked).toEqual([]);
  });
});

describe("a PM2 that was named", () => {
  test("is trimmed by the daemon that watches it, wherever that lives", async () => {
    const daemon = await fakeDaemon();
    daemon.plane.reply = { code: 0, text: LIST, healId: null };
    const pm2Home = temporaryDir();
    const claim = { files: systemFiles(), pm2Home, healerHome: daemon.home, pid: process.pid, user: "app" };
    const watcher = await claimInstance(claim);
    if (!watcher.ok) throw new Error(watcher.error.message);
    onTestFinished(() => watcher.value.release());
    const cwd = temporaryDir();
    mkdirSync(join(cwd, "mine"));
    const env = { PM2_HOME: pm2Home, HEALER_HOME: join(cwd, "mine") };
    expect(await daemon.cli(["trim", "rpa", "--keep", "1"], { env, cwd })).toEqual({ code: 0, out: LIST, err: "" });
    expect(daemon.plane.asked).toHaveLength(1);
  });
});
