import { expect, test } from "vitest";
import type { WorkerRow } from "../../../src/core/worker-row.ts";
import { appsOf } from "../../../src/sensors/copies/apps.ts";
import type { FoundCopy } from "../../../src/sensors/copies/picture.ts";
import { createProcessBook } from "../../../src/sensors/copies/process-book.ts";
import { atOnce } from "../../../src/sensors/copies/slices.ts";
import { findCopies } from "../../../src/sensors/copies/whose-process.ts";
import {
  command,
  daemon,
  DAEMON,
  HOME,
  init,
  listedRow,
  listOf,
  READ_WALL_MS,
  ROW,
  rowProcess,
  SCRIPT,
  stoppedWrapper,
  workerMarks,
  wrapper,
  WRAPPER_MARK,
} from "../../support/copies-scene.ts";
import { fakeProcesses, type FakeProcess } from "../../support/fake-processes.ts";
import { watchedWorker } from "../../support/watched-worker.ts";

const HEALER = 900;
const P = 5_000;
const PYTHON: Partial<WorkerRow> = { script: "/srv/api/manage.py", interpreter: "python3", args: ["runworker"] };
const FORMER_NODE = `node ${SCRIPT}`;

interface Setting {
  readonly also?: readonly FakeProcess[];
  /** Instead of the one row there is; an unselected one is no watched worker. */
  readonly rows?: readonly WorkerRow[];
  readonly unselected?: readonly WorkerRow[];
  readonly row?: FakeProcess | null;
  readonly links?: Readonly<Record<string, string>>;
  readonly ownUid?: number;
  readonly wasRow?: boolean;
  readonly wallMs?: number;
  /** Has ended since it was seen first; what it had started is init's. */
  readonly ended?: number;
}

/** One look at a machine with init, PM2, healer, the row and the suspect. */
function look(suspect: FakeProcess, setting: Setting = {}): readonly FoundCopy[] {
  const row = setting.row === undefined ? rowProcess() : setting.row;
  const healer = command(HEALER, "node healer.js");
  const processes = fakeProcesses(init(), daemon(), healer, ...(row === null ? [] : [row]), ...(setting.also ?? []), suspect);
  if (setting.ownUid !== undefined) processes.ownUids.add(setting.ownUid);
  const wallMs = setting.wallMs ?? READ_WALL_MS + 1_000;
  const book = createProcessBook(processes, () => wallMs);
  atOnce(book.refresh());
  if (setting.ended !== undefined) {
    processes.end(setting.ended);
    processes.put({ ...suspect, parentPid: 1 });
    atOnce(book.refresh());
  }
  const rows = setting.rows ?? [listedRow()];
  const pm2 = listOf(...rows, ...(setting.unselected ?? []));
  const apps = appsOf(
    pm2,
    rows.map((each) => watchedWorker(each)),
  );
  return findCopies({
    ...{ processes: book, pm2, apps, pm2Home: HOME, wallMs, selfPids: [HEALER] },
    wasRowOf: ({ pid }) => (setting.wasRow === true && pid === suspect.pid ? (apps[0] ?? null) : null),
    details: (pid) => processes.details(pid),
    place: (pid) => processes.place(pid),
    maySignal: (uid) => processes.maySignal(uid),
    realPath: (path) => setting.links?.[path] ?? path,
  });
}

/** A shell script that ran a worker; it has ended, and PM2 has no process of it now. */
const WRAPPED: Setting = { rows: [stoppedWrapper()], row: null, also: [wrapper(4_001)], ended: 4_001 };
const wrapped = (line: string): FakeProcess => command(P, line, { parentPid: 4_001, brief: { marks: workerMarks(WRAPPER_MARK) } });

const titled = (pid: number, marks: Record<string, string>, change: Partial<FakeProcess> = {}): FakeProcess =>
  rowProcess({ pid, parentPid: 1, ...change, brief: { argv: [FORMER_NODE, "", ""], name: "node", session: pid, marks } });

