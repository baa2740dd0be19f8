import { spawn, type ChildProcess } from "node:child_process";
import { realpathSync } from "node:fs";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { pause } from "../../../src/world/clock/pause.ts";
import { openProcesses } from "../../../src/world/processes/open-processes.ts";
import { unitOf } from "../../../src/world/processes/process-details.ts";
import type { Processes } from "../../../src/world/processes/processes.ts";
import { fakeProcesses } from "../../support/fake-processes.ts";
import { temporaryDir } from "../../support/temporary-dir.ts";
import { until } from "../../support/until.ts";

/** What the contract needs to stage: a process with this command line, directory and environment. */
interface Stage {
  readonly processes: Processes;
  start(command: Command): Promise<number>;
  zombie(): Promise<number>;
  end(): void;
}

interface Command {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the fake has to know, and the real door finds out. */
  readonly marks?: Readonly<Record<string, string>>;
  readonly originMarks?: Readonly<Record<string, string>>;
}

const NOBODY = 4_194_305; // above the kernel's largest pid
const SLEEP = { argv: ["sleep", "600"], cwd: "/", env: {} };
const ON_LINUX = process.platform === "linux";

describe.skipIf(!ON_LINUX)("real processes", () => contract(realStage));
describe("fake processes", () => contract(fakeStage));

function contract(open: () => Stage): void {
  let stage: Stage | undefined;
  afterEach(() => stage?.end());

  test("the list of pids holds whoever lives, and nobody else", async () => {
    stage = open();
    const pid = await stage.start(SLEEP);
    expect(stage.processes.pids()).toContain(pid);
    expect(stage.processes.pids()).not.toContain(NOBODY);
  });

  test("a command line comes word by word, blanks and umlauts in them", async () => {
    stage = open();
    const argv = ["sh", "-c", "sleep 600; true", "grün and gold", ""];
    const brief = stage.processes.brief(await stage.start({ ...SLEEP, argv }));
    expect(brief).toMatchObject({ argv, state: "S" });
    expect(brief).toMatchObject(stage.processes.glance(brief?.pid ?? 0) ?? { gone: true });
    expect(brief?.startTicks).toBe(stage.processes.startTicks(brief?.pid ?? 0));
  });

  test("of the environment only what PM2 says of a worker is to be seen", async () => {
    stage = open();
    const marks = { PM2_HOME: "/home/x/.pm2", name: "api", pm_id: "3", pm_exec_path: "/srv/w.js", NODE_APP_INSTANCE: "0" };
    const pid = await stage.start({ ...SLEEP, env: { XPM2_HOME: "no", API_TOKEN: "s3cret", ...marks, filename: "no" }, marks });
    expect(stage.processes.brief(pid)?.marks).toEqual(marks);
  });

  test("a worker in cluster mode says the same in JSON", async () => {
    stage = open();
    const settings = { name: "api", pm_id: 3, pm_exec_path: "/srv/w.js", env: { name: "no", API_TOKEN: "s3cret" }, status: "launching" };
    const env = { PM2_HOME: "/home/x/.pm2", pm2_env: JSON.stringify(settings) };
    const marks = { PM2_HOME: "/home/x/.pm2", name: "api", pm_id: "3", pm_exec_path: "/srv/w.js" };
    expect(stage.processes.brief(await stage.start({ ...SLEEP, env, marks }))?.marks).toEqual(marks);
  });

  test("a process that PM2 has nothing to do with has no marks, whatever its name", async () => {
    stage = open();
    expect(stage.processes.brief(await stage.start({ ...SLEEP, env: { name: "api", pm_id: "1" }, marks: {} }))?.marks).toEqual({});
  });

  test("a process stands in its working directory", async () => {
    stage = open();
    const cwd = realpathSync(temporaryDir());
    expect(stage.processes.place(await stage.start({ ...SLEEP, cwd })).cwd).toBe(cwd);
  });

  test("details name who is behind a process, and nothing that is not on the list", async () => {
    stage = open();
    const originMarks = { SSH_CONNECTION: "10.0.0.7 50022 10.0.0.1 22", SUDO_USER: "mira" };
    const pid = await stage.start({ ...SLEEP, env: { ...originMarks, API_TOKEN: "s3cret" }, originMarks });
    expect(stage.processes.details(pid)?.marks).toEqual(originMarks);
  });

  test("a zombie has no command line", async () => {
    stage = open();
    expect(stage.processes.brief(await stage.zombie())).toMatchObject({ argv: [], state: "Z" });
  });

  test("nobody's pid has neither brief nor details nor a place", () => {
    stage = open();
    expect(stage.processes.glance(NOBODY)).toBeNull();
    expect(stage.processes.brief(NOBODY)).toBeNull();
    expect(stage.processes.details(NOBODY)).toBeNull();
    expect(stage.processes.place(NOBODY)).toEqual({ exe: null, cwd: null });
  });

  test("a hundred ticks are a second", () => {
    stage = open();
    expect(stage.processes.startedWallMs(1_100) - stage.processes.startedWallMs(1_000)).toBeGreaterThan(900);
    expect(stage.processes.startedWallMs(1_100) - stage.processes.startedWallMs(1_000)).toBeLessThan(1_100);
  });
}

