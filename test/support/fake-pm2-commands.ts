import type { FakePm2Daemon, FakeRow } from "./fake-pm2-daemon.ts";

/** What PM2's daemon does for a call, in the words it uses; measured on 7.0.4, see the contract suite. */
export function runFakeCommand(daemon: FakePm2Daemon, method: string, argument: unknown, answer: (body: unknown) => void): void {
  switch (method) {
    case "getMonitorData":
      return answer({ args: [daemon.rows] });
    case "getReport":
      return answer({ args: [{ started_at: daemon.startedAt, env: { SECRET: "daemon-secret" } }] });
    case "getVersion":
      return answer({ args: [daemon.version] });
    case "notifyByProcessId":
      return notify(daemon, argument as { id: number; action_name: string }, answer);
    case "restartProcessId":
    case "reloadProcessId": {
      const row = find(daemon, (argument as { id: number }).id);
      if (row === undefined) return answer({ error: method === "reloadProcessId" ? "PM2 ID unknown" : "God db process id unknown" });
      return restart(daemon, row, method === "reloadProcessId", answer);
    }
    case "prepare":
      return answer({ args: [[prepare(daemon, argument as Record<string, unknown>)]] });
    case "stopProcessId":
    case "startProcessId":
    case "deleteProcessId":
      return runById(daemon, method, argument as number, answer);
    default:
      return answer({ error: `method "${method}" does not exist` });
  }
}

function runById(daemon: FakePm2Daemon, method: string, pmId: number, answer: (body: unknown) => void): void {
  const row = find(daemon, pmId);
  if (row === undefined) return answer({ error: method === "startProcessId" ? `${pmId} id unknown` : `${pmId} : id unknown` });
  if (method === "startProcessId") {
    if (row.pm2_env["status"] === "online") return answer({ error: "process already online" });
    startRow(daemon, row);
    return answer({ args: [row] });
  }
  stopRow(daemon, row);
  if (method === "deleteProcessId") daemon.rows.splice(daemon.rows.indexOf(row), 1);
  answer({ args: [row] });
}

/** Another row, whether or not one of that name is there; one that was dumped stopped stays so. `instances` of them in PM2. */
function prepare(daemon: FakePm2Daemon, definition: Record<string, unknown>): FakeRow {
  if (definition["instances"] !== undefined) throw new Error("PM2 would start several, and number them anew");
  const isStopped = definition["status"] === "stopped";
  const row = daemon.addRow(String(definition["name"]), {
    ...definition,
    ...{ instances: undefined, restart_time: 0, status: isStopped ? "stopped" : "online" },
  });
  row.pm2_env["pm_uptime"] = Date.now();
  row.pm2_env["pm_id"] = row.pm_id;
  if (isStopped) row.pid = 0;
  return row;
}

function restart(daemon: FakePm2Daemon, row: FakeRow, isReload: boolean, answer: (body: unknown) => void): void {
  // A reload of a cluster worker publishes the old one's exits under "_old_N".
  const replaces = isReload && row.pm2_env["exec_mode"] === "cluster_mode";
  if (replaces) row.pm2_env["pm_id"] = `_old_${row.pm_id}`;
  stopRow(daemon, row);
  row.pm2_env["pm_id"] = row.pm_id;
  row.pm2_env["restart_time"] = Number(row.pm2_env["restart_time"]) + 1;
  row.pm2_env["created_at"] = Date.now();
  startRow(daemon, row);
  answer({ args: [row] });
}

function stopRow(daemon: FakePm2Daemon, row: FakeRow): void {
  if (row.pm2_env["status"] !== "stopped" && row.pid !== undefined) {
    daemon.publishEvent("exit", row);
    daemon.publishEvent("exit", row);
  }
  row.pm2_env["status"] = "stopped";
  row.pid = 0;
}

function startRow(daemon: FakePm2Daemon, row: FakeRow): void {
  // Never the same instant twice: an incarnation is told apart by it.
  row.pm2_env["pm_uptime"] = Math.max(Date.now(), Number(row.pm2_env["pm_uptime"]) + 1);
  row.pm2_env["status"] = "launching";
  row.pid = daemon.nextPid++;
  daemon.publishEvent("online", row);
  row.pm2_env["status"] = "online";
}

/** The process dies and PM2 starts another one, as after a crash. */
export function crashFakeRow(daemon: FakePm2Daemon, pmId: number): void {
  const row = find(daemon, pmId);
  if (row === undefined) throw new Error(`no row ${pmId}`);
  row.pm2_env["status"] = "stopped";
  daemon.publishEvent("exit", row);
  row.pm2_env["restart_time"] = Number(row.pm2_env["restart_time"]) + 1;
  startRow(daemon, row);
}

function notify(daemon: FakePm2Daemon, notice: { id: number; action_name: string }, answer: (body: unknown) => void): void {
  const row = find(daemon, notice.id);
  if (row === undefined) return answer({ error: "process id doesnt exists" });
  daemon.publishEvent(notice.action_name, row, true);
  answer({ args: [] });
}

function find(daemon: FakePm2Daemon, pmId: number): FakeRow | undefined {
  return daemon.rows.find((row) => row.pm_id === pmId);
}
