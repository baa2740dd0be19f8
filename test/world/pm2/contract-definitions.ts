import { expect, it } from "vitest";
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
