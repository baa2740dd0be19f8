import type { Pm2View } from "../../src/core/observation.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import { FAKE_BOOT_WALL_MS, type FakeProcess } from "./fake-processes.ts";
import { workerRow } from "./worker-row.ts";

export const HOME = "/home/u/.pm2";
export const SCRIPT = "/srv/api/worker.js";
export const DAEMON = 50;
export const ROW = 4_000;
/** When the list was read: three hours after the fake machine started. */
export const READ_WALL_MS = FAKE_BOOT_WALL_MS + 3 * 3_600_000;

/** What PM2 says of a worker in its environment. */
export function workerMarks(change: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PM2_HOME: HOME, name: "api", namespace: "default", pm_id: "0", pm_exec_path: SCRIPT, pm_cwd: "/srv/api", ...change };
}

export function init(): FakeProcess {
  return { pid: 1, parentPid: 0, brief: { argv: ["/sbin/init"], name: "systemd" }, place: { exe: "/usr/lib/systemd/systemd", cwd: "/" } };
}

export function daemon(pid = DAEMON, home = HOME): FakeProcess {
  return {
    pid,
    brief: { argv: [`PM2 v7.0.4: God Daemon (${home})`, "", ""], name: "PM2 v7.0.4: God" },
    place: { exe: "/usr/bin/node", cwd: "/" },
  };
}

/** The process of a Node row: PM2 has written its title over the command line. */
export function rowProcess(change: Partial<FakeProcess> = {}): FakeProcess {
  const pid = change.pid ?? ROW;
  return {
    ...{ pid, parentPid: DAEMON, place: { exe: "/usr/bin/node", cwd: "/srv/api" } },
    brief: { argv: [`node ${SCRIPT}`, "", ""], name: "node", session: pid, marks: workerMarks() },
    ...change,
  };
}

/** A process with the command line given, started by init from the app's directory. */
export function command(pid: number, line: string, change: Partial<FakeProcess> = {}): FakeProcess {
  const argv = line.split(" ");
  const { brief, place } = change;
  return {
    ...{ pid, ...change },
    brief: { argv, name: argv[0] ?? "", marks: {}, ...brief },
    place: { exe: `/usr/bin/${argv[0]}`, cwd: "/srv/api", ...place },
  };
}

export function listedRow(change: Partial<WorkerRow> = {}): WorkerRow {
  const pid = change.pid === undefined ? ROW : change.pid;
  const startedWallMs = FAKE_BOOT_WALL_MS + 10 * (pid ?? 0);
  return workerRow({ script: SCRIPT, cwd: "/srv/api", pid, startedWallMs, ...change });
}

const WRAPPER = "/srv/api/start.sh";
export const WRAPPER_MARK = { pm_exec_path: WRAPPER };

/** A row that is a shell script, as it is listed while it does not run. */
export function stoppedWrapper(): WorkerRow {
  return { ...listedRow({ script: WRAPPER, interpreter: "bash" }), pid: null };
}

export function wrapper(pid: number): FakeProcess {
  return command(pid, `bash ${WRAPPER}`, { parentPid: DAEMON });
}

export function listOf(...rows: readonly WorkerRow[]): Pm2View {
  return { generation: "1", version: "7.0.4", readWallMs: READ_WALL_MS, rows };
}
