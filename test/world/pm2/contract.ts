import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { incarnationOf, sameIncarnation } from "../../../src/core/worker-row.ts";
import { connectPm2, type ConnectPm2Options } from "../../../src/world/pm2/connect-pm2.ts";
import type { Pm2, Pm2Hint } from "../../../src/world/pm2/pm2.ts";
import { until } from "../../support/until.ts";
import { describeDefinitions, describeDuplicates } from "./contract-definitions.ts";
import { DONE, failureOf, kindOf, LIMITS, listed, rowOf, viewOf, type Ask, type Open, type Pm2World } from "./pm2-world.ts";

const IMPATIENT = { listTimeoutMs: 300, commandSlackMs: 300 };
const NO_LIMITS = { killTimeoutMs: 0, listenTimeoutMs: 0 };

/** What healer relies on, whoever stands in for PM2. */
export function describePm2Contract(title: string, start: () => Promise<Pm2World>): void {
  describe(title, () => {
    let world: Pm2World;
    const doors: Pm2[] = [];
    const open = (options: Partial<ConnectPm2Options> = {}): Pm2 => {
      const door = connectPm2({ pm2Home: world.home, envNames: [], ...options });
      doors.push(door);
      return door;
    };
    beforeAll(async () => {
      world = await start();
    });
    afterEach(async () => {
      for (const door of doors.splice(0)) door.close();
      await world.removeAll();
    });
    afterAll(() => world.dispose());
    describeRows(() => world, open);
    describeCommands(() => world, open);
    describeDefinitions(() => world, open);
    describeDuplicates(() => world, open);
    describeRefusals(() => world, open);
    describeHints(() => world, open);
    describeHanging(() => world, open);
    describeLoss(() => world, open);
  });
}

