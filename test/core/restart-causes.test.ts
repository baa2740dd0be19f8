import { describe, expect, test } from "vitest";
import type { Pm2Notice } from "../../src/core/pm2-notice.ts";
import { HearingWorld, type End } from "../support/hearing-world.ts";

const MB = 1024 ** 2;

describe("an exit that nobody commanded", () => {
  test.each<[string, End, object, string]>([
    [
      "a code",
      { exitCode: 3 },
      { cause: "crash", exit_code: 3, signal: null },
      "ended by itself after 1 h: exit code 3; PM2 counts 1 restart",
    ],
    [
      "a signal",
      { signal: "SIGSEGV" },
      { cause: "crash", exit_code: 0, signal: "SIGSEGV" },
      "ended by SIGSEGV after 1 h, sent neither by PM2 nor by healer; PM2 counts 1 restart",
    ],
    [
      "SIGKILL, and no OOM kill",
      { signal: "SIGKILL", oomKills: 0 },
      { cause: "crash", signal: "SIGKILL" },
      "ended by SIGKILL after 1 h, sent neither by PM2 nor by healer; PM2 counts 1 restart",
    ],
    [
      "SIGKILL, and an OOM kill",
      { signal: "SIGKILL", oomKills: 1 },
      { cause: "oom_killer", signal: "SIGKILL" },
      "ended by SIGKILL after 1 h, and the kernel's OOM killer had just ended a process; PM2 counts 1 restart",
    ],
    [
      "another signal, and an OOM kill elsewhere",
      { signal: "SIGTERM", oomKills: 1 },
      { cause: "crash", signal: "SIGTERM" },
      "ended by SIGTERM after 1 h, sent neither by PM2 nor by healer; PM2 counts 1 restart",
    ],
    [
      "code 0, which PM2 writes as it writes SIGINT",
      { exitCode: 0 },
      { cause: "crash", exit_code: 0, signal: null },
      "ended by itself after 1 h: exit code 0 or SIGINT; PM2 counts 1 restart",
    ],
  ])("%s", (_what, end, more, reason) => {
    const world = new HearingWorld();
    world.advance(2_000);
    world.crash(end);
    world.turn();
    expect(world.reasons("worker_exit")).toEqual([reason]);
    expect(world.newest("worker_exit")).toMatchObject({ ...more, exits: 1, restarts: 1, lived_ms: 3_602_000 });
    expect(world.lines("external_restart")).toEqual([]);
    expect(world.restarts()).toMatchObject({ counted: 1, last: { age_ms: 0, ...more } });
  });

  test("several between two lists are one line, each with its end", () => {
    const world = new HearingWorld();
    for (const end of [{ exitCode: 1 }, { exitCode: 1 }, { signal: "SIGABRT" }]) world.crash(end);
    world.turn();
    expect(world.newest("worker_exit")).toMatchObject({ exits: 3, ends: { "exit code 1": 2, SIGABRT: 1 }, signal: "SIGABRT", restarts: 3 });
    expect(world.reasons("worker_exit")).toEqual([
      "ended 3 times since the list before without being told to, after 20 m on average (exit code 1: 2, SIGABRT: 1); PM2 counts 3 restarts",
    ]);
  });

  test("without the bus it is a crash all the same, by what the row says", () => {
    const world = new HearingWorld();
    world.isListening = false;
    world.crash({ signal: "SIGKILL" });
    world.crash({ exitCode: 0 });
    world.turn();
    expect(world.newest("worker_exit")).toMatchObject({
      cause: "crash",
      exits: 2,
      signal: null,
      ends: { "not seen": 1, "exit code 0 or a signal": 1 },
    });
  });
});

