import { expect, it } from "vitest";
import type { WorkerRow } from "../../../src/core/worker-row.ts";
import { DONE, failureOf, kindOf, LIMITS, listed, rowOf, viewOf, type Ask, type Open, type Pm2World } from "./pm2-world.ts";

/** The part of the contract that is about apps PM2 does not list, but has dumped. */
export function describeDefinitions(world: Ask<Pm2World>, open: Open): void {
  it("prepare brings an app back from what PM2 dumps of it, under a new pm_id", async () => {
    const kept = await world().startApp({ name: "kept" });
    const gone = await world().startApp({ name: "gone" });
    const definition = await world().dumped(gone);
    const door = await listed(open());
    const scriptOfGone = rowOf(await viewOf(door), gone).script;
    expect(await door.remove(gone, LIMITS)).toEqual(DONE);
    expect(await door.prepare(definition)).toEqual(DONE);
    const rows = (await viewOf(door)).rows.filter(({ pmId }) => pmId !== kept);
    expect(rows).toMatchObject([
      { name: "gone", namespace: "default", status: "online", restarts: 0, script: scriptOfGone, instance: "0" },
    ]);
    expect(await world().pidOf(rows[0]?.pmId ?? -1)).toBe(rows[0]?.pid);
  });

  it("prepare of what was dumped stopped adds a stopped row, which start starts", async () => {
    const pmId = await world().startApp({ name: "asleep" });
    const door = await listed(open());
    await door.stop(pmId, LIMITS);
    const definition = await world().dumped(pmId);
    await door.remove(pmId, LIMITS);
    expect(await door.prepare(definition)).toEqual(DONE);
    const [row] = (await viewOf(door)).rows;
    expect(row).toMatchObject({ name: "asleep", status: "stopped", pid: null });
    expect(await door.start(row?.pmId ?? -1, LIMITS)).toEqual(DONE);
    expect((await viewOf(door)).rows).toMatchObject([{ name: "asleep", status: "online" }]);
  });

  it("prepare sends nothing that would kill the daemon or displace a process, and nothing before a list", async () => {
    const pmId = await world().startApp({ name: "model" });
    const definition = await world().dumped(pmId);
    expect(kindOf(await open().prepare(definition))).toBe("lost");
    const door = await listed(open());
    const { env, pm_pid_path: _pidPath, ...rest } = definition;
    for (const odd of [
      null,
      [],
      {},
      rest,
      { ...rest, env },
      { ...definition, env: null },
      { ...definition, name: 7 },
      { ...definition, pm_id: pmId },
    ])
      expect(failureOf(await door.prepare(odd))).toMatch(/^failed: no definition that PM2 can start, it .*nothing was sent$/);
    expect((await viewOf(door)).rows).toHaveLength(1);
  });
}

/** A second row made of one that PM2 lists. */
export function describeDuplicates(world: Ask<Pm2World>, open: Open): void {
  it.each(["fork", "cluster"] as const)(
    "duplicate starts one more %s worker beside the row, with its number and its variables, created when it was told",
    async (mode) => {
      const pmId = await world().startApp({ name: "model", mode, env: { PORT: "4711" }, ...(mode === "cluster" ? { instances: 2 } : {}) });
      const door = open({ envNames: ["PORT"] });
      const before = (await viewOf(door)).rows;
      expect(await door.duplicate(pmId, 1_700_000_000_123, LIMITS)).toEqual(DONE);
      const after = (await viewOf(door)).rows;
      expect(after.filter((row) => before.some((old) => old.pmId === row.pmId)).map(lifeOf)).toEqual(before.map(lifeOf));
      const added = after.filter((row) => !before.some((old) => old.pmId === row.pmId));
      const original = rowOf(await viewOf(door), pmId);
      const { name, namespace, script, cwd, args, interpreter, instance, killTimeoutMs, env } = original;
      expect(added).toMatchObject([{ name, namespace, script, cwd, args, interpreter, instance, killTimeoutMs, env, mode }]);
      expect(added).toMatchObject([{ status: "online", restarts: 0, createdWallMs: 1_700_000_000_123 }]);
      expect(added[0]?.pmId).toBeGreaterThan(Math.max(...before.map((row) => row.pmId)));
      expect(await world().pidOf(added[0]?.pmId ?? -1)).toBe(added[0]?.pid);
    },
  );

  it("a duplicate stays with its number when the row it was made of is removed, and another one can be made of it", async () => {
    const first = await world().startApp({ name: "again" });
    const door = await listed(open());
    let [pmId, instance] = [first, rowOf(await viewOf(door), first).instance];
    for (const stamp of [1_700_000_000_001, 1_700_000_000_002]) {
      expect(await door.duplicate(pmId, stamp, LIMITS)).toEqual(DONE);
      expect(await door.remove(pmId, LIMITS)).toEqual(DONE);
      const { rows } = await viewOf(door);
      expect(rows).toMatchObject([{ name: "again", instance, status: "online", createdWallMs: stamp }]);
      [pmId, instance] = [rows[0]?.pmId ?? -1, rows[0]?.instance ?? ""];
    }
  });

  it("duplicate of an unknown pm_id says so, and nothing is duplicated before a list", async () => {
    const pmId = await world().startApp({ name: "alone" });
    expect(kindOf(await open().duplicate(pmId, 1_700_000_000_000, LIMITS))).toBe("lost");
    const door = await listed(open());
    expect(failureOf(await door.duplicate(9999, 1_700_000_000_000, LIMITS))).toMatch(/^unknown-id: 9999 : id unknown/);
    expect((await viewOf(door)).rows).toHaveLength(1);
  });
}

function lifeOf({ pmId, pid, createdWallMs, startedWallMs }: WorkerRow): readonly (number | null)[] {
  return [pmId, pid, createdWallMs, startedWallMs];
}