test.each<[string, FakeProcess, string, Setting?]>([
  ["the same command by hand", command(P, "node worker.js"), "outside"],
  ["with the path spelt out", command(P, `node ${SCRIPT}`), "outside"],
  ["with options before the script", command(P, "node --inspect -r dotenv/config ./worker.js"), "outside"],
  ["with the script's extension left out", command(P, "node worker"), "outside"],
  ["through a symbolic link", command(P, "node /app/worker.js"), "outside", { links: { "/app/worker.js": SCRIPT } }],
  ["below somebody's shell", command(P, "node worker.js", { parentPid: 4_900 }), "outside", { also: [command(4_900, "bash")] }],
  ["Python with the same arguments", command(P, "python3.11 manage.py runworker"), "outside", { rows: [listedRow(PYTHON)] }],
  [
    "a program of its own",
    command(P, "/srv/api/run --fast", { place: { exe: "/srv/api/run" } }),
    "outside",
    { rows: [listedRow({ script: "/srv/api/run", interpreter: "none", args: ["--fast"] })] },
  ],
  [
    "a script with its own #! line",
    command(P, "/bin/sh ./run.sh"),
    "outside",
    { rows: [listedRow({ script: "/srv/api/run.sh", interpreter: "none" })] },
  ],
  [
    "the words of a row that PM2 shows as bash -c",
    command(P, "node w.js"),
    "outside",
    {
      rows: [listedRow({ script: "/usr/bin/bash", interpreter: "none", args: ["-c", "node w.js"] })],
      row: command(ROW, "node w.js", { parentPid: DAEMON }),
    },
  ],
  [
    "started by a worker of another app",
    command(P, "node worker.js", { parentPid: 4_100 }),
    "outside",
    {
      also: [command(4_100, "node editor.js", { parentPid: DAEMON })],
      unselected: [listedRow({ pmId: 1, name: "editor", script: "/srv/editor.js", pid: 4_100 })],
    },
  ],
  ["started since PM2 was listed", command(P, "node worker.js", { startTicks: 3 * 360_000 }), "outside"],
  ["an orphan of another home whose daemon is gone", titled(P, workerMarks({ PM2_HOME: "/home/other/.pm2" })), "outside"],
  ["what a killed daemon has left", titled(P, workerMarks()), "orphan"],
  [
    "the same with arguments of an older configuration",
    command(P, "python3 /srv/api/manage.py old", { brief: { marks: workerMarks({ pm_exec_path: "/srv/api/manage.py" }) } }),
    "orphan",
    { rows: [listedRow(PYTHON)] },
  ],
  [
    "the same with a home reached through a link",
    titled(P, workerMarks({ PM2_HOME: "/data/pm2" })),
    "orphan",
    { links: { "/data/pm2": HOME } },
  ],
  [
    "the same with a title of its own",
    rowProcess({ pid: P, parentPid: 1, brief: { argv: ["api worker", ""], name: "api", session: P, marks: workerMarks() } }),
    "orphan",
  ],
  ["a former row under any name", command(P, "anything"), "orphan", { wasRow: true }],
  [
    "what a wrapper has left behind",
    command(P, "node server.js", { brief: { marks: workerMarks(WRAPPER_MARK) } }),
    "orphan",
    { rows: [{ ...stoppedWrapper(), pid: ROW }], row: wrapper(ROW), also: [command(4_001, "node server.js", { parentPid: ROW })] },
  ],
  ["the same where no wrapper lives any more", wrapped("node server.js"), "orphan", WRAPPED],
  ["a child PM2 no longer lists", titled(P, workerMarks(), { parentPid: DAEMON }), "orphan"],
  [
    "a row of another daemon",
    titled(P, workerMarks({ PM2_HOME: "/home/other/.pm2" }), { parentPid: 60 }),
    "other_daemon",
    { also: [daemon(60, "/home/other/.pm2")] },
  ],
  ["a row of a second daemon in our home", titled(P, workerMarks(), { parentPid: 60 }), "other_daemon", { also: [daemon(60)] }],
  [
    "a row of pm2-runtime",
    titled(P, workerMarks({ PM2_HOME: "/home/other/.pm2" }), { parentPid: 60 }),
    "other_daemon",
    { also: [command(60, "node /usr/bin/pm2-runtime start")] },
  ],
  [
    "a row of a program that uses PM2 as a library",
    titled(P, workerMarks({ PM2_HOME: "/home/other/.pm2" }), { parentPid: 60 }),
    "other_daemon",
    {
      also: [
        command(60, "node keeper.js"),
        titled(61, workerMarks({ PM2_HOME: "/home/other/.pm2", pm_id: "7", name: "other" }), { parentPid: 60 }),
      ],
    },
  ],
  [
    "a child of some PM2 while ours has no living row",
    titled(P, workerMarks(), { parentPid: DAEMON }),
    "other_daemon",
    { rows: [listedRow({ pid: null })], row: null },
  ],
])("%s is a copy", (_what, suspect, owner, setting) => {
  expect(look(suspect, setting).map(({ process: { pid }, ...copy }) => ({ pid, group: copy.app.group, owner: copy.owner }))).toEqual([
    { pid: P, group: "api", owner },
  ]);
});