describe("a restart that was commanded", () => {
  const memory = (world: HearingWorld): Pm2Notice => ({
    ...{ kind: "memory_limit", pmId: world.app.pmId, wallMs: world.wallMs },
    ...{ memoryBytes: 120 * MB, limitBytes: 90 * MB },
  });
  const change = (world: HearingWorld): Pm2Notice => ({ kind: "watch", app: "app", path: "src/a.js", wallMs: world.wallMs });

  test.each<[string, (world: HearingWorld) => void, string, RegExp]>([
    [
      "by an operator",
      (world) => world.restart(),
      "operator",
      /an operator or a deploy: PM2 gave no reason of its own; its grace period begins$/,
    ],
    [
      "for its memory",
      (world) => world.restart(world.app, [memory(world)]),
      "memory_limit",
      /it had 120MB of memory, and PM2's max_memory_restart is 90MB/,
    ],
    [
      "for a changed file",
      (world) => {
        world.app.watch = true;
        world.restart(world.app, [change(world)]);
      },
      "watch",
      /PM2 watches its files, and src\/a\.js changed/,
    ],
    ["by a change of an app that is not watched", (world) => world.restart(world.app, [change(world)]), "operator", /an operator/],
  ])("%s", (_what, does, cause, reason) => {
    const world = new HearingWorld();
    does(world);
    world.turn();
    expect(world.newest("external_restart")).toEqual({ restarts: 1, cause, counted: 1 });
    expect(world.reasons("external_restart")[0]).toMatch(reason);
    expect(world.lines("worker_exit")).toEqual([]);
    expect(world.restarts()).toMatchObject({ counted: 1, by_cause: { [cause]: 1 } });
  });

  test("by its cron pattern, in the second it was due; any other second is an operator's", () => {
    const world = new HearingWorld();
    world.app.cronRestart = "0 3 * * *";
    let dueWallMs = world.wallMs - 4;
    world.setPolicy({ ...world.policy, latestCronRun: () => dueWallMs });
    world.restart();
    world.turn();
    expect(world.newest("external_restart")).toMatchObject({ cause: "cron" });
    world.advance(2_000);
    dueWallMs = world.wallMs - 2_000;
    world.restart();
    world.turn();
    expect(world.restarts().by_cause).toEqual({ cron: 1, operator: 1 });
  });

  test("what explained one restart explains no other", () => {
    const world = new HearingWorld();
    world.app.watch = true;
    world.restart(world.app, [change(world)]);
    world.turn();
    world.advance(1_000);
    world.restart();
    world.turn();
    expect(world.restarts().by_cause).toEqual({ watch: 1, operator: 1 });
  });

  test.each<[string, object, number | null, string, RegExp]>([
    ["an app that PM2 has no reason to restart", {}, null, "operator", /PM2 has no reason of its own for this app/],
    [
      "one that it watches",
      { watch: true },
      null,
      "unknown",
      /an operator, a deploy, or PM2 itself \(watch\): healer did not hear PM2 say why/,
    ],
    ["one with a limit, and below it", { maxMemoryRestartBytes: 90 * MB }, 50 * MB, "unknown", /PM2 itself \(memory limit\)/],
    [
      "one with a limit, and above it",
      { maxMemoryRestartBytes: 90 * MB },
      95 * MB,
      "memory_limit",
      /last seen with 95MB, and PM2's max_memory_restart is 90MB/,
    ],
  ])("where nobody listened, no more is said than the row shows: %s", (_what, settings, memoryBytes, cause, reason) => {
    const world = new HearingWorld();
    world.isListening = false;
    Object.assign(world.app, settings, { memoryBytes });
    world.turn();
    world.restart();
    world.turn();
    expect(world.newest("external_restart")).toMatchObject({ cause });
    expect(world.reasons("external_restart")[0]).toMatch(reason);
  });

  test("a start of a stopped row counts nothing, and is told", () => {
    const world = new HearingWorld();
    world.pm2.stop(world.app);
    world.turn();
    world.pm2.start(world.app);
    world.turn();
    expect(world.newest("external_restart")).toEqual({ restarts: 0, cause: "operator", counted: 0 });
    expect(world.restarts()).toMatchObject({ counted: 0, last: null });
  });

  test("crashes before an operator's restart stay crashes, all within one list", () => {
    const world = new HearingWorld();
    world.crash({ exitCode: 1 });
    world.crash({ exitCode: 1 });
    world.restart();
    world.turn();
    expect(world.restarts()).toMatchObject({ by_cause: { crash: 2, operator: 1 }, last: { cause: "operator" } });
    expect(world.newest("worker_exit")).toMatchObject({ exits: 2 });
  });
});

describe("healer and PM2's daemon", () => {
  test("its own restart is healer's, and a crash during it is one", () => {
    const world = new HearingWorld();
    world.faults.takesMs = 4_000;
    world.sicken("app:0");
    world.until(() => world.executed.length === 1);
    world.crash({ exitCode: 7 });
    world.cure("app:0");
    world.untilPhase("app:0", "verifying");
    expect(world.restarts().by_cause).toEqual({ crash: 1, healer: 1 });
    expect(world.lines("external_restart")).toEqual([]);
  });

  test("the death of PM2's daemon is told for each worker it took along, also where its list was empty for a while", () => {
    const world = new HearingWorld();
    world.crash({ exitCode: 1 });
    world.turn();
    const rows = [...world.pm2.rows];
    world.pm2.lost = "connect ENOENT";
    world.advance(2_000);
    Object.assign(world.pm2, { lost: null });
    world.pm2.rows.clear();
    world.pm2.replace();
    world.advance(2_000);
    for (const [pmId, row] of rows) world.pm2.rows.set(pmId, { ...row, restarts: 0, pid: 999, startedWallMs: world.wallMs });
    world.advance(2_000);
    expect(world.newest("external_restart")).toEqual({ restarts: 0, cause: "daemon", counted: 1 });
    expect(world.restarts()).toMatchObject({ counted: 2, by_cause: { crash: 1, daemon: 1 } });
  });
});

describe("what healer did not see", () => {
  test("the counts go on over a restart of healer; crashes meanwhile are known by the row", () => {
    const world = new HearingWorld();
    world.restart();
    world.turn();
    world.save();
    world.kill();
    world.nowMs += 30_000;
    world.crash({ exitCode: 5 });
    world.crash({ exitCode: 6 });
    world.notices.length = 0;
    world.boot();
    world.turn();
    expect(world.restarts()).toMatchObject({ counted: 3, by_cause: { operator: 1, crash: 2 }, ends: { "not seen": 1, "exit code 6": 1 } });
  });

  test("a restart that may have been healer's own before it died is nobody's", () => {
    const world = new HearingWorld();
    world.save();
    world.sicken("app:0");
    world.untilPhase("app:0", "verifying");
    world.kill();
    world.boot();
    world.turn();
    expect(world.restarts().by_cause).toEqual({ unknown: 1 });
  });

  test("a ledger that somebody has edited begins anew, and the rest of the snapshot stands", () => {
    const world = new HearingWorld();
    world.crash({ exitCode: 1 });
    world.turn();
    world.target("app:0").ledger.counts = { crash: "many" } as unknown as object;
    world.save();
    world.kill();
    world.boot();
    world.turn();
    expect(world.restarts()).toMatchObject({ counted: 0, last: null });
    expect(world.target("app:0").exits).toHaveLength(1);
  });

  test("pm2 reset takes nothing back", () => {
    const world = new HearingWorld();
    world.crash({ exitCode: 1 });
    world.turn();
    Object.assign(world.app, { restarts: 0, createdWallMs: world.wallMs });
    world.turn();
    expect(world.restarts().counted).toBe(1);
    expect(world.lines("external_restart")).toEqual([]);
  });
});
