import type { WorkerRow } from "../core/worker-row.ts";
import type { AppSpec } from "./world-spec.ts";

/** What is the same of every row. */
const FIXED = {
  namespace: "default",
  cwd: "/srv",
  args: [],
  pid: null,
  status: "stopped",
  mode: "fork",
  startedWallMs: null,
  createdWallMs: null,
  restarts: 0,
  exitCode: null,
  killTimeoutMs: 1600,
  listenTimeoutMs: 3000,
  stopExitCodes: [],
  maxMemoryRestartBytes: null,
  maxRestarts: 16,
  minUptimeMs: 1000,
  expBackoffMs: null,
  cronRestart: null,
  watch: false,
  tellsExceptions: false,
  logs: { out: null, err: null },
  memoryBytes: null,
  report: null,
  vitals: null,
  agentFigures: null,
  env: {},
} as const satisfies Partial<WorkerRow>;

/** A row of PM2's that has never been started. */
export function plainRow(app: AppSpec, own: { readonly pmId: number; readonly instance: string }): WorkerRow {
  return {
    ...FIXED,
    ...own,
    name: app.name,
    script: `/srv/${app.name}.js`,
    interpreter: app.diesWithPm2 ? "node" : "python3",
    autorestart: app.autorestart,
    restartDelayMs: app.restartDelayMs,
    configuredInstances: app.instances,
    isModule: app.isModule,
    isNode: app.diesWithPm2,
  };
}
