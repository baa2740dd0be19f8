import { expect, test } from "vitest";
import type { Pm2View } from "../../src/core/observation.ts";
import { createProcessCopies, type ProcessCopies } from "../../src/sensors/process-copies.ts";
import { commandHash } from "../../src/world/processes/command-hash.ts";
import { unsupportedProcesses } from "../../src/world/processes/unsupported-processes.ts";
import { command, daemon, HOME, init, listedRow, listOf, READ_WALL_MS, ROW, rowProcess } from "../support/copies-scene.ts";
import { fakeProcesses, type FakeProcess, type FakeProcesses } from "../support/fake-processes.ts";
import { sensorContext, watchedWorker, type TestContext } from "../support/watched-worker.ts";

const COPY = 5_000;
const ROUND = 30;

interface Stage {
  readonly processes: FakeProcesses;
  readonly copies: ProcessCopies;
  readonly context: TestContext;
  /** Pids that were read since it was last asked. */
  reads(): readonly number[];
  glances(): readonly number[];
  pm2: Pm2View | null;
  most: number | null;
  /** pids of the copies of one reading; null = it said nothing. */
  read(): Promise<readonly number[] | null>;
}

function stage(...processes: readonly FakeProcess[]): Stage {
  const fake = fakeProcesses(init(), daemon(), rowProcess(), ...processes);
  let read: number[] = [];
  let glanced: number[] = [];
  const counting = {
    ...fake,
    brief: (pid: number) => (read.push(pid), fake.brief(pid)),
    glance: (pid: number) => (glanced.push(pid), fake.glance(pid)),
  };
  const copies = createProcessCopies({
    ...{ processes: counting, pm2: () => staged.pm2, pm2Home: HOME, selfPids: [900], everyMs: 2_000, realPath: (path) => path },
    maxWorkersOf: () => staged.most,
    wallMs: () => READ_WALL_MS + 1_000,
  });
  const staged: Stage = {
    ...{ processes: fake, copies, pm2: listOf(listedRow()), most: null },
    context: sensorContext([watchedWorker(listedRow())]),
    reads() {
      const pids = read;
      read = [];
      return pids;
    },
    glances() {
      const pids = glanced;
      glanced = [];
      return pids;
    },
    async read() {
      const [seen] = await copies.sensor.read(staged.context);
      return seen?.kind === "copies" ? seen.copies.map(({ pid }) => pid) : null;
    },
  };
  return staged;
}

/** Others on the machine, each old enough to be left alone; none comes up for its turn of a round in the first readings. */
const others = (count: number): FakeProcess[] =>
  Array.from({ length: count }, (_, index) => ({ pid: 30_000 + ROUND * index + 29, startTicks: 100 }));

test("a reading says which processes run an app's program, and everything there is to know of them", async () => {
  const shell = command(4_900, "bash", { brief: { session: 4_900, terminal: 34_819, uid: 0 } });
  const suspect = command(COPY, "node worker.js", {
    parentPid: 4_900,
    brief: { session: 4_900, terminal: 34_819, marks: { NODE_APP_INSTANCE: "2" } },
    details: {
      marks: { PWD: "/srv/api", SSH_CONNECTION: "10.0.0.7 5 10.0.0.1 22" },
      unit: "session-3.scope",
      loginUid: 0,
      output: "pipe",
      ports: [8080],
    },
  });
  const { copies, context } = stage(shell, suspect);
  expect(await copies.sensor.read(context)).toEqual([
    {
      kind: "copies",
      atMs: 1_000_000,
      rows: [],
      copies: [
        {
          ...{ group: "api", script: "/srv/api/worker.js", owner: "outside", pid: COPY, startTicks: COPY, instance: "2" },
          ...{
            startedWallMs: 1_700_000_050_000,
            command: "node worker.js",
            commandHash: commandHash(["node", "worker.js"]),
            untouchable: null,
          },
          restore: "cd /srv/api && node worker.js",
          origin: {
            ancestors: [
              { pid: 4_900, command: "bash", user: "root", started: "2023-11-14T22:14:09.000Z" },
              { pid: 1, command: "/sbin/init", user: "root", started: "2023-11-14T22:13:20.010Z" },
            ],
            ...{ user: "root", login: "root", session: { id: 4_900, leader: "bash", terminal: "pts/3" }, unit: "session-3.scope" },
            ...{ cwd: "/srv/api", pwd: "/srv/api", marks: { SSH_CONNECTION: "10.0.0.7 5 10.0.0.1 22" }, output: "pipe", ports: [8080] },
          },
        },
      ],
    },
  ]);
});

