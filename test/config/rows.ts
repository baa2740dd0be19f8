import type { WorkerRow } from "../../src/core/worker-row.ts";

/** A healthy worker of the app `api`, as PM2 lists it. */
export function row(change: Partial<WorkerRow> = {}): WorkerRow {
  return {
    pmId: 0,
    name: "api",
    namespace: "default",
    instance: "0",
    script: "/app/api.js",
    pid: 1000,
    status: "online",
    mode: "fork",
    startedWallMs: 1,
    createdWallMs: 1,
    restarts: 0,
    exitCode: null,
    killTimeoutMs: 1600,
    listenTimeoutMs: 3000,
    autorestart: true,
    restartDelayMs: 0,
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