test.each<[string, FakeProcess, Setting?]>([
  ["an editor", command(P, "vim worker.js")],
  ["somebody who watches the file", command(P, "tail -f worker.js")],
  ["a check of the syntax", command(P, "node --check worker.js")],
  ["another script about it", command(P, "node eslint.js worker.js")],
  ["another runtime", command(P, "bun worker.js")],
  ["other arguments", command(P, "node worker.js --once")],
  ["another command of the same script", command(P, "python3 manage.py migrate"), { rows: [listedRow(PYTHON)] }],
  ["one argument more", command(P, "python3 manage.py runworker 2"), { rows: [listedRow(PYTHON)] }],
  ["a script of the same name elsewhere", command(P, "node worker.js", { place: { cwd: "/srv/other" } })],
  ["a script named like it", command(P, "node my-worker.js")],
  ["arguments PM2 does not tell", command(P, "node worker.js"), { rows: [listedRow({ args: null })] }],
  [
    "an editor of a program of its own",
    command(P, "vim /srv/api/run"),
    { rows: [listedRow({ script: "/srv/api/run", interpreter: "none" })] },
  ],
  [
    "the same relative words elsewhere",
    command(P, "node w.js", { place: { cwd: "/tmp" } }),
    {
      rows: [listedRow({ script: "/usr/bin/bash", interpreter: "none", args: ["-c", "node w.js"] })],
      row: command(ROW, "node w.js", { parentPid: DAEMON }),
    },
  ],
  ["a child of its row", command(P, "node worker.js", { parentPid: ROW })],
  ["a grandchild of its row", command(P, "node worker.js", { parentPid: 4_500 }), { also: [command(4_500, "sh", { parentPid: ROW })] }],
  ["what a worker has left behind, a browser", command(P, "chrome --headless", { brief: { marks: workerMarks(), session: P } })],
  ["what a wrapper has left behind, a browser", wrapped("chrome --headless"), WRAPPED],
  ["a worker of another app of ours", titled(P, workerMarks({ name: "other" }))],
  ["a worker of another namespace", titled(P, workerMarks({ namespace: "blue" }))],
  ["a titled worker of another PM2 and another app", titled(P, workerMarks({ PM2_HOME: "/home/other/.pm2", name: "other" }))],
  ["a zombie", command(P, "node worker.js", { pulse: { state: "Z" } })],
  ["a child of PM2's daemon that is younger than the list", titled(P, workerMarks(), { parentPid: DAEMON, startTicks: 3 * 360_000 })],
  [
    "a child that PM2 may still be draining",
    titled(P, workerMarks(), { parentPid: DAEMON }),
    { wallMs: listedRow().startedWallMs! + 64_000 },
  ],
  ["a PM2 daemon", command(P, "node ./pm2-runtime"), { rows: [listedRow({ script: "/srv/api/pm2-runtime" })] }],
  ["in a container", command(P, "node worker.js", { details: { pidNamespace: "pid:[2]", pidNamespaceDepth: 2 } })],
  [
    "in a container that may not be looked into",
    command(P, "node worker.js", { details: { pidNamespace: null, mountNamespace: null, pidNamespaceDepth: 2 } }),
  ],
  ["with files of its own", command(P, "node worker.js", { details: { mountNamespace: "mnt:[2]" } })],
  [
    "of no app that is selected",
    command(P, "node other.js"),
    { unselected: [listedRow({ pmId: 1, name: "other", script: "/srv/api/other.js", pid: null })] },
  ],
])("%s is none", (_what, suspect, setting) => {
  expect(look(suspect, setting)).toEqual([]);
});

test("healer and what it was started from are no copies, even where they run an app's program", () => {
  const shell = command(4_900, "node worker.js");
  expect(look(command(HEALER, "node worker.js", { parentPid: 4_900 }), { also: [shell] })).toEqual([]);
});

test("an ancestor of a row is no copy", () => {
  const rows = [listedRow({ script: "/srv/api/top.js" })];
  expect(look(command(DAEMON, "node top.js"), { rows })).toEqual([]);
});

test("of copies within one another only the topmost counts", () => {
  const child = command(5_002, "node worker.js", { parentPid: 5_001 });
  const found = look(command(P, "node worker.js"), { also: [command(5_001, "sh", { parentPid: P }), child] });
  expect(found.map(({ process }) => process.pid)).toEqual([P]);
});

test.each<[string, FakeProcess, Setting, string | null]>([
  ["in the app's directory", command(P, "node worker.js"), {}, null],
  [
    "in the directory PM2 names, behind a link",
    command(P, "node worker.js"),
    { rows: [listedRow({ cwd: "/app" })], row: null, links: { "/app": "/srv/api" } },
    null,
  ],
  [
    "in another directory",
    command(P, `node ${SCRIPT}`, { place: { cwd: "/root" } }),
    {},
    "its working directory is /root, the app's is /srv/api",
  ],
  [
    "in a directory that cannot be read",
    command(P, `node ${SCRIPT}`, { place: { cwd: null, exe: null } }),
    {},
    "its working directory cannot be read",
  ],
  [
    "of another user",
    command(P, "node worker.js", { brief: { uid: 1_001 } }),
    { ownUid: 1_000 },
    "it belongs to another user, and healer may not signal it",
  ],
  ["an orphan in another directory", titled(P, workerMarks(), { place: { exe: "/usr/bin/node", cwd: "/root" } }), {}, null],
  [
    "of another daemon",
    titled(P, workerMarks({ PM2_HOME: "/home/other/.pm2" }), { parentPid: 60 }),
    { also: [daemon(60, "/home/other/.pm2")] },
    "PM2 daemon 60 (/home/other/.pm2) would bring it back",
  ],
  [
    "of two apps at once",
    command(P, "node worker.js"),
    { unselected: [listedRow({ pmId: 1, name: "twin", pid: null })] },
    "it could be a copy of api as well as of twin",
  ],
])("a copy %s: may it be ended?", (_what, suspect, setting, untouchable) => {
  expect(look(suspect, setting).map((copy) => copy.untouchable)).toEqual([untouchable]);
});
