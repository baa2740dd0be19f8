import { crashFakeRow } from "../../support/fake-pm2-commands.ts";
import { type FakePm2Daemon, startFakePm2Daemon } from "../../support/fake-pm2-daemon.ts";
import { describePm2Contract } from "./contract.ts";
import type { Pm2World } from "./pm2-world.ts";

describePm2Contract("the door to a fake PM2 daemon", async () => worldOf(await startFakePm2Daemon()));

function worldOf(daemon: FakePm2Daemon): Pm2World {
  const row = (pmId: number) => daemon.rows.find((candidate) => candidate.pm_id === pmId);
  return {
    home: daemon.home,
    startApp: async ({ name, mode, env, asModule }) =>
      daemon.addRow(name, {
        exec_mode: mode === "cluster" ? "cluster_mode" : "fork_mode",
        ...(env === undefined ? {} : { env, ...env }),
        ...(asModule === true ? { pmx_module: true } : {}),
      }).pm_id,
    startGhost: async (name) => {
      const ghost = daemon.addRow(name);
      delete ghost.pid;
      return ghost.pm_id;
    },
    removeAll: async () => void daemon.rows.splice(0),
    pidOf: async (pmId) => row(pmId)?.pid ?? null,
    dumped: async (pmId) => {
      const { pm_id: _pmId, instances: _instances, ...definition } = row(pmId)?.pm2_env ?? {};
      return { pm_pid_path: "/srv/app-0.pid", ...definition };
    },
    statusOf: async (pmId) => row(pmId)?.pm2_env["status"] as string,
    crash: async (pmId) => crashFakeRow(daemon, pmId),
    freeze: async () => void daemon.behaviours.set("*", { kind: "hang" }),
    thaw: async () => daemon.thaw(),
    killDaemon: () => daemon.die(),
    startDaemon: () => daemon.reborn(),
    dispose: () => daemon.dispose(),
  };
}
