import { describe, expect, test } from "vitest";
import type { Ancestor, Origin } from "../../src/core/copy.ts";
import { sayCopy, sayOrigin, type StartContext } from "../../src/core/copy-words.ts";
import { ORIGIN } from "../../src/simulate/strays.ts";
import { outsideCopy } from "../support/outside-copy.ts";
import { workerRow } from "../support/worker-row.ts";

/** What a person is told of a worker too many: who started it, as far as the kernel still knows. */

const THREE = Date.UTC(2026, 10, 22, 3, 0, 0);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

function said(origin: Partial<Origin>, context: Partial<StartContext> = {}): string {
  return sayOrigin({ ...ORIGIN, unit: null, ...origin }, { pid: 5001, startedWallMs: THREE + 11_000, rows: [], before: [], ...context });
}

function ancestor(pid: number, command: string, user = "app"): Ancestor {
  return { pid, command, user, started: "2026-11-01T00:00:00.000Z" };
}

const INIT = ancestor(1, "/sbin/init", "root");
const ON_PTS = { id: 4230, leader: "-bash", terminal: "pts/3" };

describe("where a copy comes from reads so:", () => {
  const cases: readonly [who: string, origin: Partial<Origin>, sentence: string][] = [
    [
      "a job of cron's, whose shell has ended",
      { unit: "cron.service", output: "/var/log/worker.log" },
      "started 2026-11-22 03:00:11Z, as app, whoever started it has ended, in cron.service, " +
        "session 4711 of a leader that has ended, no terminal, in /srv, writing to /var/log/worker.log",
    ],
    [
      "somebody who came over SSH and used sudo, and has left",
      {
        user: "root",
        login: "alice",
        unit: "session-12.scope",
        session: { ...ON_PTS, leader: null },
        marks: { SSH_CONNECTION: "10.0.0.7 51234 10.0.0.9 22", SUDO_USER: "alice" },
        pwd: "/home/alice",
      },
      "started 2026-11-22 03:00:11Z, as root (logged in as alice) over SSH from 10.0.0.7, whoever started it has ended, in session-12.scope, " +
        "session 4230 of a leader that has ended, terminal pts/3, sudo by alice, in /srv, from /home/alice",
    ],
    [
      "parents that live, nearest first, and no more than three of them",
      {
        ancestors: [
          ancestor(4240, "bash run.sh"),
          ancestor(4230, "-bash"),
          ancestor(4229, "sshd: app@pts/3"),
          ancestor(900, "sshd", "root"),
          INIT,
        ],
        login: "app",
        session: ON_PTS,
        marks: { SSH_CONNECTION: "fe80::1 51234 fe80::2 22" },
      },
      "started 2026-11-22 03:00:11Z, as app over SSH from fe80::1, " +
        "by `bash run.sh` (pid 4240) ← `-bash` (pid 4230) ← `sshd: app@pts/3` (pid 4229), in /srv",
    ],
    [
      "a shell in tmux that is still open",
      { ancestors: [ancestor(4230, "-bash"), INIT], session: ON_PTS, marks: { TMUX: "/tmp/tmux-1000/default,310,0" } },
      "started 2026-11-22 03:00:11Z, as app, by `-bash` (pid 4230), tmux /tmp/tmux-1000/default,310,0, in /srv",
    ],
    [
      "a leader of the session that lives, though it is no parent any more",
      { session: ON_PTS },
      "started 2026-11-22 03:00:11Z, as app, whoever started it has ended, session 4230 of `-bash`, terminal pts/3, in /srv",
    ],
    [
      "a session of its own, which says nothing of who began it",
      { session: { id: 5001, leader: "node /srv/app.js", terminal: null } },
      "started 2026-11-22 03:00:11Z, as app, whoever started it has ended, in /srv",
    ],
    [
      "a build, a script of npm's, a row of PM2's",
      { marks: { BUILD_URL: "https://ci/job/7", npm_lifecycle_event: "start", name: "deployer" }, session: { ...ON_PTS, id: 5001 } },
      "started 2026-11-22 03:00:11Z, as app, whoever started it has ended, build https://ci/job/7, npm run start, PM2 app deployer, in /srv",
    ],
    [
      "the ports it listens on, and where it stood",
      { session: { ...ON_PTS, id: 5001 }, cwd: null, pwd: "/root", ports: [8080, 9229] },
      "started 2026-11-22 03:00:11Z, as app, whoever started it has ended, from /root, listening on ports 8080, 9229",
    ],
  ];
  test.each(cases)("%s", (_who, origin, sentence) => {
    expect(said(origin)).toBe(sentence);
  });
});

describe("beside PM2's own row", () => {
  const rows = (...started: readonly (number | null)[]) => started.map((startedWallMs, pmId) => workerRow({ pmId, startedWallMs }));
  test.each([
    ["a start moments later is two callers racing", [THREE + 8_000], " (3 s after PM2's own row, pm_id 0), as app"],
    ["a start before it says so", [THREE + 12 * MINUTE], " (11 m 49 s before PM2's own row, pm_id 0), as app"],
    ["the nearest of several rows is named", [THREE - DAY, THREE + 12_000, THREE], " (1 s before PM2's own row, pm_id 1), as app"],
    ["a row that was never started is none to compare with", [null], "Z, as app"],
  ])("%s", (_what, started, words) => {
    expect(said({}, { rows: rows(...started) })).toContain(words);
  });
});

describe("a timetable", () => {
  const EACH = "each within 3 s of a full minute: a timetable starts them, cron or a timer";
  const hours = (...back: readonly number[]): readonly number[] => back.map((hour) => THREE - hour * 60 * MINUTE + 1_000);
  const cases: readonly [what: string, startedWallMs: number, before: readonly number[], number: string | null, isTimetable: boolean][] = [
    ["is seen in three starts on the full minute", THREE + 2_999, hours(2, 1), "copy number 3 within 24 h", true],
    ["is not seen in two: that may be chance", THREE, hours(1), "copy number 2 within 24 h", false],
    ["is not seen where one start is 3 s late", THREE + 3_000, hours(2, 1), "copy number 3 within 24 h", false],
    ["is not seen where an earlier one is off", THREE, [...hours(2), THREE - 90_000], "copy number 3 within 24 h", false],
    ["does not count starts of a day ago", THREE, [...hours(25, 24.02), ...hours(1)], "copy number 2 within 24 h", false],
    ["does not count itself", THREE + 1_000, [THREE + 1_000], null, false],
  ];
  test.each(cases)("%s", (_what, startedWallMs, before, number, isTimetable) => {
    const sentence = said({}, { startedWallMs, before });
    if (number === null) expect(sentence).not.toContain("copy number");
    else expect(sentence).toContain(number);
    expect(sentence.includes(EACH)).toBe(isTimetable);
  });

  test("names the three newest of the starts before, and counts them all", () => {
    expect(said({}, { startedWallMs: THREE, before: hours(5, 4, 3, 2) })).toContain(
      "copy number 5 within 24 h (before: 2026-11-21 23:00:01Z, 2026-11-22 00:00:01Z, 2026-11-22 01:00:01Z), each within",
    );
  });
});

test.each([
  ["orphan", "pid 5001 runs beside PM2: an orphan, its environment names this PM2 and whoever owned it has gone"],
  ["outside", "pid 5001 runs beside PM2: the same command, started by somebody else"],
  ["other_daemon", "pid 5001 runs under another PM2 daemon, which would bring it back"],
] as const)("a copy that is %s is named by what it is", (owner, words) => {
  expect(sayCopy(outsideCopy({ pid: 5001, owner }))).toBe(words);
});
