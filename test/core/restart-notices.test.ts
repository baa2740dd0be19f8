import { describe, expect, test } from "vitest";
import { HearingWorld } from "../support/hearing-world.ts";

/** What PM2 said explains the restart it spoke of, and none after it. */

const MINUTE = 60_000;
const MB = 1024 ** 2;

function stopNoticed(world: HearingWorld): void {
  world.say({ kind: "stopping", pmId: world.app.pmId, app: "app", wallMs: world.wallMs });
  world.pm2.stop(world.app);
}

describe("what was heard", () => {
  test("of a crash explains no restart after it", () => {
    const world = new HearingWorld();
    world.crash({ exitCode: 1 });
    world.turn();
    world.advance(2_000);
    world.restart();
    world.turn();
    expect(world.restarts().by_cause).toEqual({ crash: 1, operator: 1 });
  });

  test("of a crash that PM2 has counted, and not yet started anew, explains it once", () => {
    const world = new HearingWorld();
    world.nowMs += 1_000;
    const before = { pid: world.app.pid, startedWallMs: world.app.startedWallMs };
    world.crash({ signal: "SIGKILL" });
    const after = { pid: world.app.pid, startedWallMs: world.app.startedWallMs };
    Object.assign(world.app, before); // the list shows the count before the process
    world.turn();
    expect(world.newest("worker_exit")).toMatchObject({ signal: "SIGKILL", restarts: 1, lived_ms: 3_601_000 });
    Object.assign(world.app, after);
    world.nowMs += 1_000;
    world.restart();
    world.turn();
    expect(world.restarts().by_cause).toEqual({ crash: 1, operator: 1 });
    expect(world.newest("external_restart")).toMatchObject({ cause: "operator" });
  });

  test("of a memory limit explains one restart, also where the next one follows at once", () => {
    const world = new HearingWorld();
    const limit = { kind: "memory_limit", pmId: 0, wallMs: world.wallMs, memoryBytes: 90 * MB, limitBytes: 80 * MB } as const;
    world.restart(world.app, [limit]);
    world.turn();
    world.nowMs += 500;
    world.restart();
    world.turn();
    expect(world.restarts().by_cause).toEqual({ memory_limit: 1, operator: 1 });
  });

  test("of a stop, whose exit was not heard, makes no command of a later crash", () => {
    const world = new HearingWorld();
    stopNoticed(world);
    world.turn();
    world.advance(2_000);
    world.pm2.start(world.app);
    world.turn();
    world.advance(2_000);
    world.crash({ signal: "SIGBUS" });
    world.turn();
    expect(world.restarts()).toMatchObject({ by_cause: { crash: 1 }, last: { signal: "SIGBUS" } });
  });

  test("before the list that is read for an action counts with it", () => {
    const world = new HearingWorld({ apps: { app: 1, other: 1 } });
    world.faults.takesMs = 1_000;
    world.sicken("other:0");
    world.until(() => world.executed.length === 1);
    world.crash({ signal: "SIGFPE" });
    world.nowMs += 1_000;
    world.advance(0);
    world.nowMs += 1;
    world.advance(1);
    expect(world.restarts()).toMatchObject({ by_cause: { crash: 1 }, last: { signal: "SIGFPE" } });
  });

  test("while nobody listened is nothing: the next restart that was heard is known again", () => {
    const world = new HearingWorld();
    Object.assign(world.app, { watch: true });
    world.isListening = false;
    world.restart();
    world.turn();
    world.isListening = true;
    world.advance(4_000);
    world.restart();
    world.turn();
    expect(world.restarts().by_cause).toEqual({ unknown: 1, operator: 1 });
  });
});

describe("a count that is not what it was", () => {
  test("where nobody saw a stopped worker's start, the restarts after it are nobody's", () => {
    const world = new HearingWorld();
    world.isListening = false;
    world.pm2.stop(world.app);
    world.turn();
    world.nowMs += 1_000;
    world.pm2.start(world.app);
    world.pm2.crash(world.app);
    world.turn();
    expect(world.restarts().by_cause).toEqual({ unknown: 1 });
    expect(world.newest("worker_exit")).toMatchObject({ cause: "unknown", exits: 1 });
    expect(world.reasons("worker_exit")).toEqual(["was restarted, and healer could not see why; PM2 counts 1 restart"]);
  });

  test("pm2 reset and a crash before the next list: what it counts since is counted", () => {
    const world = new HearingWorld();
    for (let crash = 0; crash < 5; crash++) world.crash({ exitCode: 1 });
    world.turn();
    world.app.restarts = 0;
    world.crash({ exitCode: 2 });
    world.turn();
    expect(world.restarts()).toMatchObject({ counted: 6, last: { exit_code: 2 } });
  });

  test("an operator's restart whose process has ended before it was seen is told all the same", () => {
    const world = new HearingWorld();
    world.nowMs += 1_000;
    world.restart();
    world.pm2.stop(world.app); // it is not to be brought back (autorestart: false)
    world.turn();
    expect(world.lines("external_restart").map(({ more }) => more)).toEqual([{ restarts: 1, cause: "operator", counted: 1 }]);
    expect(world.reasons("external_restart")[0]).toMatch(/; it is down again$/);
    world.nowMs += 1_000;
    world.restart();
    world.turn();
    expect(world.newest("external_restart")).toEqual({ restarts: 1, cause: "operator", counted: 0 });
  });

  test("of a row that PM2 has given up, which has no created_at, no commanded exit is taken for a crash", () => {
    const world = new HearingWorld();
    world.restart();
    for (let crash = 0; crash < 3; crash++) world.crash({ exitCode: 1 });
    world.pm2.giveUp(world.app);
    world.turn();
    expect(world.restarts().by_cause).toEqual({ crash: 3, unknown: 1 });
  });

  test("a worker that was stopped when PM2's daemon died was not restarted by that", () => {
    const world = new HearingWorld();
    world.pm2.stop(world.app);
    world.turn();
    world.pm2.replace();
    world.turn();
    expect(world.restarts().counted).toBe(0);
  });

  test("a row that moves up to another number takes its restarts along", () => {
    const world = new HearingWorld({ apps: { app: 1 } });
    const second = world.pm2.add("app", { instance: "0" });
    world.advance(10 * MINUTE);
    world.crash({ exitCode: 4 }, second);
    world.turn();
    world.pm2.delete(world.app);
    world.turn();
    expect(world.restarts("app:0")).toMatchObject({ counted: 1, ends: { "exit code 4": 1 } });
  });

  test("a restart of healer's that PM2 refused, and that comes all the same, may be anybody's", () => {
    const world = new HearingWorld();
    world.faults.action = "error";
    world.sicken("app:0");
    world.untilPhase("app:0", "verifying", 10 * MINUTE);
    world.restart();
    world.turn();
    expect(world.newest("external_restart")).toMatchObject({ cause: "unknown" });
    expect(world.reasons("external_restart")).toEqual([
      "started or restarted by PM2 for healer, which had given up waiting for it, or somebody else; its grace period begins",
    ]);
  });
});
