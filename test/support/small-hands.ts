import type { Command } from "../../src/core/event.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import { targetOf, type SmallWorld } from "./small-world.ts";
import type { Letter } from "./state-search.ts";

/** Something happens to the first row. */
function onRow(
  name: string,
  does: (world: SmallWorld, row: WorkerRow) => void,
  can: (row: WorkerRow) => boolean = () => true,
): Letter<SmallWorld> {
  const rowOf = ({ rows }: SmallWorld): WorkerRow | undefined => [...rows.values()][0];
  return {
    name,
    can(world) {
      const row = rowOf(world);
      return row !== undefined && can(row);
    },
    does(world) {
      const row = rowOf(world);
      if (row !== undefined) does(world, row);
    },
  };
}

const isOnline = ({ status }: WorkerRow): boolean => status === "online";

export const WORKER: readonly Letter<SmallWorld>[] = [
  onRow("worker 0 crashes", ({ pm2, nowMs, wallMs }, row) => pm2.live(row, { nowMs, wallMs, isCommanded: false }), isOnline),
  onRow("PM2 gives worker 0 up", ({ pm2 }, row) => pm2.set(row, { pid: null, status: "errored", createdWallMs: null }), isOnline),
];

export const OPERATOR: readonly Letter<SmallWorld>[] = [
  onRow("an operator restarts worker 0", ({ pm2, nowMs, wallMs, stopped }, row) => {
    pm2.live(row, { nowMs, wallMs, isCommanded: true });
    stopped.delete(row.pmId);
  }),
  onRow(
    "an operator stops worker 0",
    ({ pm2, stopped }, row) => {
      pm2.set(row, { pid: null, status: "stopped" });
      stopped.add(row.pmId);
    },
    isOnline,
  ),
];

function order(name: string, does: (world: SmallWorld, target: string) => Command): Letter<SmallWorld> {
  return {
    name,
    does(world) {
      const row = [...world.rows.values()][0];
      if (row !== undefined) world.tell({ type: "command", id: 1, by: "operator", command: does(world, targetOf(row)) });
    },
  };
}

export const PEOPLE = [
  order("somebody pauses or resumes everything", ({ state }) =>
    state.globals.paused === null ? { name: "pause", target: null, forMs: null, reason: "" } : { name: "resume", target: null },
  ),
  order("somebody heals worker 0 within its grace period", (_world, target) => ({ name: "heal", target, action: null, force: ["grace"] })),
  order("somebody resets worker 0", (_world, target) => ({ name: "reset", target })),
];