describe.skipIf(!ON_LINUX)("the kernel", () => {
  const processes = openProcesses();

  test("says when a process started", async () => {
    const stage = endedStage();
    const beforeMs = Date.now();
    const pid = await stage.start(SLEEP);
    const startedMs = processes.startedWallMs(processes.startTicks(pid) ?? 0);
    expect(startedMs).toBeGreaterThan(beforeMs - 100);
    expect(startedMs).toBeLessThan(Date.now() + 100);
  });

  test("knows the ports a process listens on, of both families, and not those of others", async () => {
    const [four, six] = [createServer(), createServer()];
    four.listen(0, "127.0.0.1");
    six.listen(0, "::1");
    await until(() => four.listening && six.listening, "two listening sockets");
    const ports = [four.address(), six.address()].map((address) => (typeof address === "object" ? address?.port : 0));
    expect(processes.details(process.pid)?.ports).toEqual(expect.arrayContaining(ports));
    expect(processes.details(1)?.ports ?? []).not.toEqual(expect.arrayContaining(ports));
    const client = connect(ports[0] ?? 0, "127.0.0.1");
    onTestFinished(() => void [client.destroy(), four.close(), six.close()]);
    await once(client, "connect");
    await pause(1_100); // the table is kept for a second
    expect(processes.details(process.pid)?.ports, "a connection is no listener").not.toContain(client.localPort);
  });

  test("knows which signals a process handles and where its output goes", async () => {
    const stage = endedStage();
    const pid = await stage.start({ ...SLEEP, argv: ["sh", "-c", "trap 'exit 0' TERM; sleep 600 & wait"] });
    await until(() => processes.details(pid)?.catches.includes("SIGTERM") === true, "the trap");
    expect(processes.details(await stage.start(SLEEP))?.catches).toEqual([]);
    expect(processes.details(pid)).toMatchObject({ output: "/dev/null", pidNamespaceDepth: 1 });
    expect(processes.details(pid)?.pidNamespace).toBe(processes.details(process.pid)?.pidNamespace);
  });

  test("shows no more than a line of any variable, and nothing a terminal would obey", async () => {
    const stage = endedStage();
    const pid = await stage.start({ ...SLEEP, env: { TMUX: `\u001b[31m${"x".repeat(5000)}` } });
    expect(processes.details(pid)?.marks["TMUX"]).toMatch(/^·\[31mx{194}…$/);
  });

  test("shows kernel threads without a command line", () => {
    const threads = processes.pids().filter((pid) => processes.brief(pid)?.parentPid === 2);
    for (const pid of threads) expect(processes.brief(pid)?.argv).toEqual([]);
  });
});

test.each([
  ["0::/system.slice/cron.service\n", "cron.service"],
  ["0::/user.slice/user-1000.slice/session-12.scope\n", "session-12.scope"],
  ["0::/user.slice/user-1000.slice/user@1000.service/app.slice/w.service\n", "w.service"],
  ["12:pids:/system.slice/pm2.service\n1:name=systemd:/system.slice/pm2.service/x\n", "pm2.service"],
  ["0::/\n", null],
  ["", null],
])("the control group %j names %s", (cgroup, unit) => {
  expect(unitOf(cgroup)).toBe(unit);
});

function endedStage(): Stage {
  const stage = realStage();
  onTestFinished(() => stage.end());
  return stage;
}

function realStage(): Stage {
  const processes = openProcesses();
  const started: ChildProcess[] = [];
  const start = async ({ argv, cwd, env }: Command): Promise<number> => {
    const child = spawn(argv[0] ?? "", argv.slice(1), {
      ...{ cwd, stdio: "ignore", detached: true },
      env: { PATH: process.env["PATH"], HEALER_TEST_RUN: process.env["HEALER_TEST_RUN"], ...env },
    });
    started.push(child);
    const pid = child.pid ?? 0;
    await until(() => processes.brief(pid)?.name === "sleep" || processes.brief(pid)?.argv.join() === argv.join(), `${argv[0]} to run`);
    await until(() => processes.pulse(pid)?.state === "S", `${argv[0]} to sleep`);
    return pid;
  };
  return {
    processes,
    start,
    async zombie() {
      const parent = await start({ ...SLEEP, argv: ["sh", "-c", "sleep 0 & exec sleep 600"] }); // it never reaps
      const zombie = (): number => processes.pids().find((pid) => pid > 0 && processes.brief(pid)?.parentPid === parent) ?? 0;
      await until(() => processes.pulse(zombie())?.state === "Z", "a zombie");
      return zombie();
    },
    end() {
      for (const { pid } of started) if (pid !== undefined) process.kill(-pid, "SIGKILL");
    },
  };
}

function fakeStage(): Stage {
  const processes = fakeProcesses();
  let pid = 100;
  return {
    processes,
    start({ argv, cwd, marks, originMarks }) {
      processes.put({ pid: ++pid, brief: { argv, marks: marks ?? {} }, place: { cwd }, details: { marks: originMarks ?? {} } });
      return Promise.resolve(pid);
    },
    zombie() {
      processes.put({ pid: ++pid, pulse: { state: "Z" } });
      return Promise.resolve(pid);
    },
    end: () => {},
  };
}
