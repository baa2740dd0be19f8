import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startPm2, type AppOptions, type ListedApp, type RealPm2 } from "../../support/real-pm2.ts";
import { sendSignal } from "../../support/process-scan.ts";
import { describePm2Contract } from "./contract.ts";
import type { ContractApp, Pm2World } from "./pm2-world.ts";

describePm2Contract("the door to a real PM2 daemon", async () => worldOf(await startPm2()));

function worldOf(pm2: RealPm2): Pm2World {
  return {
    home: pm2.home,
    startApp: async (app) => idOf(await pm2.start(optionsOf(app), app.asModule ?? false), app.name),
    startGhost: async (name) => idOf(await pm2.startGhost(name), name),
    removeAll: async () => {
      // By name, as PM2 looks for a name first: "0" may be one.
      for (const name of new Set((await pm2.list()).map((row) => row.name))) await pm2.remove(name);
    },
    pidOf: async (pmId) => (await pm2.row(pmId))?.pid ?? null,
    dumped: async (pmId) => {
      const { name } = (await pm2.row(pmId)) ?? {};
      await pm2.save();
      const dump = JSON.parse(readFileSync(join(pm2.home, "dump.pm2"), "utf8")) as Record<string, unknown>[];
      return dump.find((definition) => definition["name"] === name) ?? {};
    },
    statusOf: async (pmId) => (await pm2.row(pmId))?.status ?? "no such row",
    crash: async (pmId) => void sendSignal((await pm2.row(pmId))?.pid ?? 0, "SIGKILL"),
    freeze: async () => void sendSignal(pm2.daemonPid, "SIGSTOP"),
    thaw: async () => void sendSignal(pm2.daemonPid, "SIGCONT"),
    killDaemon: () => pm2.killDaemon(),
    startDaemon: () => pm2.startDaemon(),
    dispose: () => pm2.dispose(),
  };
}

function optionsOf(app: ContractApp): AppOptions {
  return {
    script: app.mode === "cluster" ? "http-health.mjs" : "idle.mjs",
    name: app.name,
    ...(app.mode === "cluster" ? { exec_mode: "cluster", instances: app.instances ?? 1 } : {}),
    ...(app.env === undefined ? {} : { env: app.env }),
  };
}

function idOf(rows: readonly ListedApp[], name: string): number {
  const row = rows[0];
  if (row === undefined) throw new Error(`PM2 does not list ${name}`);
  return row.pmId;
}