test("no copy is an answer, too", async () => {
  expect(await stage().read()).toEqual([]);
});

test("only new processes are read, and a thirtieth of the others", async () => {
  const staged = stage(...others(60));
  await staged.read();
  expect(staged.reads()).toHaveLength(63);
  await staged.read();
  expect(staged.reads().length).toBeLessThanOrEqual(2);
  staged.processes.put(command(COPY, "sleep 1", { startTicks: 100 }));
  await staged.read();
  expect(staged.reads()).toContain(COPY);
  staged.glances();
  staged.reads();
  for (let turn = 0; turn < ROUND; turn++) await staged.read();
  const read = staged.reads();
  expect(read.length, "read again").toBeLessThan(10);
  expect(new Set([...staged.glances(), ...read]).size, "everybody has had a turn").toBe(64);
  for (let turn = 0; turn < 10 * ROUND; turn++) await staged.read();
  expect(new Set(staged.reads()).size, "everybody was read").toBe(64);
});

test("a process younger than ten seconds is read every time: it may be about to become another command", async () => {
  const staged = stage(command(COPY, "sh", { startTicks: 3 * 360_000 - 500 }));
  expect(await staged.read()).toEqual([]);
  staged.processes.put(command(COPY, "node worker.js", { startTicks: 3 * 360_000 - 500 }));
  expect(await staged.read()).toEqual([COPY]);
});

test("a process that becomes another command late is noticed within a round, and so is a reused pid", async () => {
  for (const startTicks of [100, 101]) {
    const staged = stage(command(COPY, "sh", { startTicks: 100 }));
    expect(await staged.read()).toEqual([]);
    staged.processes.put(command(COPY, "node worker.js", { startTicks }));
    const seen: unknown[] = [];
    for (let turn = 0; turn < ROUND; turn++) seen.push(...((await staged.read()) ?? []));
    expect(seen).toContain(COPY);
  }
});

test("a process that becomes another command by the same name is noticed within ten rounds", async () => {
  const staged = stage(command(COPY, "node first.js", { startTicks: 100 }));
  expect(await staged.read()).toEqual([]);
  staged.processes.put(command(COPY, "node worker.js", { startTicks: 100 }));
  const seen: unknown[] = [];
  for (let turn = 0; turn < 10 * ROUND; turn++) seen.push(...((await staged.read()) ?? []));
  expect(seen).toContain(COPY);
});

test("a copy whose pid belongs to another process by now is not reported", async () => {
  const staged = stage(command(COPY, "node worker.js"));
  expect(await staged.read()).toEqual([COPY]);
  staged.processes.put(command(COPY, "postgres", { startTicks: COPY + 1 }));
  expect(await staged.read()).toEqual([]);
});

test("a copy that has ended is not reported, nor is a zombie", async () => {
  const staged = stage(command(COPY, "node worker.js"), command(COPY + 1, "node worker.js"));
  expect(await staged.read()).toEqual([COPY, COPY + 1]);
  staged.processes.end(COPY);
  staged.processes.put(command(COPY + 1, "node worker.js", { pulse: { state: "Z" } }));
  expect(await staged.read()).toEqual([]);
});

test("who started a process is still known when the starter has ended", async () => {
  const staged = stage(command(4_900, "bash deploy.sh"), command(COPY, "node worker.js", { parentPid: 4_900 }));
  await staged.read();
  staged.processes.end(4_900);
  staged.processes.put(command(COPY, "node worker.js", { parentPid: 1 }));
  const seen = staged.copies.lookNow(1);
  expect(seen?.copies[0]?.origin.ancestors.map(({ command: shown }) => shown)).toEqual(["bash deploy.sh (ended)", "/sbin/init"]);
});

