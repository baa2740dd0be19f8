import { chmodSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectPm2 } from "../../../src/world/pm2/connect-pm2.ts";
import type { Pm2 } from "../../../src/world/pm2/pm2.ts";
import { isAlive, sendSignal } from "../../support/process-scan.ts";
import { startPm2, type ListedApp, type RealPm2 } from "../../support/real-pm2.ts";
import { until } from "../../support/until.ts";
import { DONE, failureOf, LIMITS, listed, rowOf, viewOf } from "./pm2-world.ts";

// What only a real daemon, a real kernel and real users can show.
const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

describe("a real PM2 daemon", () => {
  let pm2: RealPm2;
  let door: Pm2;
  const hints: string[] = [];
  beforeAll(async () => {
    pm2 = await startPm2();
    door = connectPm2({ pm2Home: pm2.home, envNames: [], onHint: ({ kind }) => hints.push(kind) });
  });
  afterAll(async () => {
    door.close();
    await pm2.dispose();
  });

  it("says its own version", async () => {
    expect((await viewOf(door)).version).toBe(pm2.version);
  });

  it("keeps an app's unusual settings through restart, stop and start", async () => {
    const unusual = {
      kill_timeout: 900,
      restart_delay: 77,
      instance_var: "INST",
      max_memory_restart: "300M",
      stop_exit_codes: [3],
      treekill: false,
    };
    const [row] = await pm2.start({ script: "idle.mjs", name: "unusual", ...unusual });
    const pmId = row?.pmId ?? -1;
    const before = await settingsOf(pmId);
    await listed(door);
    expect(await door.restart(pmId, LIMITS)).toEqual(DONE);
    expect(await door.stop(pmId, LIMITS)).toEqual(DONE);
    expect(await door.start(pmId, LIMITS)).toEqual(DONE);
    expect(await settingsOf(pmId)).toEqual(before);
    expect(rowOf(await viewOf(door), pmId)).toMatchObject({
      killTimeoutMs: 900,
      restartDelayMs: 77,
      instance: "0",
      maxMemoryRestartBytes: 300 * 1024 * 1024,
      stopExitCodes: [3],
    });
  });

  it("ends a worker that ignores SIGINT within the deadline made of its kill_timeout", async () => {
    const [row] = await pm2.start({ script: "ignore-sigterm.mjs", name: "stubborn", kill_timeout: 300 });
    await listed(door);
    expect(await door.restart(row?.pmId ?? -1, { ...LIMITS, killTimeoutMs: 300 })).toEqual(DONE);
    expect(isAlive(row?.pid ?? 0)).toBe(false);
  });

  it("numbers the instances of a cluster, and takes a wrapper's interpreter for what it is", async () => {
    const web = await pm2.start({ script: "http-health.mjs", name: "web", exec_mode: "cluster", instances: 2 });
    const [wrapper] = await pm2.start({ script: "wrapper.sh", name: "wrapper" });
    const view = await viewOf(door);
    expect(web.map(({ pmId }) => rowOf(view, pmId)).map(({ instance, configuredInstances }) => [instance, configuredInstances])).toEqual([
      ["0", 2],
      ["1", 2],
    ]);
    expect(rowOf(view, wrapper?.pmId ?? -1).isNode).toBe(false);
  });

  it("of another user is forbidden, and the message names both users", async () => {
    chmodSync(pm2.home, 0o755);
    const restore = isRoot ? becomeNobody() : lock(join(pm2.home, "rpc.sock"));
    const stranger = connectPm2({ pm2Home: pm2.home, envNames: [] });
    const outcome = await stranger.list().finally(restore);
    stranger.close();
    const uid = process.getuid?.();
    const words = `forbidden: no access to ${pm2.home}/rpc.sock: it belongs to uid ${uid}, healer runs as uid ${isRoot ? NOBODY : uid}`;
    expect(failureOf(outcome)).toBe(words);
  });

  it("announces an orderly end, so that nobody heals it", async () => {
    await until(() => door.busConnected, "the bus");
    sendSignal(pm2.daemonPid, "SIGTERM");
    await until(() => hints.includes("daemon-killed"), "the announcement");
    await until(() => !isAlive(pm2.daemonPid), "the daemon's end");
    await until(() => hints.includes("bus-lost"), "the loss of the bus");
  });

  /** All of `pm2_env` but what a restart is meant to move, and what the worker itself reports some time after its start. */
  async function settingsOf(pmId: number): Promise<ListedApp["pm2Env"]> {
    const moving = [
      "pm_uptime",
      "created_at",
      "restart_time",
      "exit_code",
      "status",
      "axm_monitor",
      "axm_actions",
      "axm_options",
      "axm_dynamic",
      "_tree_pids",
      "unstable_restarts",
      "prev_restart_delay",
      "node_version",
    ];
    const row = await pm2.row(pmId);
    return Object.fromEntries(Object.entries(row?.pm2Env ?? {}).filter(([name]) => !moving.includes(name)));
  }
});

/** Groups too: PM2's sockets may be written by their group. */
function becomeNobody(): () => void {
  const groups = process.getgroups?.() ?? [];
  process.setgroups?.([]);
  process.setegid?.(NOBODY);
  process.seteuid?.(NOBODY);
  return () => {
    process.seteuid?.(0);
    process.setegid?.(0);
    process.setgroups?.(groups);
  };
}

function lock(path: string): () => void {
  chmodSync(path, 0);
  return () => chmodSync(path, 0o775);
}
