import type { WorkerRow } from "../../src/core/worker-row.ts";

/** A healthy fork worker as PM2 lists it; only what a test is about needs to be said. */
export function workerRow(change: Partial<WorkerRow> = {}): WorkerRow {
  return {
    pmId: 0,
    name: "api",
    namespace: "default",
    instance: "0",
    script: "/srv/api/worker.js",
    cwd: "/srv/api",
    args: [],
    interpreter: "node",
    pid: 4242,
    status: "online",
    mode: "fork",
    startedWallMs: 1_700_000_000_000,
    createdWallMs: 1_700_000_000_000,
    restarts: 0,
    exitCode: null,
    killTimeoutMs: 1600,
    listenTimeoutMs: 3000,
    autorestart: true,
    restartDelayMs: 0,
    maxRestarts: 16,
    minUptimeMs: 1000,
    expBackoffMs: null,
    cronRestart: null,
    watch: false,
    stopExitCodes: [],
    maxMemoryRestartBytes: null,
    configuredInstances: 1,
    isModule: false,
    isNode: true,
    memoryBytes: null,
    env: {},
    ...change,
  };
}