test("nothing is said while PM2 is out of sight, though the eyes stay open", async () => {
  const staged = stage(command(COPY, "node worker.js"));
  staged.pm2 = null;
  expect(await staged.read()).toBeNull();
  expect(staged.copies.lookNow(1)).toBeNull();
  staged.pm2 = listOf(listedRow());
  staged.reads();
  expect(await staged.read()).toEqual([COPY]);
  expect(staged.reads().length, "they were read before").toBeLessThanOrEqual(2);
});

test("a look before something is ended needs a first reading, and then sees what is there right now", async () => {
  const staged = stage();
  expect(staged.copies.lookNow(1)).toBeNull();
  await staged.read();
  staged.processes.put(command(COPY, "node worker.js"));
  expect(staged.copies.lookNow(7)).toMatchObject({ kind: "copies", atMs: 7, copies: [{ pid: COPY }] });
});

test("while the first reading is under way there is no complete look", async () => {
  const staged = stage(...others(50));
  const slow = { ...staged.processes, brief: (pid: number) => (spin(0.5), staged.processes.brief(pid)) };
  const copies = createProcessCopies({
    ...{ processes: slow, pm2: () => staged.pm2, pm2Home: HOME, selfPids: [], everyMs: 2_000, realPath: (path) => path },
    ...{ maxWorkersOf: () => null, wallMs: () => READ_WALL_MS },
  });
  const reading = copies.sensor.read(staged.context);
  let turns = 0;
  const neighbour = setInterval(() => turns++, 0);
  expect(copies.lookNow(1)).toBeNull();
  expect(await reading).toHaveLength(1);
  clearInterval(neighbour);
  expect(turns, "others had their turn in between").toBeGreaterThan(0);
  expect(copies.lookNow(1)).not.toBeNull();
});

test("a reading that is called off says nothing", async () => {
  const staged = stage(command(COPY, "node worker.js"));
  staged.context.stop.abort();
  expect(await staged.read()).toBeNull();
  expect(staged.copies.lookNow(1)).toBeNull();
});

test("where a group has more rows than it may, where they come from is told", async () => {
  const staged = stage(rowProcess({ pid: 4_001, details: { marks: { SSH_CONNECTION: "x" } } }));
  const rows = [listedRow(), listedRow({ pmId: 1, instance: "1", pid: 4_001 })];
  staged.pm2 = listOf(...rows);
  staged.context.workers = rows.map((row) => watchedWorker(row));
  for (const [most, pids] of [
    [null, []],
    [2, []],
    [1, [ROW, 4_001]],
  ] as const) {
    staged.most = most;
    await staged.read();
    expect(staged.copies.lookNow(1)?.rows.map(({ pid }) => pid)).toEqual(pids);
  }
  expect(staged.copies.lookNow(1)?.rows[1]?.origin.marks).toEqual({ SSH_CONNECTION: "x" });
});

test("a row that PM2 forgets while its process lives on is an orphan, whatever it is called", async () => {
  const retitled = rowProcess({ brief: { argv: ["api worker"], marks: {} } });
  const staged = stage(retitled);
  expect(await staged.read()).toEqual([]);
  staged.pm2 = listOf(listedRow({ pid: null }));
  staged.processes.put({ ...retitled, parentPid: 1 });
  staged.processes.end(50);
  for (let turn = 0; turn < ROUND; turn++) await staged.read();
  expect(staged.copies.lookNow(1)?.copies).toMatchObject([{ pid: ROW, owner: "orphan", untouchable: null }]);
});

test("where there is no /proc nothing is said", async () => {
  const copies = createProcessCopies({
    ...{ processes: unsupportedProcesses(), pm2: () => listOf(listedRow()), pm2Home: HOME, selfPids: [], everyMs: 2_000 },
    ...{ realPath: (path) => path, maxWorkersOf: () => null, wallMs: () => READ_WALL_MS },
  });
  expect(await copies.sensor.read(sensorContext([watchedWorker(listedRow())]))).toEqual([]);
  expect(copies.lookNow(1)).toBeNull();
});

function spin(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}