function describeRows(world: Ask<Pm2World>, open: Open): void {
  it("lists a running worker with its pid, mode and life", async () => {
    const pmId = await world().startApp({ name: "one" });
    const view = await viewOf(open());
    const row = rowOf(view, pmId);
    expect(row).toMatchObject({
      name: "one",
      status: "online",
      mode: "fork",
      namespace: "default",
      instance: "0",
      isModule: false,
      isNode: true,
    });
    expect(row.pid).toBe(await world().pidOf(pmId));
    expect(view.readWallMs - (row.startedWallMs ?? 0)).toBeLessThan(60_000);
    expect(view.version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it("tells instances of a cluster apart by their number", async () => {
    const first = await world().startApp({ name: "web", mode: "cluster" });
    const view = await viewOf(open());
    expect(rowOf(view, first)).toMatchObject({ mode: "cluster", isNode: true, instance: "0" });
  });

  it("gives the variables it was asked for and no others", async () => {
    const pmId = await world().startApp({ name: "env", env: { PORT: "4711", TOKEN: "hush-hush" } });
    const door = open({ envNames: ["PORT", "ABSENT"] });
    const view = await viewOf(door);
    expect(rowOf(view, pmId).env).toEqual({ PORT: "4711" });
    expect(JSON.stringify(view)).not.toContain("hush-hush");
    door.wantEnv([]);
    expect(rowOf(await viewOf(door), pmId).env).toEqual({});
  });

  it("flags PM2's modules", async () => {
    const pmId = await world().startApp({ name: "a-module", asModule: true });
    expect(rowOf(await viewOf(open()), pmId).isModule).toBe(true);
  });

  it("reports a ghost, online without a process, with pid null", async () => {
    const pmId = await world().startGhost("ghost");
    expect(rowOf(await viewOf(open()), pmId)).toMatchObject({ status: "online", pid: null });
  });

  it("acts on the pm_id, not on an app whose name is that number", async () => {
    const first = await world().startApp({ name: "plain" });
    const second = await world().startApp({ name: String(first) });
    const pidBefore = await world().pidOf(second);
    const door = await listed(open());
    expect(await door.restart(first, LIMITS)).toEqual(DONE);
    expect(await world().pidOf(second)).toBe(pidBefore);
  });
}

function describeCommands(world: Ask<Pm2World>, open: Open): void {
  it.each(["fork", "cluster"] as const)("restart gives a %s worker a new life, and PM2's settings stay as they are", async (mode) => {
    const pmId = await world().startApp({ name: "again", mode });
    const door = open();
    const before = await viewOf(door);
    expect(await door.restart(pmId, LIMITS)).toEqual(DONE);
    const after = await viewOf(door);
    const [old, young] = [rowOf(before, pmId), rowOf(after, pmId)];
    expect(sameIncarnation(incarnationOf(old, before.generation), incarnationOf(young, after.generation))).toBe(false);
    expect(young).toMatchObject({ status: "online", restarts: old.restarts + 1, killTimeoutMs: old.killTimeoutMs, script: old.script });
    expect(after.generation).toBe(before.generation);
  });

  it.each(["fork", "cluster"] as const)("reload replaces a %s worker and keeps its pm_id", async (mode) => {
    const pmId = await world().startApp({ name: "fresh", mode });
    const door = await listed(open());
    const pidBefore = await world().pidOf(pmId);
    expect(await door.reload(pmId, LIMITS)).toEqual(DONE);
    const row = rowOf(await viewOf(door), pmId);
    expect(row.status).toBe("online");
    expect(row.pid).not.toBe(pidBefore);
  });

  it("stop leaves a row without a process, start and restart bring it back", async () => {
    const pmId = await world().startApp({ name: "pause" });
    const door = await listed(open());
    for (const bringBack of ["start", "restart"] as const) {
      expect(await door.stop(pmId, LIMITS)).toEqual(DONE);
      expect(rowOf(await viewOf(door), pmId)).toMatchObject({ status: "stopped", pid: null });
      expect(await door[bringBack](pmId, LIMITS)).toEqual(DONE);
      expect(rowOf(await viewOf(door), pmId).status).toBe("online");
    }
  });

  it("start leaves a worker that runs alone", async () => {
    const pmId = await world().startApp({ name: "running" });
    const pidBefore = await world().pidOf(pmId);
    expect(await (await listed(open())).start(pmId, LIMITS)).toEqual(DONE);
    expect(await world().pidOf(pmId)).toBe(pidBefore);
  });

  it("restarting a ghost is no error, and does not hang", async () => {
    const pmId = await world().startGhost("ghost");
    expect(await (await listed(open())).restart(pmId, LIMITS)).toEqual(DONE);
  });

  it("remove takes the row out of the list", async () => {
    const pmId = await world().startApp({ name: "extra" });
    const door = await listed(open());
    expect(await door.remove(pmId, LIMITS)).toEqual(DONE);
    expect((await viewOf(door)).rows.filter((row) => row.pmId === pmId)).toEqual([]);
  });
}

function describeRefusals(world: Ask<Pm2World>, open: Open): void {
  it.each(["restart", "reload", "stop", "start", "remove"] as const)("%s of an unknown pm_id says so", async (command) => {
    const door = await listed(open());
    expect(kindOf(await door[command](9999, LIMITS))).toBe("unknown-id");
  });

  it("does not send a second command to a process while one is under way", async () => {
    const pmId = await world().startApp({ name: "twice" });
    const door = await listed(open());
    const [first, second] = await Promise.all([door.restart(pmId, LIMITS), door.stop(pmId, LIMITS)]);
    expect([first.ok, kindOf(second)]).toEqual([true, "busy"]);
    expect(await world().statusOf(pmId)).toBe("online");
  });

  it("refuses to act on pm_ids that it has not listed on this connection", async () => {
    const pmId = await world().startApp({ name: "unseen" });
    const pidBefore = await world().pidOf(pmId);
    expect(kindOf(await open().restart(pmId, LIMITS))).toBe("lost");
    expect(await world().pidOf(pmId)).toBe(pidBefore);
  });
}

function describeHints(world: Ask<Pm2World>, open: Open): void {
  it("hints at an exit and at what PM2 starts in its place", async () => {
    const pmId = await world().startApp({ name: "falls" });
    const hints: Pm2Hint[] = [];
    const door = open({ onHint: (hint) => hints.push(hint) });
    await until(() => door.busConnected, "the bus");
    expect(hints).toEqual([{ kind: "bus-back", pmId: null }]);
    await world().crash(pmId);
    await until(() => hints.some((hint) => hint.kind === "exit" && hint.pmId === pmId), "the hint at the exit");
    await until(() => hints.some((hint) => hint.kind === "online" && hint.pmId === pmId), "the hint at the start");
  });

  it("announces its own commands, so that PM2's other tools hear of them", async () => {
    const pmId = await world().startApp({ name: "told" });
    const hints: Pm2Hint[] = [];
    const door = await listed(open({ onHint: (hint) => hints.push(hint) }));
    await until(() => door.busConnected, "the bus");
    await door.restart(pmId, LIMITS);
    await door.stop(pmId, LIMITS);
    await until(
      () => ["restart", "stop"].every((kind) => hints.some((hint) => hint.kind === kind && hint.pmId === pmId)),
      "the announcements",
    );
  });

  it("loses the bus with the daemon and finds it again with the next one", async () => {
    const kinds: string[] = [];
    const door = open({ onHint: ({ kind }) => kinds.push(kind) });
    await until(() => door.busConnected, "the bus");
    await world().killDaemon();
    await until(() => !door.busConnected, "the loss of the bus");
    await world().startDaemon();
    await until(() => door.busConnected, "the bus again");
    expect(kinds.filter((kind) => kind.startsWith("bus-"))).toEqual(["bus-back", "bus-lost", "bus-back"]);
  });
}

function describeHanging(world: Ask<Pm2World>, open: Open): void {
  it("a daemon that does not answer is hung, and works again once it wakes", async () => {
    const pmId = await world().startApp({ name: "sleeper" });
    const door = await listed(open(IMPATIENT));
    await world().freeze();
    expect(kindOf(await door.list())).toBe("hung");
    expect(failureOf(await door.restart(pmId, NO_LIMITS))).toMatch(/^hung: .*nothing was sent/);
    await world().thaw();
    await until(async () => (await door.list()).ok, "an answer");
  });

  it("a new door to a daemon that does not answer says hung as well", async () => {
    await world().freeze();
    expect(kindOf(await open(IMPATIENT).list())).toBe("hung");
    await world().thaw();
  });

  it("a command that gets no answer in time is hung, though it may still run", async () => {
    const pmId = await world().startApp({ name: "slow" });
    const door = await listed(open(IMPATIENT));
    await world().freeze();
    expect(kindOf(await door.restart(pmId, NO_LIMITS))).toBe("hung");
    await world().thaw();
  });
}

function describeLoss(world: Ask<Pm2World>, open: Open): void {
  it("calls in flight are lost when the daemon dies, none is repeated, and the next daemon is another generation", async () => {
    const pmId = await world().startApp({ name: "mid-call" });
    const door = open();
    const before = await viewOf(door);
    await world().freeze();
    const inFlight = [door.restart(pmId, LIMITS), door.list()] as const;
    await world().killDaemon();
    expect((await Promise.all(inFlight)).map(kindOf)).toEqual(["lost", "lost"]);
    expect(kindOf(await door.list())).toBe("refused");
    await world().startDaemon();
    const other = await world().startApp({ name: "somebody-else" });
    const pidOfOther = await world().pidOf(other);
    expect(other).toBe(pmId); // the trap: the same number, another app
    expect(kindOf(await door.restart(pmId, LIMITS))).toBe("lost");
    const after = await viewOf(door);
    expect(after.generation).not.toBe(before.generation);
    expect(await world().pidOf(other)).toBe(pidOfOther);
  });

  it("a socket nobody answers is refused, and no socket is absent", async () => {
    await world().killDaemon();
    const door = open();
    const rpcPath = join(world().home, "rpc.sock");
    expect(failureOf(await door.list())).toBe(`refused: nobody answers at ${rpcPath}: a PM2 daemon died there and left its socket behind`);
    rmSync(rpcPath);
    expect(failureOf(await door.list())).toMatch(/^absent: .*no daemon has been started/);
    expect(kindOf(await door.stop(0, LIMITS))).toBe("absent");
    await world().startDaemon();
    expect((await door.list()).ok).toBe(true);
  });

  it("a closed door answers nothing and fails what was under way", async () => {
    const door = await listed(open());
    const inFlight = door.list();
    door.close();
    expect([kindOf(await inFlight), kindOf(await door.list()), door.busConnected]).toEqual(["lost", "lost", false]);
  });
}
