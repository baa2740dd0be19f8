import { crashFakeRow } from "../../support/fake-pm2-commands.ts";
import { type FakePm2Daemon, startFakePm2Daemon } from "../../support/fake-pm2-daemon.ts";
import { describePm2Contract } from "./contract.ts";
import type { Pm2World } from "./pm2-world.ts";

describePm2Contract("the door to a fake PM2 daemon", async () => worldOf(await startFakePm2Daemon()));

function worldOf(daemon: FakePm2Daemon): Pm2World {
  const row = (pmId: number) => daemon.rows.find((candidate) => candidate.pm_id === pmId);
  return {
    home: daemon.home,
    startApp: async ({ name, mode, env, asModule, instances = 1 }) => {
      const rows = Array.from({ length: instances }, (_, number) =>
        daemon.addRow(name, {
          ...{ exec_mode: mode === "cluster" ? "cluster_mode" : "fork_mode", instances, NODE_APP_INSTANCE: number },
          ...(env === undefined ? {} : { env, ...env }),
          ...(asModule === true ? { pmx_module: true } : {}),
        }),
      );
      return rows[0]?.pm_id ?? -1;
    },
    startGhost: async (name) => {
      const ghost = daemon.addRow(name);
      delete ghost.pid;
      return ghost.pm_id;
    },
    removeAll: async () => void daemon.rows.splice(0),
    pidOf: async (pmId) => row(pmId)?.pid ?? null,
    dumped: async (pmId) => {
      const { pm_id: _pmId, instances: _instances, ...definition } = row(pmId)?.pm2_env ?? {};
      return definition;
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
